"""Portfolios under expected shortfall: scenarios, the constraints of a desk, the solver."""

from .constraints import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Positions,
    TradingCost,
    Turnover,
    liquidity_cap,
)
from .scenarios import Scenarios, of_factors, of_returns
from .shortfall import Portfolio, Sensitivity, maximise_alpha, maximise_utility, minimise_shortfall

__all__ = [
    "ActiveExposure",
    "ActiveWeights",
    "Budget",
    "Group",
    "Portfolio",
    "Positions",
    "Scenarios",
    "Sensitivity",
    "TradingCost",
    "Turnover",
    "liquidity_cap",
    "maximise_alpha",
    "maximise_utility",
    "minimise_shortfall",
    "of_factors",
    "of_returns",
]
