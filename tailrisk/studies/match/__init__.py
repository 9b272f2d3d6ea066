"""The crowd's parameters matched to an episode on record."""
