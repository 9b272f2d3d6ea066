"""The interval of any functional of the sample, from its influence function."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ..core import InputError
from .heavy import mean_excess_interval, worst_tail
from .interval import Bounds, Interval, collect, hall_bounds
from .sample import Array, even_weight, exact_confidence, total

FEWEST_CARRIERS = 1.1
"""Paths that must carry the variance of a measure for it to have an interval, its tail unaided."""


def influence_interval(
    pulls: Callable[[Array, Array], tuple[float, Array]],
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    linear: bool = False,
    ceiling: float | None = None,
    most: Callable[[float], float] = lambda ceiling: ceiling,
) -> Interval:
    """Any functional of the sample, from (value, influence [path]) = pulls(losses [path], weight [path]).

    Straightened for skewness as ES is, and widened as ES is where the upper tail of the influence is heavy:
    a generalised Pareto law beyond its worst 2 sqrt(n) paths (`heavy_pulls`). linear: the influence
    grows no faster than the loss, whose own tail must then be heavy as well. tail_points is how many paths
    carry the variance, (sum v)^2 / sum v^2 of v = (w influence)^2: a third of all for the mean of a normal.
    high is infinite where that tail may have no mean; InputError where fewer than FEWEST_CARRIERS carry the
    variance and there are too few paths to see a tail. Coverage: results/coverage_measures.
    Unbounded where losses differ and none moves the value: no path lies beyond a threshold, or all do.
    ceiling: of the losses; no bound exceeds `most` of it, the value were every loss at the ceiling.
    """
    sure = exact_confidence(confidence)

    def one(row: Array, w: Array | None) -> Bounds:
        share = even_weight(row, w)
        value, influence = pulls(row, share)
        pull = share * influence
        fourth = total(pull**4)
        if np.ptp(influence) == 0 < np.ptp(row):
            return value, -math.inf, math.inf, 1 / total(share**2)
        points = total(pull**2) ** 2 / fourth if fourth > 0 else 1 / total(share**2)
        low, high = hall_bounds(value, pull, sure)
        heavy_low, heavy_high = heavy_pulls(value, influence, share, sure, row if linear else None)
        if points < FEWEST_CARRIERS and heavy_low == heavy_high:
            raise too_thin(points)
        return value, min(low, heavy_low), max(high, heavy_high), points

    return collect(one, losses, weight, sure, ceiling, most)


def heavy_pulls(
    value: float, influence: Array, weight: Array, confidence: float, loss: Array | None
) -> tuple[float, float]:
    """(low, high) with the worst of the influence generalised Pareto; (value, value) where it is light.

    value + E[min(psi, u)] + P(psi > u) m, with u what 2 sqrt(n) paths of the influence psi exceed and m the
    mean excess over it: m by its profile likelihood (`heavy`), the rest normal, joined in quadrature.
    loss [path]: where given, its upper tail must be heavy as well.
    """
    worst = worst_tail(influence, weight)
    if worst is None or (loss is not None and worst_tail(loss, weight) is None):
        return value, value
    cut, excess, mass = worst
    middle, low, high = mean_excess_interval(excess, mass, confidence)
    body = np.minimum(influence, cut)
    centre = total(weight * body)
    z = float(ndtri((1 + confidence) / 2))
    rest = z * math.sqrt(total((weight * (body - centre)) ** 2))
    beyond, centre = total(mass), value + centre + total(mass) * middle
    return (
        centre - math.hypot(beyond * (middle - low), rest),
        centre + math.hypot(beyond * (high - middle), rest),
    )


def too_thin(points: float) -> InputError:
    """The refusal of an interval that rests on one path."""
    return InputError(
        "loss",
        f"{points:.3g} paths carry the whole variance of this measure",
        f"at least {FEWEST_CARRIERS:g}",
        "run more paths, or ask for a lower level, aversion, price or order",
    )
