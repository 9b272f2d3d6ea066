"""How often an event happens: its probability, its rate a year, its return period, with exact intervals."""

import math
from dataclasses import replace
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaincinv

from ..core import InputError
from .border import number, received
from .heavy_weights import whole_weight
from .interval import Interval
from .sample import Array, exact_confidence, total, weights_of


def probability(hit: ArrayLike, weight: ArrayLike | None = None, *, confidence: float = 0.95) -> Interval:
    """P(event) with the Clopper-Pearson (1934) interval; hit [path] is true where the event happened.

    low = B(a/2; k, n-k+1), high = B(1-a/2; k+1, n-k), B the beta quantile, k hits of n, a = 1 - confidence.
    Weighted: n = p(1-p) / sum w^2 (hit - p)^2 effective paths, k = n p (Korn & Graubard 1998).
    No hit: estimate nan (never zero), low 0 and the upper bound; every path hit: nan, and the lower bound.
    Widened where the weights are heavy (`heavy_weights`). A Series is matched to its weights by name.
    InputError: flags that are neither true nor false, weights or a confidence that cannot be used.

    >>> result = probability(np.arange(1000) < 20)
    >>> result.estimate, round(result.low, 4), round(result.high, 4)
    (0.02, 0.0123, 0.0307)
    """
    given, sure = received(hit, "hit", dimensions=1), exact_confidence(confidence)
    if not np.isin(given.values, (0.0, 1.0)).all():
        raise InputError("hit", "is not a list of true and false", "one flag a path")
    share = None if weight is None else weights_of(weight, given)
    paths, estimate = _effective_paths(given.values, share)
    found = exact_probability(paths, estimate, sure)
    scale = None if share is None else whole_weight(share, sure)
    return found if scale is None else _widened(found, estimate, scale)


def _widened(found: Interval, estimate: float, scale: tuple[float, float]) -> Interval:
    """The interval joined in quadrature with the probability over both ends of the sum of the weights."""
    fall = estimate * (1 - 1 / max(scale[1], 1.0))
    rise = min(estimate / scale[0], 1.0) - estimate if scale[0] > 0 else 1.0 - estimate
    rise = max(rise, 0.0)
    low = max(estimate - math.hypot(estimate - found.low, fall), 0.0)
    return replace(found, low=low, high=min(estimate + math.hypot(found.high - estimate, rise), 1.0))


def exact_probability(paths: float, estimate: float, confidence: float) -> Interval:
    """The Clopper-Pearson interval of a probability `estimate` from so many effective paths."""
    count, half = paths * estimate, (1 - confidence) / 2
    low = float(betaincinv(count, paths - count + 1, half)) if estimate > 0 else 0.0
    high = float(betaincinv(count + 1, paths - count, 1 - half)) if estimate < 1 else 1.0
    return Interval(estimate if 0 < estimate < 1 else math.nan, low, high, confidence, count, False)


def rate(
    count: ArrayLike, exposure_years: float, weight: ArrayLike | None = None, *, confidence: float = 0.95
) -> Interval:
    """Events a year with the exact Poisson interval (Garwood 1936): G the gamma quantile, k events,

    low = G(a/2; k) / T, high = G(1-a/2; k+1) / T over T = exposure_years.
    count: one number (events in T years in all), or events in each path [path] with T the years of *one*
    path: days of one path cluster, so k is then the effective count mean^2 / variance of the mean.
    No event: estimate nan (never zero), low 0 and the upper bound.
    InputError: counts below zero, no years, weights [path] or a confidence that cannot be used.

    >>> result = rate(5, exposure_years=10)
    >>> result.estimate, round(result.low, 3), round(result.high, 3)
    (0.5, 0.162, 1.167)
    """
    _length(exposure_years)
    single = isinstance(count, Real | np.ndarray) and np.ndim(count) == 0
    given = received(np.atleast_1d(np.asarray(count)) if single else count, "count", dimensions=1)
    counts = given.values
    if (counts < 0).any():
        raise InputError("count", "is not a list of counts", "counts >= 0, one a path")
    share = np.full(len(counts), 1 / len(counts)) if weight is None else weights_of(weight, given)
    mean, sure = total(share * counts), exact_confidence(confidence)
    if len(counts) == 1:
        return _poisson(mean, mean, exposure_years, sure)
    return exact_rate(mean, total((share * (counts - mean)) ** 2), total(share**2), exposure_years, sure)


def exact_rate(
    mean: float, variance: float, squares: float, exposure_years: float, confidence: float
) -> Interval:
    """The rate from the mean count of a path, its sampling variance, and the sum of the squared weights.

    InputError: exposure_years is not above zero.
    """
    _length(exposure_years)
    if mean == 0:
        return _poisson(0.0, 0.0, exposure_years, confidence, squares)
    return _poisson(mean, mean**2 / variance if variance > 0 else mean / squares, exposure_years, confidence)


def _length(years: float) -> None:
    number("exposure_years", years, "years > 0", lambda x: x > 0)


def _poisson(
    mean: float, events: float, exposure_years: float, confidence: float, unit: float | None = None
) -> Interval:
    """Bounds of so many effective events, each standing for `unit` of the mean count."""
    half, unit = (1 - confidence) / 2, mean / events if unit is None and events else unit or 1.0
    low = float(gammaincinv(events, half)) if events else 0.0
    high = float(gammaincinv(events + 1, 1 - half))
    scale = unit / exposure_years
    estimate = mean / exposure_years if events else math.nan
    return Interval(estimate, low * scale, high * scale, confidence, events, False)


def return_period(frequency: Interval, years: float = 1.0) -> Interval:
    """Mean years between events, years / frequency, the interval turned over.

    frequency: a `rate` (years = 1), or a `probability` per horizon of `years`.
    No event: estimate nan, the lower bound, and high infinite because nothing bounds it from above.
    InputError: years are not above zero.

    >>> return_period(rate(5, exposure_years=10)).estimate
    2.0
    """
    number("years", years, "years > 0", lambda x: x > 0)
    low = years / frequency.high
    high = years / frequency.low if frequency.low > 0 else math.inf
    point = years / frequency.estimate
    return Interval(point, low, high, frequency.confidence, frequency.tail_points, frequency.indicative)


def _effective_paths(hits: Array, weight: Array | None) -> tuple[float, float]:
    """(effective number of paths, fraction hit) of flags [path]; Kish's 1 / sum w^2 when all are alike."""
    if weight is None:
        return float(len(hits)), float(hits.sum()) / len(hits)
    estimate = min(total(weight * hits), 1.0)
    if not 0 < hits.sum() < len(hits) or not 0 < estimate < 1:
        return 1 / total(weight**2), float(hits[weight > 0].all())
    return estimate * (1 - estimate) / total((weight * (hits - estimate)) ** 2), estimate
