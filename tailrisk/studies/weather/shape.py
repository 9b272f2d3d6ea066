"""The shape of routs: what the ladder and the config's books do around those that spare the large.

A rout is a fall of the smallest bucket of 20 % in three days; one spares the large where that stays above
-4 % over the nine days that end on the day after it, as in February 2024, whose nine days are 26 January to
8 February. Books are remade at their weights at the first close, futures at their index: no basis, interest,
fee or margin call.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...config import Config
from ...core.names import Names
from .measure import Array, Books, Weather, around, grown, routs, spared

FALL = 20
"""Per cent by which the smallest bucket falls in three days."""
INNER = (0.1, 0.9)
"""Quantiles between which history's routs are looked for."""


@dataclass(frozen=True)
class Legs:
    """What a book is long and short of [bucket], over NAV: its excess, or its NAV where it is hedged."""

    long: Array
    short: Array

    def over(self, days: Array) -> float:
        """Return of the long side less that of the short one over days [day, bucket], in per cent."""
        return float(100 * (grown(days) @ (self.long - self.short)))


def legs(config: Config) -> dict[str, Legs]:
    """Every product of a config that is a book of buckets, by its label."""
    names, found = config.names, {}
    for product in config.products.values():
        weights = getattr(product, "weights", None)
        if weights:
            size = getattr(product, "long", 1.0)
            against = _against(product, names)
            found[product.label] = Legs(size * _row(weights, names), size * _row(against, names))
    return found


def _against(product: object, names: Names) -> dict[str, float]:
    """Weights by bucket of what a book is judged by: its index, or those that its futures are written on."""
    hedge = getattr(product, "hedge", {})
    if not hedge:
        benchmark = getattr(product, "benchmark", "cash")
        return {} if benchmark == "cash" else {benchmark: 1.0}
    found: dict[str, float] = {}
    for future, weight in hedge.items():
        bucket = names.buckets[names.underlying[names.future(future)]]
        found[bucket] = found.get(bucket, 0.0) + weight
    return found


def _row(weights: dict[str, float], names: Names) -> Array:
    return np.array([weights.get(bucket, 0.0) for bucket in names.buckets])


def shape(weather: Weather, config: Config, books: Books, history: Weather | None = None) -> pd.DataFrame:
    """A row a bucket and a book: median, 10 and 90 % quantile over simulated routs that spare the large.

    Columns: of, history (the median of history's such routs; nan where there are none), low, median, high,
    inside (history within the two quantiles; so where there is none), routs, past (history's). Per cent.
    """
    simulated = _spared(weather, books)
    past = [] if history is None else _spared(history, books)
    rows = []
    for of, leg in _judged(config).items():
        found = [leg.over(days) for days in simulated]
        low, median, high = np.quantile(found, [INNER[0], 0.5, INNER[1]]) if found else [np.nan] * 3
        then = float(np.median([leg.over(days) for days in past])) if past else np.nan
        inside = bool(np.isnan(then) or low <= then <= high)
        rows.append((of, then, low, median, high, inside, len(found), len(past)))
    columns = ["of", "history", "low", "median", "high", "inside", "routs", "past"]
    return pd.DataFrame(rows, columns=columns)


def _judged(config: Config) -> dict[str, Legs]:
    names, nothing = config.names, np.zeros(len(config.names.buckets))
    own = {names.label(bucket): Legs(_row({bucket: 1.0}, names), nothing) for bucket in names.buckets}
    return own | legs(config)


def _spared(weather: Weather, books: Books) -> list[Array]:
    """The nine days [day, bucket] of every rout that spares the large."""
    found = [around(weather.returns[path], day) for path, day in routs(weather.returns, books, FALL)]
    return spared(found, books)
