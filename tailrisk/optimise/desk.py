"""What a desk's mandate adds: universe, industries, liquidity, hedge ratio, margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from ..core import InputError
from .arguments import many, number
from .conic import Array
from .constraints import ActiveExposure, Members, Rows, bounded, liquidity_cap, no_less_than_zero, trades
from .labels import Axis, axis, members, not_negative, vector


@dataclass(frozen=True)
class Universe:
    """w = 0 outside the universe; members: [asset], true for those that may be held, or their names.

    >>> Universe([True, False]).rows(2).upper
    array([inf,  0.])
    """

    members: Members
    name: str = "universe"

    def rows(self, assets: int) -> Rows:
        """A row an asset [asset, asset]. InputError: members that are neither flags nor names of assets."""
        room = np.where(members(self.name, "members", self.members, assets), np.inf, 0.0)
        return bounded(self.name, axis(assets).labels, sparse.eye_array(assets), -room, room)


@dataclass(frozen=True)
class Liquidity:
    """|w| nav <= days participation traded: every position can be sold within `days`.

    traded: [asset] yuan a day; nav: yuan; participation: most of the day's trading one may be, as a fraction.

    >>> Liquidity([1e8, 4e8], nav=1e9, days=5, participation=0.2).rows(2).upper.round(3)
    array([0.1, 0.4])
    """

    traded: ArrayLike
    nav: float
    days: float
    participation: float
    name: str = "liquidity"

    def rows(self, assets: int) -> Rows:
        """A row an asset [asset, asset].

        InputError: traded below zero, a nav, days or participation not above zero, a participation above one.
        """
        traded = not_negative(self.name, "traded", self.traded, assets)
        nav, days, part = (
            number(self.name, field, getattr(self, field), "above zero", 0.0, strict=True)
            for field in ("nav", "days", "participation")
        )
        if part > 1:
            raise InputError(self.name, f"participation {part:g}", "above 0, at most 1")
        cap = liquidity_cap(traded, nav, days, part)
        return bounded(self.name, axis(assets).labels, sparse.eye_array(assets), -cap, cap)


@dataclass(frozen=True)
class HedgeRatio:
    """lower S <= F <= upper S: futures sold F over stocks held S, both as sums of weights.

    futures: [asset], true for index futures, whose weights are negative when sold, or their names; the
    others are stocks.

    >>> HedgeRatio([False, True]).rows(2).matrix.toarray()
    array([[-1., -1.],
           [-1., -1.]])
    """

    futures: Members
    lower: float = 1.0
    upper: float = 1.0
    name: str = "hedge ratio"

    def rows(self, assets: int) -> Rows:
        """Two rows [2, asset], the least sold and the most.

        InputError: bounds not finite, or lower above upper.
        """
        future = members(self.name, "futures", self.futures, assets)
        low, high = (number(self.name, end, getattr(self, end), "finite") for end in ("lower", "upper"))
        if low > high:
            raise InputError(self.name, f"lower {low:g}, upper {high:g}", "finite, lower <= upper")
        table = np.stack([np.where(future, -1.0, -low), np.where(future, -1.0, -high)])
        return bounded(self.name, ("least sold", "most sold"), table, [0.0, -np.inf], [np.inf, 0.0])


@dataclass(frozen=True)
class Margin:
    """sum_i rate_i |w_i| <= limit: what brokers and the exchange ask for, over NAV.

    rate: one number or [asset]: a financed stock's margin, a future's, zero for what needs none.

    >>> Margin([0.0, 0.14], limit=0.5).rows(2).labels
    ('sum of margins', 'trade 1')
    """

    rate: ArrayLike
    limit: float = 1.0
    name: str = "margin"

    def rows(self, assets: int) -> Rows:
        """Rows [1 + asset, asset + 2 asset] over the assets with a rate.

        InputError: a rate or a limit below zero.
        """
        rate = not_negative(self.name, "rate", self.rate, assets)
        limit = no_less_than_zero(self.name, "limit", self.limit)
        return trades(self.name, np.zeros(assets), rate, axis(assets), "sum of margins", limit)


def industries(
    labels: Sequence[str] | Mapping[Any, str], benchmark: ArrayLike, limit: ArrayLike, name: str = "industry"
) -> ActiveExposure:
    """|active weight of an industry| <= limit, for each industry.

    labels: [asset] its industry, of a Series or a dict by name; benchmark: [asset]; limit: one number, or by
    industry in a Series or dict. InputError: an asset without an industry, a limit of other industries.

    >>> box = industries(["bank", "steel", "bank"], [0.5, 0.2, 0.3], 0.05)
    >>> box.rows(3).labels, box.rows(3).upper.round(3)
    (('bank', 'steel'), array([0.85, 0.25]))
    """
    row = pd.Series(dict(labels)) if isinstance(labels, Mapping) else labels
    if not isinstance(row, pd.Series):
        row = pd.Series(many(f"{name}: labels", labels, (), "an industry for each asset"), dtype=object)
    if row.isna().any():
        raise InputError(f"{name}: labels", f"{row.index[row.isna()][0]!r} has none", "one for each asset")
    if not len(row):
        raise InputError(f"{name}: labels", "are none", "an industry for each asset")
    names, place = np.unique(row.astype(str).to_numpy(dtype=str), return_inverse=True)
    inside: Array = np.eye(len(names))[place]
    said = tuple(map(str, names))
    named = isinstance(labels, pd.Series | Mapping)
    both = vector(name, "limit", limit, Axis(len(said), pd.Index(said), "industry"))
    exposure = pd.DataFrame(inside, row.index, list(said)) if named else inside
    return ActiveExposure(exposure, said, -both, both, benchmark, name)
