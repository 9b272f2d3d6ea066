"""Data in, parameters with errors out: regime-switching models of the size ladder from daily closes."""

from ..data.prices import digest, read_prices, read_styles
from .calibration import Calibration
from .fit import calibrate
from .summary import summary

__all__ = ["Calibration", "calibrate", "digest", "read_prices", "read_styles", "summary"]
