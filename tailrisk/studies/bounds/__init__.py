"""Style bounds of a universe's products against the tail: frontier, tuned bounds, bounds by state."""
