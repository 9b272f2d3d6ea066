"""Stocks: a panel in, indices, exposures, specific risk out; or names drawn from their moments."""

from .synthetic import default, from_file, synthetic
from .universe import OUTSIDE, Universe, factor_returns

__all__ = ["OUTSIDE", "Universe", "default", "factor_returns", "from_file", "synthetic"]
