"""Losses, their tails, and how well a sample of weighted paths knows them."""

from . import backtest, basel, calibration, conformal, density, running, sequential
from .contribution import component_shortfall, incremental_shortfall
from .control import controlled_mean
from .drawdown import conditional_drawdown
from .event import probability, rate, return_period
from .extreme import ParetoTail, fit_pareto, mean_excess, pareto_interval, stability
from .interval import Interval, expected_shortfall_interval, mean_interval, value_at_risk_interval
from .measures import (
    Measure,
    distortion,
    entropic,
    expectile,
    exponential_spectral,
    partial_moment,
    proportional_hazard,
    wang,
)
from .moments import Moments, MomentStream, block_sums
from .replicates import replicate_interval
from .saturation import saturated
from .shortfall import expected_shortfall, value_at_risk
from .stream import TailStream, Worst, reserve
from .weights import WeightReport, weight_report

__all__ = [
    "Interval",
    "Measure",
    "MomentStream",
    "Moments",
    "ParetoTail",
    "TailStream",
    "WeightReport",
    "Worst",
    "backtest",
    "basel",
    "block_sums",
    "calibration",
    "component_shortfall",
    "conditional_drawdown",
    "conformal",
    "controlled_mean",
    "density",
    "distortion",
    "entropic",
    "expected_shortfall",
    "expected_shortfall_interval",
    "expectile",
    "exponential_spectral",
    "fit_pareto",
    "incremental_shortfall",
    "mean_excess",
    "mean_interval",
    "pareto_interval",
    "partial_moment",
    "probability",
    "proportional_hazard",
    "rate",
    "replicate_interval",
    "reserve",
    "return_period",
    "running",
    "saturated",
    "sequential",
    "stability",
    "value_at_risk",
    "value_at_risk_interval",
    "wang",
    "weight_report",
]
