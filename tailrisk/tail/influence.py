"""The interval of any functional of the sample, from its influence function."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ..core import InputError
from .heavy import FEWEST, HEAVY, mean_excess_interval, tail_shape
from .interval import Interval, collect, hall_bounds
from .sample import Array, even_weight, exact_confidence, total

TAIL = 2.0
"""Times sqrt(paths): how many of them are taken for the upper tail of an influence function."""
FEWEST_CARRIERS = 1.1
"""Paths that must carry the variance of a measure for it to have an interval, its tail unaided."""


def influence_interval(
    pulls: Callable[[Array, Array], tuple[float, Array]],
    loss: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    linear: bool = False,
) -> Interval:
    """Any functional of the sample, from (value, influence [path]) = pulls(loss [path], weight [path]).

    Straightened for skewness as ES is, and widened as ES is where the upper tail of the influence is heavy:
    a generalised Pareto law beyond its worst 2 sqrt(n) paths (`heavy_pulls`). linear: the influence
    grows no faster than the loss, whose own tail must then be heavy as well. tail_points is how many paths
    carry the variance, (sum v)^2 / sum v^2 of v = (w influence)^2: a third of all for the mean of a normal.
    high is infinite where that tail may have no mean; InputError where fewer than FEWEST_CARRIERS carry the
    variance and there are too few paths to see a tail. Coverage: results/coverage_measures.
    """
    sure = exact_confidence(confidence)

    def one(row: Array, w: Array | None) -> tuple[float, float, float, float]:
        share = even_weight(row, w)
        value, influence = pulls(row, share)
        pull = share * influence
        fourth = total(pull**4)
        points = total(pull**2) ** 2 / fourth if fourth > 0 else float(len(row))
        low, high = hall_bounds(value, pull, sure)
        heavy_low, heavy_high = heavy_pulls(value, influence, share, sure, row if linear else None)
        if points < FEWEST_CARRIERS and heavy_low == heavy_high:
            raise too_thin(points)
        return value, min(low, heavy_low), max(high, heavy_high), points

    return collect(one, loss, weight, sure)


def heavy_pulls(
    value: float, influence: Array, share: Array, confidence: float, loss: Array | None
) -> tuple[float, float]:
    """(low, high) with the worst of the influence generalised Pareto; (value, value) where it is light.

    value + E[min(psi, u)] + P(psi > u) m, with u what 2 sqrt(n) paths of the influence psi exceed and m the
    mean excess over it: m by its profile likelihood (`heavy`), the rest normal, joined in quadrature.
    loss [path]: where given, its upper tail must be heavy as well.
    """
    worst = _heavy_tail(influence, share)
    if worst is None or (loss is not None and _heavy_tail(loss, share) is None):
        return value, value
    cut, excess, mass = worst
    middle, low, high = mean_excess_interval(excess, mass, confidence)
    body = np.minimum(influence, cut)
    centre = total(share * body)
    z = float(ndtri((1 + confidence) / 2))
    rest = z * math.sqrt(total((share * (body - centre)) ** 2))
    beyond, centre = total(mass), value + centre + total(mass) * middle
    return (
        centre - math.hypot(beyond * (middle - low), rest),
        centre + math.hypot(beyond * (high - middle), rest),
    )


def _heavy_tail(values: Array, share: Array) -> tuple[float, Array, Array] | None:
    """(threshold, excesses [tail], their weights [tail]) of the worst 2 sqrt(n); None if few or light."""
    order = np.argsort(values)[::-1]
    reach = TAIL / math.sqrt(len(values))
    worst = order[: max(int(np.searchsorted(np.cumsum(share[order]), reach)), FEWEST + 1)]
    if 4 * len(worst) > len(values):
        return None
    cut = float(values[worst[-1]])
    worst = worst[values[worst] > cut]
    mass = share[worst]
    if len(worst) < FEWEST or total(mass) ** 2 < FEWEST * total(mass**2):
        return None
    excess = values[worst] - cut
    return (cut, excess, mass) if tail_shape(excess, mass) > HEAVY else None


def too_thin(points: float) -> InputError:
    """The refusal of an interval that rests on one path."""
    return InputError(
        "loss",
        f"{points:.3g} paths carry the whole variance of this measure",
        f"at least {FEWEST_CARRIERS:g}",
        "run more paths, or ask for a lower level, aversion, price or order",
    )
