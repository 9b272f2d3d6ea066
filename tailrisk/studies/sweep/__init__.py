"""One config, a grid of settings over it, a run a cell."""
