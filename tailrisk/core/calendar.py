"""The length of a year."""

YEAR = 242
"""Trading days, for rates per year and volatilities (mechanism 5.0)."""
