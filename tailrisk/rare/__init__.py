"""Rare events: paths drawn from another law or split, and the weights that make up for it."""
