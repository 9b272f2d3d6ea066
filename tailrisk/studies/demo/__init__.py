"""The whole mission on one page: regimes, odds, losses without and with the crowd, style bounds."""
