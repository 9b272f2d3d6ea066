"""Peaks over a threshold: a generalised Pareto tail fitted to the excesses, and what it says beyond the data.

The return level of m observations is the VaR at level 1 - 1/m.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .border import below, number, received
from .heavy import FEWEST, GRID, even, half_chi_square, likely
from .interval import INDICATIVE, Interval
from .sample import RESOLUTION, Array, Level, exact_confidence, exact_level, weights_of

ATOM = 3
"""Losses at the very worst that are no chance, but an edge of their law."""
REACHED = 3.7
"""Losses expected beyond VaR from which one at least is there, with 97.5 % confidence."""


@dataclass(frozen=True)
class ParetoTail:
    """P(L > x) = exceed (1 + shape (x - threshold) / scale)^(-1/shape) beyond the threshold.

    excesses: how many losses (weighted: effective) the fit rests on; covariance [2, 2] of (shape, scale).
    """

    threshold: float
    exceed: float
    shape: float
    scale: float
    excesses: float
    covariance: Array

    def value_at_risk(self, level: Level) -> float:
        """u + scale / shape ((exceed / (1 - level))^shape - 1)      McNeil (1997), equation 6.

        InputError: a level below the threshold, or none.
        """
        return self.threshold + self.scale * _power(self._times(level), self.shape)

    def expected_shortfall(self, level: Level) -> float:
        """(VaR + scale - shape u) / (1 - shape); infinite from shape 1      McNeil & Frey (2000).

        InputError: a level below the threshold, or none.
        """
        if self.shape >= 1:
            return math.inf
        return (self.value_at_risk(level) + self.scale - self.shape * self.threshold) / (1 - self.shape)

    def _times(self, level: Level) -> float:
        """How many times rarer than the threshold the level is; at least once."""
        times = self.exceed / float(1 - exact_level(level))
        if times < 1:
            raise InputError("level", f"{level} lies below the threshold", f"above {1 - self.exceed:.6g}")
        return times


@dataclass(frozen=True)
class Whole:
    """The sample that some losses are the worst of: how many paths, and the sum of their squared weights."""

    paths: int
    squares: float  # weights over their sum; one over the paths where all weigh the same


def fit_pareto(
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    threshold: float,
    method: str = "likelihood",
    whole: Whole | None = None,
) -> ParetoTail:
    """Generalised Pareto tail of losses [path] beyond a threshold; a Series and its weights match by name.

    "likelihood": Grimshaw (1993), one unknown theta = shape / scale; covariance (1 + xi) / n times
    [[1 + xi, -scale], [-scale, 2 scale^2]], Smith (1987), for xi > -1/2.
    "moments": a_s = E[(1 - F)^s Y], shape = 2 - a0 / (a0 - 2 a1), scale = 2 a0 a1 / (a0 - 2 a1), Hosking &
    Wallis (1987), with their covariance for xi < 1/2, else nan.
    InputError: fewer than 30 losses beyond the threshold, another method, three losses or more at the very
    worst (an edge no Pareto law has: a stop, a limit), or a likelihood without a maximum, for it grows
    without bound towards xi <= -1 with the end of the law at the worst loss.

    >>> even = (np.arange(1000) + 0.5) / 1000
    >>> fit = fit_pareto((1 - even) ** -0.25 - 1, threshold=0.2, method="moments")  # a Pareto law of index 4
    >>> round(fit.shape, 2), round(fit.value_at_risk(0.999), 1)
    (0.25, 4.6)
    """
    excess, share, exceed, _ = _beyond(losses, weight, threshold, whole)
    _no_edge(excess)
    effective = float(1 / np.sum(share**2))
    fits = {"likelihood": _by_likelihood, "moments": _by_moments}
    if method not in fits:
        raise InputError("method", f"{method!r} is unknown", " or ".join(fits))
    shape, scale, covariance = fits[method](excess, share, effective)
    return ParetoTail(float(threshold), exceed, shape, scale, effective, covariance)


def pareto_interval(
    losses: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    threshold: float,
    level: Level,
    measure: str = "value_at_risk",
    confidence: float = 0.95,
    ceiling: float | None = None,
    whole: Whole | None = None,
) -> Interval:
    """VaR or ES at a level beyond the threshold, with its profile-likelihood interval.

    The bounds are the extremes over all (theta, xi, exceed) whose log likelihood, generalised Pareto for the
    excesses plus binomial for their number, is within chi-square(1) / 2 of the top. losses [path];
    high is infinite for ES where the data cannot rule out an infinite mean. tail_points: effective excesses.
    ceiling: what can be lost at most, where it is known; neither the estimate nor a bound exceeds it.
    whole: of what sample `losses` are the worst, down to the threshold; None where they are all of it.
    InputError as in `fit_pareto`, and where VaR and its bounds lie above losses that should reach it.

    >>> even = (np.arange(1000) + 0.5) / 1000
    >>> result = pareto_interval((1 - even) ** -0.25 - 1, threshold=0.2, level=0.999)
    >>> round(result.estimate, 1), bool(result.low < 1000**0.25 - 1 < result.high)
    (4.6, True)
    """
    if measure not in ("value_at_risk", "expected_shortfall"):
        raise InputError("measure", f"{measure!r} is unknown", "value_at_risk or expected_shortfall")
    given = received(losses, dimensions=1)
    top = below(ceiling, given)
    fit = fit_pareto(losses, weight, threshold=threshold, whole=whole)
    estimate = getattr(fit, measure)(level)
    excess, share, exceed, paths = _beyond(losses, weight, threshold, whole)
    drop = half_chi_square(exact_confidence(confidence), share)
    found = likely(excess, share, drop)
    times, spent = _likely_times(exceed, paths, drop / np.sum(share**2), float(1 - exact_level(level)))
    ends = []
    for rarer, already in zip(times, spent, strict=True):
        for shape in found.shapes(np.full(GRID, drop - already * np.sum(share**2))):
            at = _var if measure == "value_at_risk" else _shortfall
            ends.append(at(rarer, found.theta, shape))
    low, high = threshold + float(np.nanmin(ends)), threshold + float(np.nanmax(ends))
    low, high, points = min(low, estimate), max(high, estimate), fit.excesses
    rare = float(1 - exact_level(level)) * paths
    if measure == "value_at_risk" and low > threshold + excess.max() and rare >= REACHED:
        raise _no_maximum(f"VaR {estimate:g} and its bounds lie above every loss, and some should reach it")
    low, estimate, high = (min(value, top) for value in (low, estimate, high))
    return Interval(estimate, low, high, confidence, points, points < INDICATIVE)


@dataclass(frozen=True)
class Diagnostic:
    """A value at each threshold, with its standard error and the effective number of excesses."""

    threshold: Array  # [threshold]
    value: Array  # [threshold]
    error: Array  # [threshold]
    excesses: Array  # [threshold]


def mean_excess(losses: ArrayLike, thresholds: ArrayLike, weight: ArrayLike | None = None) -> Diagnostic:
    """e(u) = E[L - u | L > u]; straight with slope xi / (1 - xi) from where the tail is Pareto.

    losses [path], weight [path], thresholds [threshold] -> Diagnostic of arrays [threshold], in the losses'
    unit.
    InputError: fewer than 30 losses beyond a threshold; losses or weights that cannot be used.

    >>> mean_excess(np.arange(1, 101) / 100, [0.2, 0.5]).value.round(3)
    array([0.405, 0.255])
    """
    levels = received(thresholds, "thresholds", dimensions=1).values
    rows = []
    for u in levels:
        excess, share, _, _ = _beyond(losses, weight, float(u))
        mean = float(np.sum(share * excess))
        rows.append((mean, math.sqrt(np.sum((share * (excess - mean)) ** 2)), 1 / np.sum(share**2)))
    return Diagnostic(levels, *np.array(rows).T)


def stability(
    losses: ArrayLike, thresholds: ArrayLike, weight: ArrayLike | None = None
) -> tuple[Diagnostic, Diagnostic]:
    """(shape, scale - shape u) at each threshold u; level where the tail is Pareto (Coles 2001, 4.3).

    losses [path], thresholds [threshold] -> two Diagnostics of arrays [threshold]; errors as in `fit_pareto`.

    >>> even = (np.arange(1000) + 0.5) / 1000
    >>> shape, _ = stability((1 - even) ** -0.25 - 1, [0.1, 0.2])
    >>> shape.value.round(1)
    array([0.2, 0.2])
    """
    levels = received(thresholds, "thresholds", dimensions=1).values
    fits = [fit_pareto(losses, weight, threshold=float(u)) for u in levels]
    excesses = np.array([fit.excesses for fit in fits])
    shape = np.array([fit.shape for fit in fits])
    gradients = np.stack([-levels, np.ones_like(levels)], axis=1)
    errors = [math.sqrt(g @ fit.covariance @ g) for g, fit in zip(gradients, fits, strict=True)]
    modified = np.array([fit.scale for fit in fits]) - shape * levels
    shape_error = np.array([math.sqrt(fit.covariance[0, 0]) for fit in fits])
    return (
        Diagnostic(levels, shape, shape_error, excesses),
        Diagnostic(levels, modified, np.array(errors), excesses),
    )


def _beyond(
    losses: ArrayLike, weight: ArrayLike | None, threshold: float, whole: Whole | None = None
) -> tuple[Array, Array, float, float]:
    """(excesses [tail], their weights summing to one, P(L > threshold), effective paths behind that).

    whole: of what sample the losses are the worst; their weights are then parts of all its weight.
    """
    given = received(losses, dimensions=1)
    sample, cut = given.values, number("threshold", threshold)
    weights = None if weight is None else np.asarray(weight) if whole else weights_of(weight, given)
    beyond = sample > cut if weights is None else (sample > cut) & (weights > 0)
    if beyond.sum() < FEWEST:
        problem = f"{int(beyond.sum())} losses lie beyond {cut:g}"
        raise InputError("threshold", problem, f"a threshold with at least {FEWEST} losses beyond it")
    if weights is None:
        paths, mass = float(whole.paths if whole else len(sample)), None
        exceed = float(beyond.sum()) / paths
    else:
        exceed, mass = min(float(weights[beyond].sum()), 1.0), weights[beyond]
        squares = whole.squares if whole else float(np.sum(weights**2))
        inside = float(np.sum(mass**2))
        spread = (1 - exceed) ** 2 * inside + exceed**2 * max(squares - inside, 0.0)
        paths = exceed * (1 - exceed) / (spread or math.inf)
    return sample[beyond] - cut, even(sample[beyond], mass), exceed, paths


def _no_edge(excess: Array) -> None:
    """Refuse excesses of which several are the largest: their law has an atom there."""
    top = excess.max()
    together = int(np.sum(excess >= top * (1 - RESOLUTION)))
    if together >= ATOM:
        raise _no_maximum(f"{together} of {len(excess)} excesses are the largest one, {top:g}")


def _no_maximum(problem: str) -> InputError:
    """The refusal of losses that no generalised Pareto law describes."""
    hint = "capped losses have no tail beyond the cap: read VaR and ES off the sample"
    return InputError("losses", problem, "losses whose likelihood has a maximum with shape > -1", hint)


def _by_likelihood(excess: Array, share: Array, effective: float) -> tuple[float, float, Array]:
    """(shape, scale, covariance) where the likelihood is highest."""
    found = likely(excess, share, 0.0, passes=5)
    if not found.inside:
        raise _no_maximum("the likelihood of a generalised Pareto tail has no maximum")
    shape = float(found.logs[found.best])
    scale = shape / float(found.theta[found.best])
    cross = -(1 + shape) * scale
    covariance = np.array([[(1 + shape) ** 2, cross], [cross, 2 * (1 + shape) * scale**2]]) / effective
    return shape, scale, covariance


def _by_moments(excess: Array, share: Array, effective: float) -> tuple[float, float, Array]:
    """(shape, scale, covariance) from the probability-weighted moments of the ordered excesses."""
    order = np.argsort(excess)
    ordered, mass = excess[order], share[order]
    rarer = (1 - np.cumsum(mass)) / (1 - 1 / effective)  # unbiased: (n - i) / (n - 1) with equal weights
    first, second = float(np.sum(mass * ordered)), float(np.sum(mass * rarer * ordered))
    shape, scale = 2 - first / (first - 2 * second), 2 * first * second / (first - 2 * second)
    k = -shape  # Hosking & Wallis write the law with k = -xi
    if shape >= 0.5:
        return shape, scale, np.full((2, 2), np.nan)
    cross = scale * (2 + k) * (2 + 6 * k + 7 * k**2 + 2 * k**3)
    top = [(1 + k) * (2 + k) ** 2 * (1 + k + 2 * k**2), -cross]
    bottom = [-cross, scale**2 * (7 + 18 * k + 11 * k**2 + 2 * k**3)]
    return shape, scale, np.array([top, bottom]) / ((1 + 2 * k) * (3 + 2 * k) * effective)


def _likely_times(exceed: float, paths: float, drop: float, share: float) -> tuple[Array, Array]:
    """(exceed / share, log likelihood lost) over the exceedance probabilities the binomial allows."""
    if exceed >= 1 or paths <= 0:
        return np.array([exceed / share]), np.zeros(1)
    logit = math.log(exceed / (1 - exceed))
    wide = 1.5 * math.sqrt(2 * drop / (paths * exceed * (1 - exceed)))
    chance = 1 / (1 + np.exp(-(logit + np.linspace(-wide, wide, 2 * GRID + 1))))
    lost = paths * (exceed * np.log(exceed / chance) + (1 - exceed) * np.log((1 - exceed) / (1 - chance)))
    return chance[lost <= drop] / share, lost[lost <= drop]


def _power(times: float, shape: float) -> float:
    """(times^shape - 1) / shape, log(times) at shape zero."""
    return math.log(times) if abs(shape) < 1e-12 else math.expm1(shape * math.log(times)) / shape


def _var(times: float, theta: Array, shape: Array) -> Array:
    """VaR less the threshold: (times^xi - 1) / theta."""
    return np.expm1(shape * math.log(times)) / theta


def _shortfall(times: float, theta: Array, shape: Array) -> Array:
    """ES less the threshold: (times^xi - 1 + xi) / (theta (1 - xi)); infinite from xi = 1."""
    finite_mean = np.where(shape >= 1, 1.0, 1 - shape)
    return np.where(shape >= 1, np.inf, (np.expm1(shape * math.log(times)) + shape) / (theta * finite_mean))
