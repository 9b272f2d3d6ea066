"""Ordinary weather: what a crowd does to the years in which nothing happens, beside history."""
