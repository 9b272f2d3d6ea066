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
from .measure import FALL, Array, Books, Weather, around, grown, inner, routs, spared


@dataclass(frozen=True)
class Legs:
    """What a book is long and short of [bucket], over NAV: its excess, or its NAV where it is hedged."""

    long: Array
    short: Array

    @property
    def net(self) -> Array:
        """Long less short [bucket]."""
        return self.long - self.short

    def over(self, days: Array) -> float:
        """Return of the long side less that of the short one over days [day, bucket], in per cent."""
        return float(100 * (grown(days) @ self.net))


def legs(config: Config) -> dict[str, Legs]:
    """Every bucket of a config, and every product that is a book of buckets, by its name in the config."""
    names, found = config.names, {}
    nothing = np.zeros(len(names.buckets))
    for bucket in names.buckets:
        found[bucket] = Legs(_row({bucket: 1.0}, names), nothing)
    for name, product in config.products.items():
        weights = getattr(product, "weights", None)
        if weights:
            size = getattr(product, "long", 1.0)
            against = _against(product, names)
            found[name] = Legs(size * _row(weights, names), size * _row(against, names))
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
    for name, leg in legs(config).items():
        found = [leg.over(days) for days in simulated]
        low, median, high = inner(found).values()
        then = inner([leg.over(days) for days in past])["median"]
        inside = bool(np.isnan(then) or low <= then <= high)
        rows.append((_label(name, config), then, low, median, high, inside, len(found), len(past)))
    columns = ["of", "history", "low", "median", "high", "inside", "routs", "past"]
    return pd.DataFrame(rows, columns=columns)


def _label(name: str, config: Config) -> str:
    """What a bucket or a product is called on a page."""
    product = config.products.get(name)
    return config.names.label(name) if product is None else product.label


def _spared(weather: Weather, books: Books) -> list[Array]:
    """The nine days [day, bucket] of every rout that spares the large."""
    found = [around(weather.returns[path], day) for path, day in routs(weather.returns, books, FALL)]
    return spared(found, books)
