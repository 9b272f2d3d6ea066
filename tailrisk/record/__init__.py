"""Runs, and the record that lets anyone repeat them."""
