"""Sensitivities of the tail: what ES gains for each number of a config, and what each actor adds to it."""
