"""Statistics of ordinary weather: excess of books, routs of the small, stages of the state, by the year.

From daily returns of the buckets, simulated or real. A book is remade daily at its weights, which over nine
days differs from holding it by less than its sampling error. Nine days: 26 January to 8 February 2024.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...core.calendar import YEAR

Array = np.ndarray[Any, np.dtype[np.float64]]
WINDOW, ROUT = 9, 3
"""Days of an excess, and of a fall of the smallest bucket."""
WATCHED = {"watched_z5": 5, "watched_z7": 7}
"""Days in ten years on which the watched spread falls by as many deviations, where an event watches it."""
FALL = 20
"""Per cent by which the smallest bucket falls in three days in a rout whose shape is looked at."""
INNER = {"q10": 0.1, "median": 0.5, "q90": 0.9}
"""Quantiles of what buckets and books do around those that spare the large, by the name of a statistic."""
APART = 20
"""Days between two falls that are counted as two."""


@dataclass(frozen=True)
class Books:
    """What is watched: books as weights over buckets and the bucket each is judged by; the ladder's roles."""

    weights: dict[str, tuple[Array, int]]
    large: int
    middle: int
    watched: int
    smallest: int
    shapes: Mapping[str, Array] = field(default_factory=dict)  # [bucket]  long less short over NAV


@dataclass(frozen=True)
class Weather:
    """Days as they were, [path, day, ...]; what only a crowd has is None for history."""

    returns: Array  # [path, day, bucket]  simple
    discount: Array | None = None  # [path, day]  annualised, of the watched future at a month; positive
    fired: Array | None = None  # [path, stage]  times a stage fired
    spent: Array | None = None  # [path]  by the state, over all days
    z: Array | None = None  # [path, day]  of the watched bucket less the large; None where nothing watches it


def statistics(weather: Weather, books: Books) -> dict[str, float]:
    """Every statistic by name; returns and excess in percent, counts by the year or as the name says."""
    returns = weather.returns
    years = returns.shape[0] * returns.shape[1] / YEAR
    seen = {**_excess(returns, books), **_routs(returns, books, years), **_volatility(returns, books)}
    if weather.discount is not None:
        seen["discount_days"] = 100 * float((weather.discount > 0.25).mean())
    if weather.fired is not None:
        for stage, times in enumerate(weather.fired.sum(axis=0), 1):
            seen[f"stage_{stage}_per_decade"] = 10 * float(times) / years
    if weather.z is not None:
        for name, depth in WATCHED.items():
            seen[name] = 10 * YEAR * float((weather.z <= -depth).mean())
    if weather.spent is not None:
        seen["spent_in_60_days"] = 60 * float(weather.spent.mean()) / returns.shape[1]
    return seen


def windows(returns: Array, days: int) -> Array:
    """Simple returns over every run of `days` days [path, window, ...], from daily ones [path, day, ...]."""
    wealth = np.cumsum(np.log1p(returns), axis=1)
    wealth = np.concatenate([np.zeros_like(wealth[:, :1]), wealth], axis=1)
    return np.expm1(wealth[:, days:] - wealth[:, :-days])


def excess(returns: Array, weights: Array, benchmark: int) -> Array:
    """Return of a book over its benchmark's [path, window] over nine days, in percent."""
    return 100 * (windows(returns @ weights, WINDOW) - windows(returns[:, :, benchmark], WINDOW))


def spells(low: Array) -> list[tuple[int, int]]:
    """(path, day) of the deepest of each run of marked days [path, day], 20 days apart; nan is unmarked."""
    found = []
    for path in np.flatnonzero(np.isfinite(low).any(axis=1)):
        marked = np.flatnonzero(np.isfinite(low[path]))
        for run in np.split(marked, np.flatnonzero(np.diff(marked) > APART) + 1):
            found.append((int(path), int(run[np.argmin(low[path, run])])))
    return found


