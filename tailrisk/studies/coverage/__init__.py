"""Coverage of intervals where the truth is known."""
