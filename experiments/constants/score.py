"""Forecasts of one point, each from the days before it alone, and their scores."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import logsumexp
from scipy.stats import t as student

from tailrisk.calibrate.ladder import ladder, observe
from tailrisk.calibrate.regimes import log_density
from tailrisk.studies.backtest import memory
from tailrisk.studies.backtest.judge import LEAST, REACH, against
from tailrisk.studies.backtest.targets import losses
from tailrisk.tail import backtest

from .market import Market

Array = np.ndarray
LEVELS = ("0.95", "0.975", "0.99")
TAILS = [0.05, 0.025, 0.01]
HORIZON = 10
BLOCK = 20
"""Days of a block: scores of blocks are taken for independent but for neighbours."""
PASSED = 0.05


@dataclass(frozen=True)
class Scores:
    """Fissler-Ziegel scores averaged over targets, log likelihoods, and coverage passed."""

    one: Array  # [day, level]  one day ahead
    ten: Array  # [every so many days, level]  ten days ahead
    height: Array  # [day]  log density of the ladder's factors; NaN where rows are drawn
    passed: Array  # [horizon, level]  targets whose coverage is not rejected
    rate: Array  # [horizon, level]  mean share of days beyond VaR
    targets: int
    every: int


def scored(
    market: Market, refits: list[int], every: int, fitted: Callable[..., Any], *, starts: int, seed: int = 0
) -> Scores:
    """The days from the first refit on; ten days ahead every so many days."""
    gain, first = market.gain, refits[0]
    ten, height, one_day, ten_days = losses(gain, HORIZON), [], [], []
    rows = [row for row in range(first, len(gain), every) if np.isfinite(ten[row]).all()]
    for stretch in memory.stretches(market.returns, refits, starts, seed, fitted):
        height.append(heights(stretch, market.returns))
        one_day.append(np.stack([memory.one_day(stretch, slope, TAILS) for slope in market.slopes]))
        mine = [row for row in rows if stretch.first <= row < stretch.end]
        ten_days += [_ten(stretch, row, market.slopes, seed) for row in mine]
    near, far = np.concatenate(one_day, axis=-1), np.stack(ten_days, axis=-1)
    return _judged(near, -gain[first:], far, ten[rows], np.concatenate(height), every)


def _ten(stretch: memory.Stretch, row: int, slopes: Array, seed: int) -> Array:
    """VaR and ES [target, 2, level] of the ten days from a row on."""
    alone = replace(stretch, first=row, end=row + 1)
    return np.moveaxis(memory.over_days(alone, slopes, HORIZON, TAILS, seed)[..., 0], 2, 0)


def heights(stretch: memory.Stretch, returns: Array) -> Array:
    """log p(factors | every day before) [day] of the stretch's days; NaN where rows are drawn."""
    days = slice(stretch.first, stretch.end)
    if stretch.law.rows is not None:
        return np.full(stretch.end - stretch.first, np.nan)
    dense = np.asarray(
        log_density(observe(np.cumsum(stretch.run.residual, axis=1)), memory.of_residuals(stretch.law))
    )
    with np.errstate(divide="ignore"):
        mixed = logsumexp(np.log(memory.ahead(stretch)) + dense[days], axis=1)
    wide = np.where(np.isfinite(ladder(returns)[days]), np.log(stretch.run.deviation[days]), 0.0)
    return mixed - wide.sum(axis=1)


def _judged(near: Array, next_day: Array, far: Array, ten_days: Array, height: Array, every: int) -> Scores:
    """near, far [target, 2, level, day] and what came [day, target]."""
    parts, passed, rate = [], np.zeros((2, len(LEVELS)), int), np.zeros((2, len(LEVELS)))
    for h, (made, came) in enumerate(((near, next_day), (far, ten_days))):
        score = np.zeros((len(came), len(LEVELS)))
        for t, (var, es) in enumerate(made):
            for a, level in enumerate(LEVELS):
                bounded = np.maximum(es[a], LEAST)
                score[:, a] += backtest.fz0_score(came[:, t], var[a], bounded, level=level) / len(made)
                hit = backtest.hits(came[:, t], var[a])
                passed[h, a] += covered(hit, level, overlapping=h == 1 and every < HORIZON)
                rate[h, a] += hit.mean() / len(made)
        parts.append(score)
    return Scores(*parts, height, passed, rate, len(near), every)


def covered(hit: Array, level: str, *, overlapping: bool) -> bool:
    """Whether coverage is not rejected: by Kupiec, or for sums that overlap as the backtest does."""
    if not overlapping:
        return backtest.kupiec(hit, level=level).p_value > PASSED
    return against(hit, 1 - float(level), HORIZON + REACH).p_value > PASSED


def criterion(scores: Scores) -> float:
    """Mean of the six scores: two horizons, three levels."""
    return float((scores.one.mean() + scores.ten.mean()) / 2)


@dataclass(frozen=True)
class Difference:
    """A mean difference with its 95 % interval; negative where the first is better."""

    mean: float
    low: float
    high: float


def between(one: Array, other: Array, reach: int) -> Difference:
    """Diebold and Mariano's interval of the mean of one - other [time]; nan where they are the same."""
    verdict = backtest.diebold_mariano(one, other, horizon=min(reach, len(one) - 1))
    mean = float((one - other).mean())
    if not np.isfinite(verdict.statistic) or verdict.statistic == 0:
        return Difference(mean, np.nan, np.nan)
    half = abs(mean / verdict.statistic) * float(student.ppf(0.975, len(one) - 1))
    return Difference(mean, mean - half, mean + half)


def behind(one: Scores, other: Scores) -> Difference:
    """Difference of the criterion, by blocks of BLOCK days; neighbours may be correlated."""
    return between(_blocks(one), _blocks(other), 2)


def likelier(one: Scores, other: Scores) -> Difference:
    """Difference of the log density a day; positive where the first is likelier, nan where one has none."""
    if not (np.isfinite(one.height).all() and np.isfinite(other.height).all()):
        return Difference(np.nan, np.nan, np.nan)
    return between(one.height, other.height, REACH)


def _blocks(scores: Scores) -> Array:
    """The criterion of each whole block of days [block]."""
    wide = BLOCK // scores.every
    count = min(len(scores.one) // BLOCK, len(scores.ten) // wide)
    near = scores.one[: count * BLOCK].mean(axis=1).reshape(count, BLOCK).mean(axis=1)
    far = scores.ten[: count * wide].mean(axis=1).reshape(count, wide).mean(axis=1)
    return (near + far) / 2
