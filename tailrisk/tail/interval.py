"""Intervals for value at risk, expected shortfall and the mean of a weighted sample of losses."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrik, ndtri

from .border import below, received
from .heavy import FEWEST, HEAVY, mean_excess_interval, tail_shape
from .heavy_weights import whole_weight
from .sample import Array, Level, even_weight, exact_confidence, exact_level, sampled, total
from .shortfall import Tail, tail_of, weighted_tail

Bounds = tuple[float, float, float, float]
"""(estimate, low, high, tail points) of one sample."""

INDICATIVE = 1000
"""Tail points below which a figure is marked indicative."""
LONE = 1 + 1e-9
"""Effective paths up to which one path carries all the weight."""


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds; floats for one sample, arrays [...] for many, Series for a frame.

    low, high: where the figure lies at `confidence`, in its own unit, infinite where nothing bounds it;
    sampling error alone. tail_points: paths beyond the level (weighted: effective paths; events: effective
    hits); indicative: too few of them for the coverage to be relied on.
    """

    estimate: Any
    low: Any
    high: Any
    confidence: float
    tail_points: Any
    indicative: Any


def value_at_risk_interval(
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    level: Level,
    confidence: float = 0.95,
    ceiling: float | None = None,
) -> Interval:
    """VaR between two order statistics: the number of losses beyond VaR is binomial(n, 1 - level).

    high is the loss of rank r (from the worst) with P(B < r) = a/2, low that with P(B < r) = 1 - a/2,
    a = 1 - confidence, between ranks by interpolation: free of any law, needing only independent paths.
    high is infinite where even the worst path may lie below VaR, (1 - level) n below about 3.7.
    Weighted: n is the effective number p(1-p) / sum w^2 (1{L >= VaR} - p)^2 and rank r is weight r / n;
    widened where the weights are heavy (`heavy_weights`). ceiling: what can be lost at most, where it is
    known (1 for a fund without debt); no bound exceeds it. losses [..., path], weight, level and their errors
    as in `value_at_risk`. InputError: a confidence outside (0, 1), a ceiling below the worst loss.

    >>> result = value_at_risk_interval(np.arange(1, 1001) / 1000, level=0.95)
    >>> result.estimate, round(result.low, 3), round(result.high, 3), result.tail_points
    (0.951, 0.937, 0.964, 50.0)
    """
    exact, sure = exact_level(level), exact_confidence(confidence)

    def one(row: Array, w: Array | None) -> Bounds:
        found = value_interval(row, w, exact, tail_of(row, w, exact), sure, len(row))
        return widened(found, row, w, exact, sure, lambda tail: tail.value_at_risk)

    return collect(one, losses, weight, sure, ceiling)


def value_interval(
    row: Array,
    weight: Array | None,
    level: Fraction,
    tail: Tail,
    confidence: float,
    paths: int,
    squares: float | None = None,
) -> Bounds:
    """(VaR, low, high, tail points) of losses [path] and weights [path] or None.

    `row` may hold only the worst of so many paths, and then `squares` is the sum of the squared weights of
    all.
    """
    if weight is None:
        low, high = counted_bounds(row, level, confidence, paths)
    else:
        low, high = _weighted_bounds(row, weight, level, tail, confidence, squares)
    return tail.value_at_risk, low, high, _tail_points(row, weight, tail)


def expected_shortfall_interval(
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    level: Level,
    confidence: float = 0.95,
    ceiling: float | None = None,
) -> Interval:
    """ES from its influence  psi = ((L - VaR)+ - E(L - VaR)+) / (1 - level), straightened for skewness.

    s^2 = sum w^2 psi^2, g = sum w^3 psi^3 / s^3 and the normal quantile z:
    low, high = ES - s h(+-z),  h(z) = 3/g (cbrt(1 + g (z - g/6)) - 1)      Hall (1992), equation 2.7.
    Where the tail index is estimated below 2.5 this is widened to hold VaR + m too, with the profile
    likelihood of the mean excess m of a generalised Pareto tail (`heavy`) joined in quadrature with
    z m / sqrt(tail points) for the place of VaR. ES is beyond VaR: high is infinite where that of VaR is,
    and low is then no higher than that of VaR. Coverage: results/coverage, results/coverage_weighted.
    Widened for heavy weights, and cut at `ceiling`; shapes, units and errors as in `value_at_risk_interval`.

    >>> result = expected_shortfall_interval(np.arange(1, 1001) / 1000, level=0.95)
    >>> round(result.estimate, 4), round(result.low, 3), round(result.high, 3)
    (0.9755, 0.969, 0.985)
    """
    exact, sure = exact_level(level), exact_confidence(confidence)

    def one(row: Array, w: Array | None) -> Bounds:
        tail = tail_of(row, w, exact)
        value = value_interval(row, w, exact, tail, sure, len(row))
        found = shortfall_interval(value, tail, sure, _rest(row, w, tail))
        return widened(found, row, w, exact, sure, lambda tail: tail.expected_shortfall)

    return collect(one, losses, weight, sure, ceiling)


