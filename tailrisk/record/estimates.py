"""One place for the figures a record is made of: a mean, a paired difference, an ES, each with its interval.

Of arrays [path] or of what a stream retains; a loss is at most all of the starting NAV, and so is the end
of its interval.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ..tail import (
    Interval,
    Moments,
    Worst,
    expected_shortfall,
    expected_shortfall_interval,
    mean_interval,
)
from ..tail import value_at_risk as at_risk
from ..tail.interval import hall_bounds
from ..tail.sample import Level, exact_level, normal_quantile

Array = NDArray[np.float64]
LARGEST_LOSS = 1.0
"""Of starting NAV: a fund's NAV ends at zero, what is lost beyond is its broker's."""
BATCHES = 10
Change = tuple[float, float, float]
"""(difference, low, high)."""


@dataclass(frozen=True)
class Figure:
    """An estimate between its bounds; `saturated`: it is the largest there can be, or an edge."""

    estimate: float
    low: float
    high: float
    saturated: bool = False
    tail_points: float = np.nan
    indicative: bool = False


def bounded(interval: Interval, most: float = LARGEST_LOSS) -> Figure:
    """An interval that ends where the figure must: at `most`, infinite for one that has no bound."""
    estimate = float(interval.estimate)
    return Figure(
        estimate,
        min(float(interval.low), most),
        max(min(float(interval.high), most), estimate),
        bool(estimate >= most * (1 - 1e-6)),
        float(interval.tail_points),
        bool(interval.indicative),
    )


def mean(values: Array | Moments, *, confidence: float, most: float = np.inf) -> Figure:
    """A mean over paths [path], or of their moments, no bound beyond `most`."""
    if isinstance(values, Moments):
        return bounded(values.mean_interval(confidence=confidence), most)
    return bounded(mean_interval(values, confidence=confidence), most)


def difference(one: Array, other: Array, *, confidence: float) -> Figure:
    """The mean of one less other [path], path by path: what they have in common leaves the interval."""
    return mean(np.asarray(one, np.float64) - np.asarray(other, np.float64), confidence=confidence)


def half_width(values: Array, *, confidence: float = 0.95) -> float:
    """Half the normal interval of a mean over paths [path], z s / sqrt(n): the ± beside it in a table."""
    return float(normal_quantile(confidence) * values.std(ddof=1) / np.sqrt(len(values)))


def shortfall(loss: Array | Worst, *, level: float, confidence: float) -> Figure:
    """ES of a loss [path]; of a stream, saturated too where many of its worst paths lose the same.

    InputError: a level the paths cannot support.
    """
    if isinstance(loss, Worst):
        found = bounded(loss.expected_shortfall_interval(level=level, confidence=confidence))
        return replace(found, saturated=found.saturated or loss.saturated(level))
    return bounded(expected_shortfall_interval(loss, level=level, confidence=confidence))


def beyond(loss: Array, var: float, level: Level) -> Array:
    """(L - v)+ / (1 - a) of every loss [path], v the VaR: a path's part in ES, but for v."""
    return np.asarray(np.maximum(loss - var, 0.0) / float(1 - exact_level(level)))


def pulls(loss: Array, level: Level) -> Array:
    """v + (L - v)+ / (1 - a) [path]: its mean is ES, and its spread that of the estimate of ES.

    So a difference of two ES over the same paths has the spread of the difference of their pulls: what the
    paths have in common leaves it (Rockafellar & Uryasev, 2000). InputError: a level that is none.
    """
    var = float(at_risk(loss, level=level))
    return var + beyond(loss, var, level)


def shortfall_change(after: Array, before: Array, *, level: Level, confidence: float) -> Change:
    """ES(after) - ES(before) of the same paths [path], its interval from the difference of influences.

    The influence of a path on ES is its pull less ES. InputError: a level that is none.
    """
    parts, values = [], []
    for loss in (after, before):
        es = expected_shortfall(loss, level=level)
        parts.append(pulls(loss, level) - es)
        values.append(es)
    change = float(values[0] - values[1])
    low, high = hall_bounds(change, (parts[0] - parts[1]) / len(after), confidence)
    return change, low, high


def odds_change(after: Array, before: Array, *, confidence: float) -> Change:
    """P(after) - P(before) of an event on the same paths [path], of ones and zeros, with its interval."""
    moved = after - before
    change = float(moved.mean())
    low, high = hall_bounds(change, (moved - change) / len(moved), confidence)
    return change, low, high


def value_at_risk(loss: Worst, *, level: float, confidence: float) -> Figure:
    """VaR of a loss."""
    return bounded(loss.value_at_risk_interval(level=level, confidence=confidence))


def quantile(loss: Array, level: float, *, confidence: float) -> Figure:
    """A quantile over funds and paths [fund, path], paths in batches for Student's interval."""
    parts = [np.quantile(part, level) for part in np.array_split(loss, BATCHES, axis=1)]
    half = float(stdtrit(BATCHES - 1, (1 + confidence) / 2)) * np.std(parts, ddof=1) / np.sqrt(BATCHES)
    value = float(np.quantile(loss, level))
    return Figure(value, value - half, max(min(value + half, LARGEST_LOSS), value))


def plain(value: float) -> Figure:
    """A figure without an interval."""
    return Figure(float(value), np.nan, np.nan)


def negative(interval: Figure) -> Figure:
    """A gain as a loss."""
    return Figure(0.0 - interval.estimate, 0.0 - interval.high, 0.0 - interval.low)


def shifted(interval: Figure, by: float) -> Figure:
    """A figure plus what is certain."""
    return Figure(interval.estimate + by, interval.low + by, interval.high + by)
