"""The statistics a model of returns is judged by, of one history or of many at once.

Nine series of a ladder of five buckets (the large one, the smallest, each less the next larger, the others
less the large one), 43 statistics each; pairs of them, four each; days of extreme z. 419 in all. Log returns
but for z, which is of simple returns as the events are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.calendar import YEAR
from ...core.names import Names

Array = NDArray[Any]

QUANTILES = (0.001, 0.005, 0.01, 0.025, 0.05, 0.99)
HORIZONS = (1, 3, 20, 60)
RATIOS = (3, 20, 60)
DRAWDOWNS = (60, 250)
ABSOLUTE = ((1, 1), (2, 10), (11, 30), (31, 60))
"""Lags, first and last, over which the autocorrelation of |r - mean| is averaged."""
SQUARED = ((1, 1), (2, 20), (21, 60))
TAIL = 0.025
WINDOW = 250


@dataclass(frozen=True)
class Statistic:
    """One statistic of every history."""

    series: str
    family: str
    name: str
    value: Array  # [history]


class Watched(NamedTuple):
    """The buckets that are looked at: the large one, one beside it, the smallest."""

    large: str
    middle: str
    last: str

    @property
    def spreads(self) -> tuple[str, ...]:
        """The buckets compared with the large one, each once."""
        return tuple(b for b in dict.fromkeys(self[1:]) if b != self.large)


def by_place(buckets: tuple[str, ...]) -> Watched:
    """The first, the third and the last, of buckets without roles."""
    return Watched(buckets[0], buckets[min(2, len(buckets) - 1)], buckets[-1])


def by_role(market: Names) -> Watched:
    """The buckets that play `large`, `spread` and `micro` in a market; by place where nobody does."""
    roles = ("large", "spread", "micro")
    return Watched(*(market.role(r) or b for r, b in zip(roles, by_place(market.buckets), strict=True)))


def statistics(returns: Array, buckets: tuple[str, ...], watched: Watched | None = None) -> list[Statistic]:
    """All of them, of log returns [day, bucket, history]; a bucket missing at first is NaN until it begins.

    A history of the data is one of many: [day, bucket, 1]. Series of a bucket that begins late begin with it.
    `watched`: by place where not given.
    """
    seen = watched or by_place(buckets)
    found = [one for name in names(buckets, seen) for one in alone(name, begun(returns, buckets, name))]
    found += [one for pair in pairs(buckets, seen) for one in together(returns, buckets, *pair)]
    return [*found, *extremes(returns, buckets, seen)]


def names(buckets: tuple[str, ...], watched: Watched | None = None) -> list[str]:
    """Series as "last", or "small-large" for a spread; none is another with its sign turned."""
    large, _, last = watched or by_place(buckets)
    steps = [f"{small}-{bigger}" for bigger, small in pairwise(buckets)]
    spreads = [f"{b}-{large}" for b in buckets if b != large and f"{large}-{b}" not in steps]
    return list(dict.fromkeys([large, last, *steps, *spreads]))


def pairs(buckets: tuple[str, ...], watched: Watched | None = None) -> list[tuple[str, str]]:
    """Series whose tails are looked at together: spreads with the market, and steps of the ladder."""
    seen = watched or by_place(buckets)
    steps = [f"{small}-{large}" for large, small in pairwise(buckets)]
    found = [(f"{b}-{seen.large}", seen.large) for b in seen.spreads]
    chosen = [(0, 1), (1, len(steps) - 1), (len(steps) - 2, len(steps) - 1)]
    return found + list(dict.fromkeys((steps[i], steps[j]) for i, j in chosen if 0 <= i < j < len(steps)))


def combined(returns: Array, buckets: tuple[str, ...], name: str) -> Array:
    """Log returns of a series [day, history], NaN where missing."""
    small, _, large = name.partition("-")
    one = returns[:, buckets.index(small)]
    return one - returns[:, buckets.index(large)] if large else one


def begun(returns: Array, buckets: tuple[str, ...], name: str) -> Array:
    """Log returns of a series [day, history] from its first day on."""
    series = combined(returns, buckets, name)
    return series[int(np.isfinite(series[:, 0]).argmax()) :]


def alone(series: str, r: Array) -> Iterator[Statistic]:
    """The 43 of one series [day, history]."""

    def one(family: str, name: str, value: Array) -> Statistic:
        return Statistic(series, family, name, value)

    centred = r - r.mean(axis=0)
    sd = centred.std(axis=0)
    yield one("moments", "standard deviation", sd)
    yield one("moments", "skewness", (centred**3).mean(axis=0) / sd**3)
    yield one("moments", "kurtosis", (centred**4).mean(axis=0) / sd**4)
    yield one("trends", "autocorrelation of r at lag 1", correlations(r, r, 1)[0])
    for label, size, spans in (("|r|", np.abs(centred), ABSOLUTE), ("r^2", centred**2, SQUARED)):
        at = correlations(size, size, spans[-1][1])
        for low, high in spans:
            lags = f"lag {low}" if low == high else f"lags {low}-{high}"
            yield one(
                "volatility clusters", f"autocorrelation of {label}, {lags}", at[low - 1 : high].mean(axis=0)
            )
    yield one("leverage", "r with later |r|, lags 1-5", correlations(r, np.abs(centred), 5).mean(axis=0))
    for days in HORIZONS:
        for share, value in zip(QUANTILES, np.quantile(sums(r, days), QUANTILES, axis=0), strict=True):
            yield one(f"quantiles, {days} d", f"{100 * share:g} % quantile over {days} d", value)
    for days in RATIOS:
        ratio = sums(r, days).var(axis=0) / (days * r.var(axis=0))
        yield one("trends", f"variance ratio, {days} d", ratio)
    for days in DRAWDOWNS:
        fall = drawdowns(r, days)
        yield one("drawdowns", f"median drawdown in {days} d", np.median(fall, axis=0))
        yield one("drawdowns", f"90 % drawdown in {days} d", np.quantile(fall, 0.9, axis=0))


def together(returns: Array, buckets: tuple[str, ...], first: str, second: str) -> Iterator[Statistic]:
    """Correlation of two series, and shares of days on which both are in a tail."""
    x, y = (combined(returns, buckets, name) for name in (first, second))
    both = np.isfinite(x[:, 0]) & np.isfinite(y[:, 0])
    x, y = x[both], y[both]
    series = f"{first} with {second}"
    centred = x - x.mean(axis=0), y - y.mean(axis=0)
    yield Statistic(
        series,
        "pairs",
        "correlation",
        (centred[0] * centred[1]).mean(axis=0) / (x.std(axis=0) * y.std(axis=0)),
    )
    low, high = ([np.quantile(one, share, axis=0) for one in (x, y)] for share in (TAIL, 1 - TAIL))
    yield Statistic(series, "pairs", "both in the lower tail", ((x <= low[0]) & (y <= low[1])).mean(axis=0))
    yield Statistic(series, "pairs", "both in the upper tail", ((x >= high[0]) & (y >= high[1])).mean(axis=0))
    yield Statistic(series, "pairs", "lower with upper tail", ((x <= low[0]) & (y >= high[1])).mean(axis=0))


def extremes(returns: Array, buckets: tuple[str, ...], watched: Watched) -> Iterator[Statistic]:
    """Days in ten years on which z of a spread to the large bucket is beyond a threshold."""
    large, middle, last = watched
    asked = {middle: ((-3, -4, -5, -7), (3, 4, 5)), last: ((-4, -5, -7), (4, 5))}
    for small in watched.spreads:
        falls, rises = asked[small]
        spread = np.expm1(returns[:, buckets.index(small)]) - np.expm1(returns[:, buckets.index(large)])
        z = standardised(spread[int(np.isfinite(spread[:, 0]).argmax()) :])
        ten = 10 * YEAR / len(z)
        for threshold in (*falls, *rises):
            hit = z <= threshold if threshold < 0 else z >= threshold
            label = f"z <= {threshold}" if threshold < 0 else f"z >= {threshold}"
            yield Statistic(
                f"{small}-{large}", "extreme days", f"{label}, days in ten years", ten * hit.sum(axis=0)
            )


def sums(r: Array, days: int) -> Array:
    """Overlapping sums over `days` [day, history]."""
    total = np.concatenate([np.zeros_like(r[:1]), np.cumsum(r, axis=0)])
    return total[days:] - total[:-days]


def correlations(x: Array, y: Array, lags: int) -> Array:
    """Correlation of x with y later by 1 .. lags days [lag, history], both about their means."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    scale = len(x) * x.std(axis=0) * y.std(axis=0)
    return np.stack([(x[:-k] * y[k:]).sum(axis=0) for k in range(1, lags + 1)]) / scale


def drawdowns(r: Array, days: int) -> Array:
    """Largest fall of the sum from its peak in each window of `days`, none overlapping [window, history]."""
    count = len(r) // days
    path = np.cumsum(r[: count * days].reshape(count, days, -1), axis=1)
    path = np.concatenate([np.zeros_like(path[:, :1]), path], axis=1)
    return (np.maximum.accumulate(path, axis=1) - path).max(axis=1)


def standardised(x: Array) -> Array:
    """(x_t - mean) / sd of the WINDOW days before [day, history]."""
    one = np.concatenate([np.zeros_like(x[:1]), np.cumsum(x, axis=0)])
    two = np.concatenate([np.zeros_like(x[:1]), np.cumsum(x * x, axis=0)])
    total, square = one[WINDOW:-1] - one[: -WINDOW - 1], two[WINDOW:-1] - two[: -WINDOW - 1]
    mean = total / WINDOW
    return (x[WINDOW:] - mean) / np.sqrt((square - total * mean) / (WINDOW - 1))
