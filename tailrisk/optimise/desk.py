"""What a desk's mandate adds: universe, industries, liquidity, hedge ratio, margin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..core import InputError
from .conic import Array
from .constraints import ActiveExposure, Rows, bounded, liquidity_cap, not_negative, trades, vector


@dataclass(frozen=True)
class Universe:
    """w = 0 outside the universe; members: [asset], true for those that may be held."""

    members: ArrayLike
    name: str = "universe"

    def rows(self, assets: int) -> Rows:
        inside = vector(self.name, "members", np.asarray(self.members, dtype=np.float64), assets)
        room = np.where(inside > 0, np.inf, 0.0)
        labels = tuple(f"asset {i}" for i in range(assets))
        return bounded(self.name, labels, sparse.eye_array(assets), -room, room)


@dataclass(frozen=True)
class Liquidity:
    """|w| nav <= days participation traded: every position can be sold within `days`.

    traded: [asset] yuan a day; nav: yuan; participation: share of the day's trading one may be.
    """

    traded: ArrayLike
    nav: float
    days: float
    participation: float
    name: str = "liquidity"

    def rows(self, assets: int) -> Rows:
        traded = not_negative(self.name, "traded", self.traded, assets)
        if not self.nav > 0 or not self.days > 0 or not 0 < self.participation <= 1:
            found = f"nav {self.nav}, days {self.days}, participation {self.participation}"
            raise InputError(self.name, found, "nav > 0, days > 0, 0 < participation <= 1")
        cap = liquidity_cap(traded, self.nav, self.days, self.participation)
        labels = tuple(f"asset {i}" for i in range(assets))
        return bounded(self.name, labels, sparse.eye_array(assets), -cap, cap)


@dataclass(frozen=True)
class HedgeRatio:
    """lower S <= F <= upper S: futures sold F over stocks held S, both as sums of weights.

    futures: [asset], true for index futures, whose weights are negative when sold; the others are stocks.
    """

    futures: ArrayLike
    lower: float = 1.0
    upper: float = 1.0
    name: str = "hedge ratio"

    def rows(self, assets: int) -> Rows:
        future = vector(self.name, "futures", np.asarray(self.futures, dtype=np.float64), assets) > 0
        if not (np.isfinite(self.lower) and self.lower <= self.upper < np.inf):
            raise InputError(self.name, f"lower {self.lower}, upper {self.upper}", "finite, lower <= upper")
        table = np.stack([np.where(future, -1.0, -self.lower), np.where(future, -1.0, -self.upper)])
        return bounded(self.name, ("least sold", "most sold"), table, [0.0, -np.inf], [np.inf, 0.0])


@dataclass(frozen=True)
class Margin:
    """sum_i rate_i |w_i| <= limit: what brokers and the exchange ask for, over NAV.

    rate: one number or [asset]: a financed stock's margin, a future's, zero for what needs none.
    """

    rate: ArrayLike
    limit: float = 1.0
    name: str = "margin"

    def rows(self, assets: int) -> Rows:
        rate = not_negative(self.name, "rate", self.rate, assets)
        return trades(self.name, np.zeros(assets), rate, "sum of margins", self.limit)


def industries(
    labels: Sequence[str], benchmark: ArrayLike, limit: float, name: str = "industry"
) -> ActiveExposure:
    """|active weight of an industry| <= limit, for each; labels: [asset] its industry."""
    names, place = np.unique(np.array(list(labels)), return_inverse=True)
    inside: Array = np.eye(len(names))[place]
    return ActiveExposure(inside, tuple(map(str, names)), -limit, limit, benchmark, name)
