"""The first run of a config and the second, by phase."""
