"""What each part of a sum of losses adds to its expected shortfall."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .border import Losses, received
from .interval import INDICATIVE, Interval, ranks, spread_bounds, value_interval
from .sample import Array, Level, counting, even_weight, exact_confidence, exact_level, total, weights_of
from .shortfall import Tail, counted_tail, tail_of


def component_shortfall(
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    level: Level,
    confidence: float = 0.95,
    paths: int | None = None,
) -> Interval:
    """C_j = E[L_j | L in the tail of L = sum_j L_j], what part j adds to ES      Tasche (1999), equation 4.

    losses [part, path] -> Interval of arrays [part]; a frame [scenario, part] -> of Series by part. sum_j C_j
    = ES of the sum; a tie at VaR is split evenly. weight [path], a Series by name.
    paths: where `losses` holds only the worst of so many, equally weighted, down to below VaR.
    Influence ((L_j - c_j) 1{L > VaR} - P(L > VaR)-mean of it) / (1 - level), c_j = E[L_j | L = VaR] from the
    paths nearest VaR: c_j is what moving VaR trades in, so the parts' influences sum to that of ES.
    Unbounded where VaR has no upper bound, for then one path or two are the whole tail.
    InputError: losses that are not [part, path], fewer `paths` than losses, and as in `value_at_risk`.

    >>> stocks, futures = np.arange(1, 1001) / 1000, np.arange(1, 1001) / -2000
    >>> component_shortfall(np.stack([stocks, futures]), level=0.95).estimate.round(4)
    array([ 0.9755, -0.4878])
    """
    exact, sure = exact_level(level), exact_confidence(confidence)
    given, parts, row, w = _sum(losses, weight)
    tail = tail_of(row, w, exact) if paths is None else counted_tail(row, exact, _all(paths, row, w))
    share = float(1 - exact)
    mass = even_weight(row, w) if paths is None else np.full(len(row), 1 / paths)
    beyond, tied = row > tail.value_at_risk, row == tail.value_at_risk
    tie = mass * tied * (share - total(mass[beyond])) / total(mass[tied])
    inside = mass * beyond + tie
    estimate = np.array([total(inside * one) for one in parts]) / share
    pull = mass * beyond * (parts - _at_boundary(parts, row, mass, exact)[:, None])
    centre = pull.sum(axis=1, keepdims=True)
    pull = (pull - mass * centre) / share
    rest = 0 if paths is None else paths - len(row)  # each of them pulls by its part of the centre alone
    least = 0.0 if paths is None else centre[:, 0] / (share * paths)
    second = np.array([total(line**2) for line in pull]) + rest * least**2
    third = np.array([total(line**3) for line in pull]) - rest * least**3
    bounds = [spread_bounds(*line, sure) for line in zip(estimate, second, third, strict=True)]
    low, high = np.array(bounds).T
    if _thin(row, w, exact, tail, sure, len(row) if paths is None else paths):
        low, high = np.full(len(parts), -np.inf), np.full(len(parts), np.inf)
    points = tail.mass if w is None else total(inside) ** 2 / total(inside**2)
    count = np.full(len(parts), points)
    estimate, low, high, count = (given.named(column) for column in (estimate, low, high, count))
    return Interval(estimate, low, high, sure, count, count < INDICATIVE)


def incremental_shortfall(losses: ArrayLike, weight: ArrayLike | None = None, *, level: Level) -> Any:
    """ES of the sum less ES of the sum without part j, [part]: what leaving each part out would save.

    At most the component C_j, for ES is convex; the two agree for a part too small to move the tail.
    losses [part, path], weight [path], units and errors as in `component_shortfall`.

    >>> stocks, futures = np.arange(1, 1001) / 1000, np.arange(1, 1001) / -2000
    >>> incremental_shortfall(np.stack([stocks, futures]), level=0.95).round(4)
    array([ 0.5005, -0.4878])
    """
    exact = exact_level(level)
    given, parts, row, w = _sum(losses, weight)
    whole = tail_of(row, w, exact).expected_shortfall
    return given.named(np.array([whole - tail_of(row - one, w, exact).expected_shortfall for one in parts]))


def _sum(losses: ArrayLike, weight: ArrayLike | None) -> tuple[Losses, Array, Array, Array | None]:
    """(losses as given, those of the paths that count [part, path], their sum, weight [path] or None)."""
    given = received(losses, dimensions=2)
    parts, w = given.values, None
    if weight is not None:
        parts, w = counting(parts, weights_of(weight, Losses(parts[0], given.paths)))
    return given, parts, parts.sum(axis=0), w


def _all(paths: int, row: Array, weight: Array | None) -> int:
    """Of how many paths `row` holds the worst; refused where it holds more, or they are weighted."""
    if weight is not None or not (isinstance(paths, int | np.integer) and paths >= len(row)):
        problem = f"{paths} of which these are the worst {len(row)}"
        raise InputError("paths", problem, "the number of all paths, equally weighted")
    return int(paths)


def _thin(
    row: Array, weight: Array | None, level: Fraction, tail: Tail, confidence: float, paths: int
) -> bool:
    """Whether VaR has no upper bound."""
    if weight is None:
        return ranks(paths, level, confidence)[0] < 1
    return math.isinf(value_interval(row, weight, level, tail, confidence, paths)[2])


def _at_boundary(parts: Array, row: Array, mass: Array, level: Fraction) -> Array:
    """E[L_j | L = VaR] [part]: the mean over paths within t^(2/3) ranks of VaR, t the tail's count."""
    order = np.argsort(row)[::-1]
    place = int(np.searchsorted(np.cumsum(mass[order]), float(1 - level)))
    wide = max(1, round(max(place, 1) ** (2 / 3)))
    near = order[max(place - wide, 0) : place + wide + 1]
    return np.asarray(parts[:, near] @ mass[near] / mass[near].sum())