def _excess(returns: Array, books: Books) -> dict[str, float]:
    seen: dict[str, float] = {}
    for name, (weights, benchmark) in books.weights.items():
        over = excess(returns, weights, benchmark)
        seen[f"{name}_sd"] = float(over.std())
        seen[f"{name}_q01"], seen[f"{name}_q001"] = map(float, np.quantile(over, [0.01, 0.001]))
        worst = _by_year(over).min(axis=1)
        seen[f"{name}_years_below_5"] = float((worst <= -5).mean())
        seen[f"{name}_years_below_3"] = float((worst <= -3).mean())
    middle, smallest = (windows(returns[:, :, bucket], WINDOW) for bucket in (books.middle, books.smallest))
    siphon = 100 * (middle - smallest)
    seen["siphon_q99"], seen["siphon_q999"] = map(float, np.quantile(siphon, [0.99, 0.999]))
    seen["siphon_years_above_15"] = float((_by_year(siphon).max(axis=1) > 15).mean())
    return seen


def routs(returns: Array, books: Books, depth: float) -> list[tuple[int, int]]:
    """(path, first day) of the deepest three days of each fall of the smallest bucket by `depth` %."""
    fall = windows(returns[:, :, books.smallest], ROUT)
    return spells(np.where(fall <= -depth / 100, fall, np.nan))


def spared(days: list[Array], books: Books) -> list[Array]:
    """Those of some runs of days [day, bucket] over which the large bucket stays above -4 %."""
    return [run for run in days if grown(run[:, books.large]) > -0.04]


def _routs(returns: Array, books: Books, years: float) -> dict[str, float]:
    fall = windows(returns[:, :, books.smallest], ROUT)
    seen = {}
    for depth in (15, 20, 25):
        runs = routs(returns, books, depth)
        seen[f"rout_{depth}"] = len(runs) / years
        near = [around(returns[path], day) for path, day in runs]
        deep = -100 * np.array([fall[run] for run in runs])
        seen[f"rout_{depth}_mean"] = float(deep.mean()) if runs else float("nan")
        seen[f"rout_{depth}_beyond_35"] = float((deep >= 35).mean()) if runs else float("nan")
        calm = spared(near, books)
        seen[f"rout_{depth}_large_stays"] = len(calm) / len(near) if near else float("nan")
        for name, (weights, benchmark) in books.weights.items():
            over = [100 * (grown(days @ weights) - grown(days[:, benchmark])) for days in calm]
            seen[f"rout_{depth}_large_stays_{name}"] = float(np.median(over)) if over else float("nan")
        if depth == FALL:
            seen |= _shapes(calm, books)
    return seen


def _shapes(calm: Sequence[Array], books: Books) -> dict[str, float]:
    """Quantiles over the nine days [day, bucket] of routs that spare the large; nan where there are none."""
    seen: dict[str, float] = {}
    for name, net in books.shapes.items():
        over = [100 * float(grown(days) @ net) for days in calm]
        seen |= {f"spared_{name}_{where}": value for where, value in inner(over).items()}
    return seen


def inner(values: Sequence[float]) -> dict[str, float]:
    """The quantiles of INNER by name; nan where there are no values."""
    return {
        name: float(np.quantile(values, level)) if values else float("nan") for name, level in INNER.items()
    }


def around(returns: Array, window: int) -> Array:
    """The nine days [day, bucket] that end the day after the three of a rout, as in February 2024."""
    end = min(window + ROUT + 1, len(returns))
    return returns[max(end - WINDOW, 0) : end]


def grown(returns: Array) -> Array:
    """What daily returns [day, ...] come to over all days [...]."""
    return np.asarray(np.prod(1 + returns, axis=0) - 1)


def _volatility(returns: Array, books: Books) -> dict[str, float]:
    large = returns[:, :, books.large]
    seen = {}
    for name, bucket in (("smallest", books.smallest), ("watched", books.watched)):
        yearly = _by_year(returns[:, :, bucket] - large).std(axis=1)
        seen[f"volatility_{name}"] = 100 * float(np.median(yearly) * np.sqrt(YEAR))
    return seen


def _by_year(series: Array) -> Array:
    """A series [path, day] cut into years of equal length [year, day], as near to whole ones as it has."""
    days = series.shape[1]
    count = max(round(days / YEAR), 1)
    edges = np.linspace(0, days, count + 1).astype(int)
    length = int(np.diff(edges).min())
    return np.concatenate([series[:, start : start + length] for start in edges[:-1]])
