"""How heavy a tail is, from the excesses over a threshold, and what that says of their mean.

Everything here reads the generalised Pareto law  P(Y > y) = (1 + xi y / sigma)^(-1/xi), the limit of the
excesses of any tail (Pickands 1975); it does not change when losses are shifted, as Hill's estimate does.
"""

import numpy as np
from scipy.special import chdtri, lambertw

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
    """(mean, low, high) of excesses [tail] by the profile likelihood of m = sigma / (1 - xi), for xi > 0.

    With theta = xi / sigma, s = mean log(1 + theta y) and u = s / xi the likelihood over n is
    height(theta) + 1 + log u - u, so the u it allows at a theta lie between the two branches of Lambert's W;
    m = xi / (theta (1 - xi)) rises with xi = s / u. The bounds are the extremes over theta.
    high is infinite where the data cannot rule out xi >= 1, a tail without a mean.
    """
    share = np.full(len(excess), 1 / len(excess)) if weight is None else weight / weight.sum()
    drop = float(chdtri(1, 1 - confidence) / 2 * np.sum(share**2))
    theta, logs, height = _likely_theta(excess, share, drop)
    best = int(np.argmax(height))
    allowed = height >= height[best] - drop
    reach = -np.exp(height[best] - drop - height[allowed] - 1)
    high, low = (_mean(theta[allowed], logs[allowed] / -lambertw(reach, branch).real) for branch in (0, -1))
    return float(_mean(theta, logs)[best]), float(low.min()), float(high.max())


def _likely_theta(excess: Array, share: Array, drop: float) -> tuple[Array, Array, Array]:
    """Grid of theta around the likeliest, its s(theta), and height = log(theta / s) - s - 1.

    height is the likelihood at its best xi. Three times the grid closes in on the thetas
    within `drop` of the top, from 14 e-folds around 1 / mean.
    """
    first, last = np.array([-7.0, 7.0]) - np.log(np.sum(share * excess))
    for _ in range(3):
        grid = np.linspace(first, last, 60)
        logs = mean_log(np.exp(grid), excess, share)
        height = grid - np.log(logs) - logs - 1
        near = np.flatnonzero(height >= height.max() - drop)
        first, last = grid[max(near[0] - 1, 0)], grid[min(near[-1] + 1, 59)]
    return np.exp(grid), logs, height


def _mean(theta: Array, shape: Array) -> Array:
    """Mean excess xi / (theta (1 - xi)); infinite from xi = 1."""
    return np.where(shape < 1, shape / (theta * np.where(shape < 1, 1 - shape, 1.0)), np.inf)
