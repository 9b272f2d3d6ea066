"""Losses, their tails, and how well a sample of weighted paths knows them."""

from .event import probability, rate, return_period
from .interval import Interval, expected_shortfall_interval, mean_interval, value_at_risk_interval
from .shortfall import expected_shortfall, value_at_risk

__all__ = [
    "Interval",
    "expected_shortfall",
    "expected_shortfall_interval",
    "mean_interval",
    "probability",
    "rate",
    "return_period",
    "value_at_risk",
    "value_at_risk_interval",
]
