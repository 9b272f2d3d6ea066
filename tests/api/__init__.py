"""The package as people import it."""
