"""Tail risk of style regime switches, with the crowd's own deleveraging inside the simulated paths."""

__version__ = "0.1.0"
