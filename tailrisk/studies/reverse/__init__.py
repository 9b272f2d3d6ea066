"""Reverse stress: the likeliest ways to a loss, with their odds, who sells and what the state does."""
