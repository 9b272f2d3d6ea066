"""How heavy a tail is, and which generalised Pareto laws its excesses over a threshold allow.

P(Y > y) = (1 + xi y / sigma)^(-1/xi) is the limit of the excesses of any tail (Pickands 1975). With
theta = xi / sigma and s(theta) = mean log(1 + theta y) the mean log likelihood of n excesses is
log theta - log xi - (1 + 1/xi) s, best at xi = s (Grimshaw 1993): one sum of logs serves every xi.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, lambertw

from ..core import InputError
from .sample import Array, total

HEAVY = 0.4
"""Tail index 2.5: beyond this shape an interval by the normal law is not used."""
FEWEST = 30
"""Excesses below which no shape is estimated."""
TAIL = 2.0
"""Times sqrt(paths): how many of them are taken for the upper tail of an influence function or of weights."""
GRID = 60
"""Values of theta looked at in one pass."""


def tail_shape(excess: Array, weight: Array | None = None) -> float:
    """The shape xi of excesses [tail] > 0: the quasi-Bayes estimate of Zhang & Stephens (2009), sections 3-4.

    The profile likelihood averaged over their grid of theta; unlike Hill's estimate it does not change when
    losses are shifted. weight [tail] or None. InputError: fewer than 30 excesses.
    """
    if len(excess) < FEWEST:
        raise InputError("excess", f"{len(excess)} excesses are too few for a shape", f"at least {FEWEST}")
    ordered = np.sort(excess[excess > 0])
    if not len(ordered):
        return -np.inf
    share = even(excess, weight)
    points = 30 + int(np.sqrt(len(ordered)))
    step = np.arange(1, points + 1) - 0.5
    quartile = ordered[max(int(len(ordered) / 4 + 0.5) - 1, 0)]
    theta = -1 / ordered[-1] + (np.sqrt(points / step) - 1) / (3 * quartile)
    shape = mean_log(theta, excess, share)
    likelihood = (np.log(theta / shape) - shape - 1) / np.sum(share**2)
    trust = np.exp(likelihood - likelihood.max())
    centre = np.sum(theta * trust) / np.sum(trust)
    return float(mean_log(np.array([centre]), excess, share)[0])


def worst_tail(values: Array, weight: Array) -> tuple[float, Array, Array] | None:
    """(threshold, excesses [tail], their weights [tail]) of the worst 2 sqrt(n); None if few or light."""
    order = np.argsort(values)[::-1]
    reach = TAIL / math.sqrt(len(values))
    worst = order[: max(int(np.searchsorted(np.cumsum(weight[order]), reach)), FEWEST + 1)]
    if 4 * len(worst) > len(values):
        return None
    cut = float(values[worst[-1]])
    worst = worst[values[worst] > cut]
    mass = weight[worst]
    if len(worst) < FEWEST or total(mass) ** 2 < FEWEST * total(mass**2):
        return None
    excess = values[worst] - cut
    return (cut, excess, mass) if tail_shape(excess, mass) > HEAVY else None


def even(excess: Array, weight: Array | None) -> Array:
    """Weights of the excesses [tail], summing to one; n = 1 / sum weight^2 of them count."""
    return np.full(len(excess), 1 / len(excess)) if weight is None else weight / weight.sum()


def mean_log(theta: Array, excess: Array, weight: Array) -> Array:
    """s(theta) = sum_i weight_i log(1 + theta y_i) for every theta [theta]; one pass a theta, no table."""
    return np.array([np.sum(weight * np.log1p(one * excess)) for one in theta])


@dataclass(frozen=True)
class Likely:
    """The thetas [theta] the excesses allow, their s(theta), and the height of the likelihood at xi = s."""

    theta: Array
    logs: Array
    height: Array

    @property
    def best(self) -> int:
        """Where the likelihood is highest."""
        return int(np.argmax(self.height))

    @property
    def inside(self) -> bool:
        """Whether that is a maximum: lower on both sides, not the end of what the grid can reach."""
        return 0 < self.best < len(self.height) - 1 and bool(np.isfinite(self.height[self.best - 1]))

    def shapes(self, drop: Array) -> tuple[Array, Array]:
        """The lowest and highest xi [theta] whose likelihood is at most `drop` below the top; nan for none.

        With u = s / xi the likelihood is height + 1 + log u - u: Lambert's W gives both ends of u.
        """
        fall = self.height[self.best] - drop - self.height
        reach = np.where(fall <= 0, -np.exp(np.minimum(fall, 0) - 1), np.nan)
        ends = [self.logs / -lambertw(reach, branch).real for branch in (-1, 0)]
        return np.minimum(*ends), np.maximum(*ends)


def likely(excess: Array, weight: Array, drop: float, passes: int = 3) -> Likely:
    """Grid of theta around the likeliest, wide enough for every law within `drop` of the top.

    excess, weight [tail], the weights summing to one. theta = (e^eta - 1) / max y keeps 1 + theta y > 0; laws
    with xi <= -1, where the likelihood has no top, are left out. Each pass closes in on the etas within
    `drop` of the highest.
    """
    top, mean = float(excess.max()), float(np.sum(weight * excess))
    first, last = -20.0, np.log1p(np.exp(7) * top / mean)
    for _ in range(passes):
        eta = np.linspace(first, last, GRID)
        eta = np.where(np.abs(eta) < 1e-7, 1e-7, eta)
        theta = np.expm1(eta) / top
        logs = mean_log(theta, excess, weight)
        height = np.where(logs > -1, np.log(theta / logs) - logs - 1, -np.inf)
        near = np.flatnonzero(height >= height.max() - drop)
        first, last = eta[max(near[0] - 1, 0)], eta[min(near[-1] + 1, GRID - 1)]
    return Likely(theta, logs, height)


def half_chi_square(confidence: float, weight: Array) -> float:
    """How far the mean log likelihood may fall inside a profile interval: chi-square(1) / 2n.

    weight [tail]: of the excesses, summing to one; 1 / n is the sum of their squares.
    """
    return float(chdtri(1, 1 - confidence) / 2 * np.sum(weight**2))


def mean_excess_interval(
    excess: Array, weight: Array | None, confidence: float
) -> tuple[float, float, float]:
    """(mean, low, high) of excesses [tail] by the profile likelihood of m = xi / (theta (1 - xi)).

    high is infinite where the data cannot rule out xi >= 1, a tail without a mean.
    """
    share = even(excess, weight)
    drop = half_chi_square(confidence, share)
    found = likely(excess, share, drop)
    ends = [_mean(found.theta, shape) for shape in found.shapes(np.full(GRID, drop))]
    middle = float(_mean(found.theta, found.logs)[found.best])
    return middle, float(np.nanmin(ends)), float(np.nanmax(ends))


def _mean(theta: Array, shape: Array) -> Array:
    """Mean excess xi / (theta (1 - xi)); infinite from xi = 1."""
    return np.where(shape >= 1, np.inf, shape / (theta * np.where(shape >= 1, 1.0, 1 - shape)))
