"""How fast paths are made, against what could be written by hand."""
