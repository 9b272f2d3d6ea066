"""What the market does: regimes, the size ladder, styles, the spread's z."""
