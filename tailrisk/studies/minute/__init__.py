"""The minute of 19 February 2024: how much of a fall one seller's orders account for, as a set."""
