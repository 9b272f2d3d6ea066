"""Statistics beyond the 419: falls that come together, drawdowns that do, and how long stress lasts.

All are functions of returns alone, so that every law is asked the same: stress is where the common variance,
the decay-.94 mean of squared factors over their own variances (market/memory.py), stands at twice its mean.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.calendar import YEAR
from ...market.memory import BANDS, COMMON
from .statistics import Statistic, by_place, drawdowns, sums

Array = NDArray[Any]

TAILS = (0.05, 0.01)
DAYS = 5
WINDOWS = (60, 250)
QUARTER = 0.25
FEWEST = 4
"""Windows of a history: fewer have no worst quarter."""


def further(
    returns: Array, buckets: tuple[str, ...], watched: tuple[str, ...] | None = None
) -> list[Statistic]:
    """All of them, of log returns [day, bucket, history], as `statistics`; `watched`: by place if None."""
    pairs = chosen(watched or by_place(buckets))
    found = [one for first, second in pairs for one in dependence(returns, buckets, first, second)]
    found += [one for first, second in pairs for one in drawn_down(returns, buckets, first, second)]
    return [*found, *spells(common(returns))]


def chosen(watched: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs of the watched buckets: the large, the middle and the micro one, each once."""
    return list(combinations(dict.fromkeys(watched), 2))


def dependence(returns: Array, buckets: tuple[str, ...], first: str, second: str) -> Iterator[Statistic]:
    """P(one below its quantile | the other below its own), over a day and over DAYS; Joe (1997), 2.1.10."""
    x, y = _both(returns, buckets, first, second)
    series = f"{second} with {first}"
    for days in (1, DAYS):
        one, other = sums(x, days), sums(y, days)
        for tail in TAILS:
            low = (one <= np.quantile(one, tail, axis=0)) & (other <= np.quantile(other, tail, axis=0))
            name = f"chance of both in the worst {100 * tail:g} % over {days} d, given one"
            yield Statistic(series, "lower tail dependence", name, low.mean(axis=0) / tail)


def drawn_down(returns: Array, buckets: tuple[str, ...], first: str, second: str) -> Iterator[Statistic]:
    """Drawdowns in the same windows: rank correlation, and how often both are among the worst quarter."""
    x, y = _both(returns, buckets, first, second)
    for days in (days for days in WINDOWS if len(x) >= FEWEST * days):
        one, other = (ranked(drawdowns(z, days)) for z in (x, y))
        centred = one - one.mean(axis=0), other - other.mean(axis=0)
        scale = np.sqrt((centred[0] ** 2).sum(axis=0) * (centred[1] ** 2).sum(axis=0))
        series = f"{second} with {first}"
        name = f"rank correlation of drawdowns in {days} d"
        yield Statistic(series, "co-drawdowns", name, (centred[0] * centred[1]).sum(axis=0) / scale)
        worst = (one >= (1 - QUARTER) * len(one)) & (other >= (1 - QUARTER) * len(other))
        name = f"chance of both in the worst quarter in {days} d, given one"
        yield Statistic(series, "co-drawdowns", name, worst.mean(axis=0) / QUARTER)


def common(returns: Array) -> Array:
    """The common variance over its mean after each day [day, history]."""
    factor = np.concatenate([returns[:, :1], np.diff(returns, axis=1)], axis=1)
    ratio = (factor - np.nanmean(factor, axis=0)) ** 2 / np.nanvar(factor, axis=0)
    size, now = np.nanmean(ratio, axis=1), np.ones(returns.shape[2])
    out = np.empty_like(size)
    for t, one in enumerate(size):
        now = COMMON * now + (1 - COMMON) * one
        out[t] = now
    return out


def spells(size: Array) -> Iterator[Statistic]:
    """How often and how long the market is uneasy or in stress, of its common variance [day, history]."""
    for label, level in zip(("uneasy", "in stress"), BANDS, strict=True):
        there = size >= level
        begun = (there[1:] & ~there[:-1]).sum(axis=0) + there[0]
        ten, count = 10 * YEAR / len(size), np.maximum(begun, 1)
        about = ("common variance", "spells of stress")
        yield Statistic(*about, f"share of days {label}", there.mean(axis=0))
        yield Statistic(*about, f"spells {label} in ten years", ten * begun)
        yield Statistic(*about, f"mean days of a spell {label}", there.sum(axis=0) / count)
        yield Statistic(*about, f"longest spell {label}, days", longest(there))


def longest(there: Array) -> Array:
    """Longest run of true values [history] of flags [day, history]."""
    now = best = np.zeros(there.shape[1])
    for today in there:
        now = np.where(today, now + 1, 0.0)
        best = np.maximum(best, now)
    return best


def ranked(values: Array) -> Array:
    """Ranks from 0 along the first axis."""
    return values.argsort(axis=0).argsort(axis=0)


def _both(returns: Array, buckets: tuple[str, ...], first: str, second: str) -> tuple[Array, Array]:
    x, y = (returns[:, buckets.index(name)] for name in (first, second))
    there = np.isfinite(x[:, 0]) & np.isfinite(y[:, 0])
    return x[there], y[there]
