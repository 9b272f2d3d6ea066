"""How heavy a tail is, from the excesses over a threshold, and what that says of their mean.

Everything here reads the generalised Pareto law  P(Y > y) = (1 + xi y / sigma)^(-1/xi), the limit of the
excesses of any tail (Pickands 1975); it does not change when losses are shifted, as Hill's estimate does.
"""

import numpy as np
from scipy.special import chdtri

from ..core import InputError
from .sample import Array

HEAVY = 0.4
"""Tail index 2.5: beyond this shape an interval by the normal law is not used."""
FEWEST = 30
"""Excesses below which no shape is estimated."""


def tail_shape(excess: Array, weight: Array | None = None) -> float:
    """The shape xi of excesses [tail] > 0: the quasi-Bayes estimate of Zhang & Stephens (2009), sections 3-4.

    Profile likelihood n (log(theta / xi(theta)) - xi(theta) - 1), xi(theta) = mean log(1 + theta y),
    averaged over their grid of theta. weight [tail] or None; fewer than 30 excesses are refused.
    """
    if len(excess) < FEWEST:
        raise InputError("excess", f"{len(excess)} excesses are too few for a shape", f"at least {FEWEST}")
    ordered = np.sort(excess[excess > 0])
    if not len(ordered):
        return -np.inf
    share = np.full(len(excess), 1 / len(excess)) if weight is None else weight / weight.sum()
    points = 30 + int(np.sqrt(len(ordered)))
    step = np.arange(1, points + 1) - 0.5
    quartile = ordered[max(int(len(ordered) / 4 + 0.5) - 1, 0)]
    theta = -1 / ordered[-1] + (np.sqrt(points / step) - 1) / (3 * quartile)
    shape = mean_log(theta, excess, share)
    effective = 1 / np.sum(share**2)
    likelihood = effective * (np.log(theta / shape) - shape - 1)
    trust = np.exp(likelihood - likelihood.max())
    centre = np.sum(theta * trust) / np.sum(trust)
    return float(mean_log(np.array([centre]), excess, share)[0])


def mean_log(theta: Array, excess: Array, share: Array) -> Array:
    """xi(theta) = sum_i share_i log(1 + theta y_i) for every theta [theta]; one pass a theta, no table."""
    return np.array([np.sum(share * np.log1p(one * excess)) for one in theta])


def mean_excess_interval(
    excess: Array, weight: Array | None, confidence: float
) -> tuple[float, float, float]:
    """(mean, low, high) of a heavy tail's excesses by the profile likelihood of m = sigma / (1 - xi).

    With theta = xi / sigma, m fixes xi = theta m / (1 + theta m), so one sum of logs serves a theta.
    high is infinite where the data cannot rule out xi >= 1, a tail without a mean.
    """
    share = np.full(len(excess), 1 / len(excess)) if weight is None else weight / weight.sum()
    effective = 1 / np.sum(share**2)
    scale = np.sum(share * excess)
    theta = np.exp(np.linspace(-7, 7, 281)) / scale
    logs = mean_log(theta, excess, share)
    means = scale * np.exp(np.linspace(-3, 12, 3001))
    shape = theta[:, None] * means / (1 + theta[:, None] * means)
    likelihood = np.log(theta[:, None] / shape) - (1 + 1 / shape) * logs[:, None]
    profile = effective * likelihood.max(axis=0)
    best = int(np.argmax(profile))
    inside = np.flatnonzero(profile >= profile[best] - chdtri(1, 1 - confidence) / 2)
    high = np.inf if inside[-1] == len(means) - 1 else means[inside[-1]]
    return float(means[best]), float(means[inside[0]]), float(high)
