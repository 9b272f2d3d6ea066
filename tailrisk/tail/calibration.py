"""Tests of (VaR, ES) forecasts at once: conditional calibration, regressions of ES, scores side by side.

Series are [day], losses positive. InputError everywhere: series of several lengths or other days, values that
are not finite, an ES that is not above zero, a level that is none.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from ..core import InputError
from .backtest import Verdict
from .border import Array
from .dated import forecast, series
from .sample import Level, exact_level, normal_quantile

Regression = Literal["strict", "auxiliary"]
ROUNDS = 20
"""Restarts of the simplex search, each from where the last one ended."""


def conditional_calibration(
    losses: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike,
    *,
    level: Level,
    volatility: ArrayLike | None = None,
    one_sided: bool = False,
) -> Verdict:
    """T = n m' C^-1 m ~ chi-square, m the mean of h_t V_t, C of their products      Nolde & Ziegel (2017).

    V = (1{L > v} - (1 - a), v - s + 1{L > v} (L - v) / (1 - a)), both positive where risk is underestimated;
    h the unit matrix, two degrees; with `volatility` w, h = ((s - v) / ((1 - a) w), 1 / w), one degree, their
    section 2.3 (the sign of the first is theirs turned, as V's is). one_sided: each mean against zero from
    above, with volatility also of |v| times the first and 1 / w times the second, and Hommel's correction;
    statistic is the largest studentised mean.
    losses, VaR, ES and volatility [day] in one unit. InputError: a volatility that is not above zero.

    >>> normal = np.random.default_rng(1).standard_normal(1000)
    >>> conditional_calibration(normal, np.full(1000, 1.2), np.full(1000, 1.4), level=0.975).p_value < 0.001
    True
    """
    days, *expected = forecast(losses, value_at_risk, expected_shortfall)
    loss, var, es = days.values, expected[0].values, expected[1].values
    alpha = float(1 - exact_level(level))
    hit = (loss > var).astype(np.float64)
    first, second = hit - alpha, var - es + hit * (loss - var) / alpha
    if volatility is None:
        moments = np.stack([first, second])
    else:
        _, scale = series(losses=losses, volatility=volatility)
        if not (scale > 0).all():
            raise InputError("volatility", f"{int((scale <= 0).sum())} are not positive", "> 0")
        if one_sided:
            moments = np.stack([first, np.abs(var) * first, second, second / scale])
        else:
            moments = np.stack([-(es - var) / (alpha * scale) * first + second / scale])
    return _hommel(moments) if one_sided else _chi_square(moments)


def _chi_square(moments: Array) -> Verdict:
    """n m' C^-1 m ~ chi-square(k) of moments [k, day]."""
    k, n = moments.shape
    mean = moments.mean(axis=1)
    try:
        statistic = float(n * mean @ np.linalg.solve(moments @ moments.T / n, mean))
    except np.linalg.LinAlgError:
        return Verdict(math.nan, math.nan)
    return Verdict(statistic, float(chdtrc(k, statistic)))


def _hommel(moments: Array) -> Verdict:
    """Each mean [k] against zero from above: p = min(1, k sum 1/j min_j p_(j) / j)     Hommel (1983)."""
    k, n = moments.shape
    size = np.sqrt((moments**2).mean(axis=1))
    if not (size > 0).all():
        return Verdict(math.nan, math.nan)
    each = math.sqrt(n) * moments.mean(axis=1) / size
    rank = np.arange(1, k + 1)
    p_value = k * (1 / rank).sum() * (np.sort(ndtr(-each)) / rank).min()
    return Verdict(float(each.max()), float(min(p_value, 1.0)))


def regression(
    losses: ArrayLike,
    expected_shortfall: ArrayLike,
    value_at_risk: ArrayLike | None = None,
    *,
    level: Level,
) -> Verdict:
    """ES of the losses regressed on its forecast, ES_t = g0 + g1 s_t, and (g0, g1) against (0, 1).

    Bayer & Dimitriadis (2020): strict, with the quantile on s_t too, or with `value_at_risk` auxiliary, the
    quantile on v_t. Both lines minimise the Fissler-Ziegel score of degree zero (`backtest.fz0_score`);
    n (g - (0, 1))' A^-1 (g - (0, 1)) ~ chi-square(2), A = B^-1 C B^-1, B = E[x x' / s^2], C of the scores
    x (s - q - (L - q)+ / (1 - a)) / s^2, their covariance where quantile and ES are right as lines.
    losses, ES and VaR [day] in one unit; nan for forecasts that never move or too few days
    beyond them, which leave no slope to fit.
    InputError: an ES that is not above zero, other days.

    >>> scale = np.exp(np.sin(np.arange(1000) / 50))
    >>> losses = scale * np.random.default_rng(0).standard_normal(1000)
    >>> regression(losses, 1.6 * scale, level=0.975).p_value < 0.01  # ES is 2.34 times the scale
    True
    """
    quantile = expected_shortfall if value_at_risk is None else value_at_risk
    days, *expected = forecast(losses, quantile, expected_shortfall)
    size = float(expected[1].values.mean())
    loss, v, s = (each.values / size for each in (days, *expected))
    if np.ptp(s) <= 1e-9 * s.mean() or np.ptp(v) <= 1e-9 * np.abs(v).mean():
        return Verdict(math.nan, math.nan)
    alpha = float(1 - exact_level(level))
    x, z = np.stack([np.ones_like(v), v]), np.stack([np.ones_like(s), s])
    line = _lines(loss, x, z, alpha)
    q, es = line[:2] @ x, line[2:] @ z
    weight = (es - q - np.maximum(loss - q, 0.0) / alpha) / es**2
    gap = (z / es**2) @ z.T / len(loss) @ (line[2:] - [0.0, 1.0])  # B (g - (0, 1)), of covariance C
    try:
        statistic = float(len(loss) * gap @ np.linalg.solve((z * weight**2) @ z.T / len(loss), gap))
    except np.linalg.LinAlgError:
        return Verdict(math.nan, math.nan)
    return Verdict(statistic, float(chdtrc(2, statistic)))


def _lines(loss: Array, x: Array, z: Array, alpha: float) -> Array:
    """(quantile's line, ES's line) that minimise the score, from multiples of the forecasts."""
    from scipy.optimize import minimize  # a fifth of a second, which a run has no use for

    def score(line: Array) -> float:
        q, es = line[:2] @ x, line[2:] @ z
        if not (es > 0).all():
            return math.inf
        return float(np.mean((np.maximum(loss - q, 0.0) / alpha + q) / es + np.log(es)))

    times = float(np.quantile(loss / np.maximum(np.abs(x[1]), 1e-12), 1 - alpha))
    beyond = loss > times * x[1]
    slope = float(loss[beyond].sum() / z[1, beyond].sum()) if beyond.any() else 1.0
    best = np.array([0.0, times, 0.0, max(slope, 1e-3)])
    least = score(best)
    for _ in range(ROUNDS):
        found = minimize(score, best, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
        better = least - found.fun
        best, least = found.x, found.fun
        if better < 1e-8:
            break
    return np.asarray(best)


def intercept(
    losses: ArrayLike, expected_shortfall: ArrayLike, *, level: Level, one_sided: bool = True
) -> Verdict:
    """ES of the errors L - s against zero: sqrt(n) ES / sd of q + (u - q)+ / (1 - a), u the errors.

    The strict intercept test of Bayer & Dimitriadis (2020), section 2.4; ES and q are those of the sample, as
    every consistent score has them where there is but a constant. one_sided: only ES that was too low.
    losses, ES [day] in one unit. InputError: other days, an ES that is not above zero.

    >>> normal = np.random.default_rng(0).standard_normal(1000)
    >>> intercept(normal, np.full(1000, 1.6), level=0.975).p_value < 0.001
    True
    """
    days, _, expected = forecast(losses, expected_shortfall, expected_shortfall)
    error = days.values - expected.values
    alpha = float(1 - exact_level(level))
    q = float(np.quantile(error, 1 - alpha, method="higher"))
    influence = q + np.maximum(error - q, 0.0) / alpha
    spread = float(influence.std(ddof=1))
    if not spread > 0:
        return Verdict(math.nan, math.nan)
    statistic = math.sqrt(len(error)) * float(influence.mean()) / spread
    p_value = ndtr(-statistic) if one_sided else 2 * ndtr(-abs(statistic))
    return Verdict(statistic, float(p_value))


def elementary_score(
    losses: ArrayLike, value_at_risk: ArrayLike, expected_shortfall: ArrayLike, at: ArrayLike, *, level: Level
) -> Any:
    """1{s <= t} ((L - v)+ / (1 - a) + v - t) + (t - L)+ [threshold, day]: lowest at the true (VaR, ES).

    Ziegel, Krüger, Jordan & Fasciati (2020), for losses; every score of (VaR, ES) that is consistent whatever
    its first part is a mixture of these over thresholds t, `backtest.fz0_score` with the weight t^-2.
    losses, VaR and ES [day], at [threshold] in one unit. InputError: other days.

    >>> elementary_score([0.04], [0.03], [0.05], [0.02, 0.06], level=0.975).round(3)
    array([[0.  ],
           [0.39]])
    """
    days, *expected = forecast(losses, value_at_risk, expected_shortfall)
    loss, var, es = days.values, expected[0].values, expected[1].values
    t = np.atleast_1d(np.asarray(at, np.float64))[:, None]
    beyond = np.maximum(loss - var, 0.0) / float(1 - exact_level(level)) + var
    return np.where(es <= t, beyond - t, 0.0) + np.maximum(t - loss, 0.0)


@dataclass(frozen=True)
class Murphy:
    """Mean elementary score of one forecast less another's at each threshold, and its band, [threshold]."""

    at: Array
    difference: Array
    low: Array
    high: Array


def murphy(
    losses: ArrayLike,
    one: tuple[ArrayLike, ArrayLike],
    other: tuple[ArrayLike, ArrayLike],
    *,
    level: Level,
    at: ArrayLike | None = None,
    confidence: float = 0.95,
    lags: int = 0,
) -> Murphy:
    """Murphy diagram of two (VaR, ES) forecasts: below zero everywhere, the first is better by every score.

    Ziegel, Krüger, Jordan & Fasciati (2020). The band is pointwise, normal, with Bartlett's weights on `lags`
    autocovariances (Newey & West, 1987). losses and each of the pairs [day], at [threshold], 101 from the
    least to the largest ES unless given. InputError: other days, a confidence outside (0, 1), lags below 0.

    >>> losses = np.random.default_rng(0).standard_normal(2000)
    >>> right, wrong = (np.full(2000, x) for x in (1.96, 2.34)), (np.full(2000, x) for x in (1.0, 1.2))
    >>> found = murphy(losses, tuple(right), tuple(wrong), level=0.975)
    >>> bool(found.difference.mean() < 0)
    True
    """
    z = normal_quantile(confidence)
    if lags < 0:
        raise InputError("lags", f"{lags}", "a whole number from 0 on")
    if at is None:
        both = np.concatenate([np.asarray(pair[1], np.float64) for pair in (one, other)])
        at = np.linspace(both.min(), both.max(), 101)
    gap = elementary_score(losses, *one, at, level=level) - elementary_score(losses, *other, at, level=level)
    n = gap.shape[1]
    mean = gap.mean(axis=1)
    centred = gap - mean[:, None]
    variance = (centred**2).mean(axis=1)
    for k in range(1, min(lags, n - 1) + 1):
        variance += 2 * (1 - k / (lags + 1)) * (centred[:, k:] * centred[:, :-k]).sum(axis=1) / n
    half = z * np.sqrt(np.maximum(variance, 0.0) / n)
    return Murphy(np.atleast_1d(np.asarray(at, np.float64)), mean, mean - half, mean + half)
