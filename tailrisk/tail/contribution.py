"""What each part of a sum of losses adds to its expected shortfall."""

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .interval import INDICATIVE, Interval, spread_bounds
from .sample import Array, Level, even_weight, exact_confidence, exact_level, finite, rows, total
from .shortfall import counted_tail, expected_shortfall, tail_of


def component_shortfall(
    part: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    level: Level,
    confidence: float = 0.95,
    paths: int | None = None,
) -> Interval:
    """C_j = E[L_j | L in the tail of L = sum_j L_j], each part's share of ES      Tasche (1999), equation 4.

    part [part, path] -> Interval of arrays [part]; sum_j C_j = ES of the sum; a tie at VaR is split evenly.
    paths: where `part` holds only the worst of so many, equally weighted, down to below VaR.
    Influence ((L_j - c_j) 1{L > VaR} - P(L > VaR)-mean of it) / (1 - level), c_j = E[L_j | L = VaR] from the
    paths nearest VaR: c_j is what moving VaR trades in, so the parts' influences sum to that of ES.
    """
    parts, row, w = _sum(part, weight)
    exact, sure = exact_level(level), exact_confidence(confidence)
    tail = tail_of(row, w, exact) if paths is None else counted_tail(row, exact, paths)
    share = float(1 - exact)
    mass = even_weight(row, w) if paths is None else np.full(len(row), 1 / paths)
    beyond, tied = row > tail.value_at_risk, row == tail.value_at_risk
    tie = mass * tied * (share - total(mass[beyond])) / total(mass[tied])
    inside = mass * beyond + tie
    estimate = np.array([total(inside * one) for one in parts]) / share
    pull = mass * beyond * (parts - _at_boundary(parts, row, mass, exact)[:, None])
    centre = pull.sum(axis=1, keepdims=True)
    pull = (pull - mass * centre) / share
    rest = 0 if paths is None else paths - len(row)  # each of them pulls by its share of the centre alone
    least = 0.0 if paths is None else centre[:, 0] / (share * paths)
    second = np.array([total(line**2) for line in pull]) + rest * least**2
    third = np.array([total(line**3) for line in pull]) - rest * least**3
    bounds = [spread_bounds(*line, sure) for line in zip(estimate, second, third, strict=True)]
    low, high = np.array(bounds).T
    points = tail.share if w is None else total(inside) ** 2 / total(inside**2)
    count = np.full(len(parts), points)
    return Interval(estimate, low, high, sure, count, count < INDICATIVE)


def incremental_shortfall(part: ArrayLike, weight: ArrayLike | None = None, *, level: Level) -> Array:
    """ES of the sum less ES of the sum without part j, [part]: what leaving each part out would save.

    At most the component C_j, for ES is convex; the two agree for a part too small to move the tail.
    """
    parts, row, w = _sum(part, weight)
    whole = expected_shortfall(row, w, level=level)
    return np.array([whole - expected_shortfall(row - one, w, level=level) for one in parts])


def _sum(part: ArrayLike, weight: ArrayLike | None) -> tuple[Array, Array, Array | None]:
    """(parts [part, path], their sum [path], weight [path] or None)."""
    parts = finite("part", part)
    if parts.ndim != 2:
        raise InputError("part", f"has {parts.ndim} axes", "[part, path]")
    _, pairs = rows(parts.sum(axis=0), weight)
    row, w = next(pairs)
    return parts, row, w


def _at_boundary(parts: Array, row: Array, mass: Array, level: Fraction) -> Array:
    """E[L_j | L = VaR] [part]: the mean over paths within t^(2/3) ranks of VaR, t the tail's count."""
    order = np.argsort(row)[::-1]
    place = int(np.searchsorted(np.cumsum(mass[order]), float(1 - level)))
    wide = max(1, round(max(place, 1) ** (2 / 3)))
    near = order[max(place - wide, 0) : place + wide + 1]
    return np.asarray(parts[:, near] @ mass[near] / mass[near].sum())
