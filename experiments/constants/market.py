"""The data in two markets: up to 2015 the four buckets that are old enough, from 2016 on all five."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tailrisk.calibrate.ladder import log_returns
from tailrisk.config import load
from tailrisk.core.names import home
from tailrisk.data.prices import read_prices
from tailrisk.studies.backtest.targets import Target, gains, targets
from tailrisk.studies.validate.statistics import Watched

from .variants import LIMITS

Array = np.ndarray
YOUNG = "csi2000"
"""The bucket without closes before 2014: to choose on it would be to choose on two years."""


@dataclass(frozen=True)
class Market:
    """Closes of some buckets, and what is forecast of them."""

    when: pd.DatetimeIndex  # [row]
    returns: Array  # [row, bucket]  log
    buckets: tuple[str, ...]
    aims: tuple[Target, ...]
    watched: Watched

    @property
    def limit(self) -> tuple[float, ...]:
        """[bucket]  of a day's simple move."""
        return tuple(LIMITS[b] for b in self.buckets)

    @property
    def gain(self) -> Array:
        """[row, target]."""
        return gains(self.aims, self.returns)

    @property
    def slopes(self) -> Array:
        """[target, bucket]."""
        return np.array([aim.slope for aim in self.aims])

    def until(self, last: str) -> "Market":
        """The days up to one, included."""
        count = int((self.when <= pd.Timestamp(last)).sum())
        return Market(self.when[:count], self.returns[:count], self.buckets, self.aims, self.watched)

    def row(self, first: str) -> int:
        """The first row of a day or later."""
        return int((self.when < pd.Timestamp(first)).sum())


def market(data: Path, last: str, *, young: bool) -> Market:
    """The closes up to a day; with CSI 2000 or without."""
    names = home()
    buckets = tuple(b for b in names.buckets if young or b != YOUNG)
    prices = read_prices(data, until=last)[list(buckets)]
    place = [names.buckets.index(b) for b in buckets]
    aims = tuple(without(aim, place) for aim in targets(load("base.toml")) if whole(aim, place))
    return Market(
        when=pd.DatetimeIndex(prices.index[1:]),
        returns=log_returns(prices.to_numpy()),
        buckets=buckets,
        aims=aims,
        watched=Watched("csi300", "csi1000", "micro"),
    )


def whole(aim: Target, place: list[int]) -> bool:
    """Whether a target needs no bucket but those at `place`."""
    other = np.setdiff1d(np.arange(len(aim.long)), place)
    return not (aim.long[other].any() or aim.short[other].any())


def without(aim: Target, place: list[int]) -> Target:
    """The target on the buckets at `place`."""
    return Target(aim.name, aim.label, aim.long[place], aim.short[place], aim.spread)
