"""Forecasts watched day by day: wealth of bets against each, and the day each stands rejected."""