def shortfall_interval(
    value: Bounds, tail: Tail, confidence: float, rest: tuple[float, float, float]
) -> Bounds:
    """(ES, low, high, tail points) from those of VaR, the tail, and `rest` as from `_rest`."""
    _, least, most, points = value
    low, high = _rest_bounds(tail, rest, confidence)
    if is_heavy(tail, points):
        heavy_low, heavy_high = heavy_bounds(tail, points, confidence)
        low, high = min(low, heavy_low), max(high, heavy_high)
    if math.isinf(most):
        low, high = min(low, least), most
    return tail.expected_shortfall, low, high, points


def mean_interval(
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    ceiling: float | None = None,
) -> Interval:
    """The mean, sum w L, with the same skewness-straightened interval; tail_points is sum(w)^2 / sum w^2.

    losses [..., path], weight, ceiling, units and errors as in `value_at_risk_interval`.
    Unbounded where one path carries all the weight: it says nothing of how losses vary.

    >>> result = mean_interval(np.arange(1, 1001) / 1000)
    >>> round(result.estimate, 4), round(result.low, 3), round(result.high, 3)
    (0.5005, 0.483, 0.518)
    """
    sure = exact_confidence(confidence)

    def one(row: Array, w: Array | None) -> Bounds:
        share = even_weight(row, w)
        centre = float(row[0]) + total(share * (row - row[0]))
        points = 1 / total(share**2)
        if points < LONE:
            return centre, -math.inf, math.inf, points
        return centre, *hall_bounds(centre, share * (row - centre), sure), points

    return collect(one, losses, weight, sure, ceiling)


def collect(
    one: Callable[[Array, Array | None], Bounds],
    losses: ArrayLike,
    weight: ArrayLike | None,
    confidence: float,
    ceiling: float | None = None,
    most: Callable[[float], float] = lambda ceiling: ceiling,
) -> Interval:
    """`one(losses [path], weight [path])` of every row in one Interval, in the form the losses came.

    ceiling: of the losses; no bound exceeds `most` of it, the figure were every loss at the ceiling.
    InputError: losses, weights or a ceiling that cannot be used.
    """
    given = received(losses)
    top = below(ceiling, given)
    shape, pairs = sampled(given, weight)
    table = np.array([one(row, w) for row, w in pairs]).T
    estimate, low, high, points = (column.reshape(shape) for column in table)
    if ceiling is not None:
        low, high = np.minimum(low, most(top)), np.minimum(high, most(top))
    estimate, low, high, points = (given.named(column) for column in (estimate, low, high, points))
    return Interval(estimate, low, high, confidence, points, points < INDICATIVE)


def widened(
    bounds: Bounds,
    row: Array,
    weight: Array | None,
    level: Fraction,
    confidence: float,
    figure: Callable[[Tail], float],
) -> Bounds:
    """`bounds` where weights [path] are light; else in quadrature with what their sum moves the figure by.

    Were the true sum of the weights t times what was drawn, the worst 1 - level would be t (1 - level) of the
    weight drawn: `figure` there, at both ends of t, is how far it moves.
    """
    scale = None if weight is None else whole_weight(weight, confidence)
    if weight is None or scale is None:
        return bounds
    estimate, low, high, points = bounds
    ends = []
    for times in (max(scale[1], 1.0), min(scale[0], 1.0)):
        share = float(1 - level) * times
        inside = weight[row == row.max()].sum() < share < 1
        moved = figure(weighted_tail(row, weight, Fraction(1 - share))) if inside else math.inf
        ends.append(abs(moved - estimate))
    fall, rise = math.hypot(estimate - low, ends[0]), math.hypot(high - estimate, ends[1])
    return estimate, estimate - fall, estimate + rise, points


def _tail_points(row: Array, weight: Array | None, tail: Tail) -> float:
    """Paths beyond the level: (1 - level) n, or sum(w)^2 / sum w^2 of the weights at and beyond VaR."""
    if weight is None:
        return tail.mass
    beyond = weight[row >= tail.value_at_risk]
    return total(beyond) ** 2 / total(beyond**2)


def ranks(paths: float, level: Fraction, confidence: float) -> tuple[float, float]:
    """Ranks from the worst, (of the high bound, of the low bound), with fractions; below 1 is unbounded."""
    half, share = (1 - confidence) / 2, float(1 - level)
    if (1 - share) ** paths > half:
        return 0.0, float(bdtrik(1 - half, paths, share)) + 1
    return float(bdtrik(half, paths, share)) + 1, float(bdtrik(1 - half, paths, share)) + 1


