"""ES under the worst law near the simulated one: a Wasserstein ball's closed form, and a law attaining it.

The distance is W1 with ||r - s|| the length of a difference of scenarios in standard deviations (Mahalanobis,
by the covariance of the scenarios themselves), so that the dual norm of a portfolio h is the standard
deviation of its loss, and for a loss that is linear in the scenarios

    sup { ES_a(h; Q) : W1(Q, P) <= e } = ES_a(h; P) + e sd(h' r) / (1 - a)

(Mohajerin Esfahani & Kuhn 2018, section 7; Pflug & Wozabal 2007). `worst_law` moves the worst (1 - a) of the
mass by e / (1 - a) along the portfolio: it costs e and attains the bound, which is thus certified.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..tail import expected_shortfall
from ..tail.sample import Level
from ..tail.shortfall import tail_of
from .arguments import confidence, number, plain
from .conic import Array

RADIUS = "standard deviations, 0 or more"


def spread(losses: Array, weight: Array | None) -> float:
    """Standard deviation of losses [scenario] under weight [scenario], equal where None."""
    mean = float(np.average(losses, weights=weight))
    return float(np.sqrt(max(float(np.average((losses - mean) ** 2, weights=weight)), 0.0)))


def robust_shortfall(
    losses: ArrayLike, *, level: Level, radius: float, weight: ArrayLike | None = None
) -> float:
    """The largest ES of a portfolio within the ball: ES + radius sd / (1 - a).

    losses [scenario] of the portfolio, weight [scenario], equal where None. InputError: a radius below zero,
    a level that is none.

    >>> round(robust_shortfall([0.0, 0.02, 0.04, 0.1], level=0.75, radius=0.05), 4)
    0.1075
    """
    loss = plain("losses", losses)
    given = None if weight is None else plain("weight", weight)
    number("", "radius", radius, RADIUS, 0.0)
    share = float(1 - confidence(level))
    es = float(expected_shortfall(loss, given, level=level))
    return es + radius * spread(loss, given) / share


def worst_law(losses: ArrayLike, *, level: Level, radius: float) -> tuple[Array, Array]:
    """(losses, weights) [2 scenario] of the law that attains `robust_shortfall`, from equally likely ones.

    Every scenario twice: where it was, with what of its mass is not among the worst (1 - a), and moved by
    radius / (1 - a) standard deviations, with the rest. losses [scenario]. InputError: as `robust_shortfall`.

    >>> loss, weight = worst_law([0.0, 0.02, 0.04, 0.1], level=0.75, radius=0.05)
    >>> loss[weight > 0].round(4), weight[weight > 0]
    (array([0.    , 0.02  , 0.04  , 0.1075]), array([0.25, 0.25, 0.25, 0.25]))
    """
    loss = plain("losses", losses)
    number("", "radius", radius, RADIUS, 0.0)
    share, equal = float(1 - confidence(level)), np.full(len(loss), 1 / len(loss))
    worst = np.minimum(tail_measure(loss, equal, level) * share, equal)
    moved = loss + radius * spread(loss, None) / share
    return np.concatenate([loss, moved]), np.concatenate([equal - worst, worst])


def tail_measure(losses: Array, probability: Array, level: Level) -> Array:
    """q [scenario], sum one, of ES = sum q L: p / (1 - a) beyond VaR, the rest shared at it.

    InputError: a level the scenarios cannot support.
    """
    exact = confidence(level)
    at_risk = tail_of(losses, probability, exact).value_at_risk
    share = probability / float(1 - exact)
    measure = np.where(losses > at_risk, share, 0.0)
    at = losses == at_risk
    measure[at] = (1 - measure.sum()) * share[at] / share[at].sum()
    return measure


def spread_measure(losses: Array, probability: Array) -> Array:
    """m [scenario], sum zero, of d sd / d h = - sum m r: p (L - mean) / sd; zeros where nothing moves."""
    mean = float(probability @ losses)
    sd = float(np.sqrt(max(float(probability @ (losses - mean) ** 2), 0.0)))
    return probability * (losses - mean) / sd if sd > 0 else np.zeros_like(losses)
