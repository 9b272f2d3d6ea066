"""Portfolios under expected shortfall: scenarios, the constraints of a desk, the solver."""

from .compare import mean_variance, minimise_variance, shortfall_budgets
from .constraints import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Positions,
    TradingCost,
    Turnover,
    impact_rate,
    liquidity_cap,
)
from .desk import HedgeRatio, Liquidity, Margin, Universe, industries
from .estimator import ShortfallPortfolio
from .manager import Decision, decide
from .scenarios import Scenarios, of_factors, of_returns
from .shortfall import Portfolio, Sensitivity, maximise_alpha, maximise_utility, minimise_shortfall
from .smooth import smooth_tail
from .tuner import Book, Bound, Tuned, evaluate, frontier, tune
from .variance import Covariance, TrackingError, VarianceCost, of_factor_model, of_matrix

__all__ = [
    "ActiveExposure",
    "ActiveWeights",
    "Book",
    "Bound",
    "Budget",
    "Covariance",
    "Decision",
    "Group",
    "HedgeRatio",
    "Liquidity",
    "Margin",
    "Portfolio",
    "Positions",
    "Scenarios",
    "Sensitivity",
    "ShortfallPortfolio",
    "TrackingError",
    "TradingCost",
    "Tuned",
    "Turnover",
    "Universe",
    "VarianceCost",
    "decide",
    "evaluate",
    "frontier",
    "impact_rate",
    "industries",
    "liquidity_cap",
    "maximise_alpha",
    "maximise_utility",
    "mean_variance",
    "minimise_shortfall",
    "minimise_variance",
    "of_factor_model",
    "of_factors",
    "of_matrix",
    "of_returns",
    "shortfall_budgets",
    "smooth_tail",
    "tune",
]