def counted_bounds(
    row: Array, level: Fraction, confidence: float, paths: int | None = None
) -> tuple[float, float]:
    """(low, high) of VaR from equally weighted losses [path], linear between neighbouring order statistics.

    `row` may hold only the worst of so many paths, down to the rank of the low bound.
    """
    kept, paths = len(row), len(row) if paths is None else paths
    rank = np.array(ranks(paths, level, confidence))
    near = np.clip(np.floor(rank).astype(int), 1, kept)
    after = np.minimum(near + 1, kept)
    ordered = np.partition(row, np.unique(kept - np.concatenate([near, after])))
    values = ordered[kept - near] + (rank - near) * (ordered[kept - after] - ordered[kept - near])
    high = math.inf if rank[0] < 1 else float(values[0])
    return (-math.inf if rank[1] > paths else float(values[1])), high


def _weighted_bounds(
    row: Array, weight: Array, level: Fraction, tail: Tail, confidence: float, squares: float | None = None
) -> tuple[float, float]:
    """(low, high) of VaR from weighted losses: the weighted quantiles at rank / effective paths.

    `row` may hold only the worst losses, and then `squares` is the sum of the squared weights of all.
    """
    share = float(1 - level)
    beyond = (row >= tail.value_at_risk).astype(np.float64)
    spread = total((weight * (beyond - share)) ** 2)
    if squares is not None:
        spread += share**2 * (squares - total(weight**2))
    paths = share * (1 - share) / spread
    order = np.argsort(row)[::-1]
    reached = np.cumsum(weight[order])
    above, below = (rank / paths for rank in ranks(paths, level, confidence))
    low, high = (float(np.interp(mass, reached, row[order])) for mass in (below, above))
    high = math.inf if above < reached[0] or above * paths < 1 else high
    return (-math.inf if below > (1 if squares is None else reached[-1]) else low), high


def straightened_bounds(
    row: Array, weight: Array | None, tail: Tail, confidence: float
) -> tuple[float, float]:
    """(low, high) of ES of losses [path] from its influence function and Hall's transformation."""
    return _rest_bounds(tail, _rest(row, weight, tail), confidence)


def _rest_bounds(tail: Tail, rest: tuple[float, float, float], confidence: float) -> tuple[float, float]:
    paths, rest_2, rest_3 = rest
    own = np.full(len(tail.above), 1 / paths) if tail.weight is None else tail.weight
    share = tail.mass / paths
    beyond = tail.above - tail.value_at_risk
    mean = total(own * beyond)
    pull = own * (beyond - mean)
    spread, skew = _spread(total(pull**2) + mean**2 * rest_2, total(pull**3) - mean**3 * rest_3)
    return _straighten(tail.expected_shortfall, spread / share, skew, confidence)


def _rest(row: Array, weight: Array | None, tail: Tail) -> tuple[float, float, float]:
    """(paths that share one unit of weight, sum of w^2, sum of w^3 of the paths that are not beyond VaR)."""
    if weight is None:
        paths = len(row)
        left = paths - len(tail.above)
        return float(paths), left / paths**2, left / paths**3
    left_over = weight[row <= tail.value_at_risk]
    return 1.0, total(left_over**2), total(left_over**3)


def hall_bounds(estimate: float, pull: Array, confidence: float) -> tuple[float, float]:
    """(low, high) of an estimate from weight times influence [path], straightened for skewness."""
    return _straighten(estimate, *_spread(total(pull**2), total(pull**3)), confidence)


def spread_bounds(estimate: float, second: float, third: float, confidence: float) -> tuple[float, float]:
    """(low, high) of an estimate from the sums of squares and cubes of its pulls."""
    return _straighten(estimate, *_spread(second, third), confidence)


def _spread(second: float, third: float) -> tuple[float, float]:
    """(standard error, skewness) of an estimate from the second and third moments of its pulls."""
    return math.sqrt(second), third / second**1.5 if second > 0 else 0.0


def _straighten(estimate: float, spread: float, skew: float, confidence: float) -> tuple[float, float]:
    """(low, high): the estimate less its standard error times Hall's inverse cubic of the normal quantile."""
    z = float(ndtri((1 + confidence) / 2))

    def straight(at: float) -> float:
        if abs(skew) < 1e-6:
            return at
        return float(3 / skew * (np.cbrt(1 + skew * (at - skew / 6)) - 1))

    return estimate - spread * straight(z), estimate - spread * straight(-z)


def is_heavy(tail: Tail, points: float) -> bool:
    """Whether there are excesses enough to estimate the tail index, and it is below 2.5."""
    excess = tail.above - tail.value_at_risk
    return len(excess) >= FEWEST and points >= FEWEST and tail_shape(excess, tail.weight) > HEAVY


def heavy_bounds(tail: Tail, points: float, confidence: float) -> tuple[float, float]:
    """(low, high) of ES under a generalised Pareto tail beyond VaR."""
    mean, low, high = mean_excess_interval(tail.above - tail.value_at_risk, tail.weight, confidence)
    place = float(ndtri((1 + confidence) / 2)) * mean / math.sqrt(points)
    middle = tail.value_at_risk + mean
    return middle - math.hypot(mean - low, place), middle + math.hypot(high - mean, place)
