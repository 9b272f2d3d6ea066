"""Constraints of a desk: each a small object that says its rows, lower <= A w <= upper, and its name.

A row with a label can be named in a message and priced by its dual. Active means less the benchmark. Whatever
is [asset] may be a Series, or a dict, and is then matched by name (labels.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..core import InputError
from .arguments import many, number, plain
from .conic import Array, Cone, Curve, straight
from .labels import Axis, axis, members, not_negative, table, vector

Members = ArrayLike | Sequence[Any] | Mapping[Any, bool]


@dataclass(frozen=True)
class Rows:
    """lower <= matrix @ (w, t) <= upper, with `extra` variables t >= 0 of the constraint's own.

    labels: one text for each row; matrix: [row, asset + extra]; lower, upper: [row], may be infinite;
    charge: what the objective loses for each unit of every t; free: t of any sign instead; cone, curve: on
    (w, t), what else must hold and what else the objective loses.
    """

    labels: tuple[str, ...]
    matrix: sparse.csr_array
    lower: Array
    upper: Array
    extra: int = 0
    charge: Array | float = 0.0  # [extra]
    free: bool = False
    cone: Cone | None = None
    curve: Curve | None = None


class Constraint(Protocol):
    """Anything with a name that can say its rows for a number of assets: an Axis, if they have names.

    A constraint raises InputError from `rows`, naming itself, the field and the value: what has another
    shape, no number, names that are missing or there twice, or a lower bound above its upper.
    """

    @property
    def name(self) -> str:
        """What messages and prices call it."""

    def rows(self, assets: int) -> Rows:
        """Its rows [row, asset + extra]. InputError: fields that do not fit the assets."""


@dataclass(frozen=True)
class Budget:
    """lower <= sum w <= upper: the part of NAV invested; fully invested by default.

    >>> Budget(0.9, 1.0).rows(3).matrix.toarray()
    array([[1., 1., 1.]])
    """

    lower: float = 1.0
    upper: float = 1.0
    name: str = "budget"

    def rows(self, assets: int) -> Rows:
        """One row [1, asset]. InputError: a bound that is no number, lower above upper."""
        return bounded(self.name, ("sum of weights",), np.ones((1, assets)), self.lower, self.upper)


@dataclass(frozen=True)
class Positions:
    """lower <= w <= upper, each one number or [asset]; long-only without a cap by default.

    A universe is an upper of zero outside it; a liquidity limit is an upper of `liquidity_cap`.

    >>> Positions(0.0, [0.5, 0.3]).rows(2).upper
    array([0.5, 0.3])
    """

    lower: ArrayLike = 0.0
    upper: ArrayLike = np.inf
    name: str = "positions"

    def rows(self, assets: int) -> Rows:
        """A row an asset [asset, asset]. InputError: bounds that do not fit the assets, lower above upper."""
        low, high = (vector(self.name, end, getattr(self, end), assets) for end in ("lower", "upper"))
        return bounded(self.name, axis(assets).labels, sparse.eye_array(assets), low, high)


@dataclass(frozen=True)
class ActiveWeights:
    """|w - benchmark| <= limit, asset by asset; benchmark [asset], limit one number or [asset].

    >>> ActiveWeights([0.6, 0.4], 0.1).rows(2).upper.round(3)
    array([0.7, 0.5])
    """

    benchmark: ArrayLike
    limit: ArrayLike
    name: str = "active weights"

    def rows(self, assets: int) -> Rows:
        """A row an asset [asset, asset]. InputError: a benchmark of other assets, a limit below zero."""
        held = vector(self.name, "benchmark", self.benchmark, assets, holding=True)
        limit = not_negative(self.name, "limit", self.limit, assets)
        return bounded(self.name, axis(assets).labels, sparse.eye_array(assets), held - limit, held + limit)


@dataclass(frozen=True)
class ActiveExposure:
    """lower <= X' (w - benchmark) <= upper: the style box, or industries with X of zeros and ones.

    exposure: [asset, style] z-scores; styles: their names; lower, upper: one number or [style];
    benchmark: [asset], None for a box on the portfolio itself.

    >>> ActiveExposure([[1.0], [-1.0]], ["size"], -0.3, 0.3, benchmark=[0.6, 0.4]).rows(2).upper.round(3)
    array([0.5])
    """

    exposure: ArrayLike
    styles: Sequence[str]
    lower: ArrayLike
    upper: ArrayLike
    benchmark: ArrayLike | None = None
    name: str = "style exposure"

    def rows(self, assets: int) -> Rows:
        """A row a style [style, asset].

        InputError: exposures or a benchmark of another shape or other names.
        """
        names = many(f"{self.name}: styles", self.styles, (), "the names of the styles")
        styles = Axis(len(names), pd.Index(names), "style")
        loading = table(self.name, self.exposure, assets, styles, "[asset, style]")
        held = 0.0 if self.benchmark is None else self.benchmark
        centre = vector(self.name, "benchmark", held, assets, holding=True) @ loading
        lower, upper = (vector(self.name, end, getattr(self, end), styles) for end in ("lower", "upper"))
        return bounded(self.name, styles.labels, loading.T, centre + lower, centre + upper)


@dataclass(frozen=True)
class Group:
    """lower <= sum of w over the members <= upper: a sector, or the least weight in index constituents.

    members: [asset], true for those inside, or the names of those.

    >>> Group([True, False, True], upper=0.5).rows(3).matrix.toarray()
    array([[1., 0., 1.]])
    """

    members: Members
    lower: float = -np.inf
    upper: float = np.inf
    name: str = "group"

    def rows(self, assets: int) -> Rows:
        """One row [1, asset].

        InputError: members that are neither flags nor names of assets, lower above upper.
        """
        inside = members(self.name, "members", self.members, assets).astype(np.float64)
        return bounded(self.name, ("sum over members",), inside[None, :], self.lower, self.upper)


@dataclass(frozen=True)
class Turnover:
    """sum |w - previous| <= limit, buys and sells both counted; previous [asset].

    Rows: w = previous + b - s, sum (b + s) <= limit, with b and s >= 0 what is bought and sold of each.

    >>> Turnover([0.5, 0.5], 0.2).rows(2).labels
    ('sum of trades', 'trade 0', 'trade 1')
    """

    previous: ArrayLike
    limit: float
    name: str = "turnover"

    def rows(self, assets: int) -> Rows:
        """Rows [1 + asset, asset + 2 asset]: the sum, then each trade.

        InputError: a limit below zero, other assets.
        """
        limit = no_less_than_zero(self.name, "limit", self.limit)
        previous = vector(self.name, "previous", self.previous, assets, holding=True)
        return trades(self.name, previous, np.ones(assets), axis(assets), "sum of trades", limit)


@dataclass(frozen=True)
class TradingCost:
    """sum_i rate_i t_i + impact_i t_i^(3/2), t = |w - previous|: off alpha, or added to a risk minimised.

    previous: [asset]; rate: one number or [asset], as a fraction of what is traded; impact: likewise, of the
    square-root law (`impact_rate`).   Rows: w = previous + b - s, b and s >= 0; assets that cost nothing have
    none. Where a cost is infinite, as for a suspended stock, nothing is traded: w = previous.

    >>> TradingCost([0.5, 0.5], rate=[0.001, np.inf]).rows(2).labels
    ('trade 0', 'asset 1 cannot be traded')
    """

    previous: ArrayLike
    rate: ArrayLike
    impact: ArrayLike = 0.0
    name: str = "trading cost"

    def rows(self, assets: int) -> Rows:
        """A row a trade that costs, then those that cannot be [row, asset + 2 trade].

        InputError: a rate or an impact below zero, a previous weight of another asset.
        """
        previous = vector(self.name, "previous", self.previous, assets, holding=True)
        rate = not_negative(self.name, "rate", self.rate, assets)
        impact = not_negative(self.name, "impact", self.impact, assets)
        still = np.isinf(rate) | np.isinf(impact)
        dear = ~still & ((rate > 0) | (impact > 0))
        moved = trades(self.name, previous, dear, axis(assets))
        power = np.concatenate([np.zeros(assets), impact[dear], impact[dear]])
        curve = replace(straight(len(power)), power=power)
        moved = replace(moved, charge=np.tile(rate[dear], 2), curve=None if curve.flat else curve)
        return _untraded(moved, np.flatnonzero(still), previous, axis(assets))


def _untraded(rows: Rows, still: NDArray[np.intp], previous: Array, assets: Axis) -> Rows:
    """The rows, and w = previous for assets that cannot be traded."""
    if not len(still):
        return rows
    one = sparse.csr_array(
        (np.ones(len(still)), (np.arange(len(still)), still)), (len(still), rows.matrix.shape[1])
    )
    return replace(
        rows,
        labels=(*rows.labels, *(f"{assets.label(int(i))} cannot be traded" for i in still)),
        matrix=sparse.csr_array(sparse.vstack([rows.matrix, one])),
        lower=np.append(rows.lower, previous[still]),
        upper=np.append(rows.upper, previous[still]),
    )


def trades(
    name: str, previous: Array, counted: ArrayLike, assets: Axis, total: str = "", limit: float = np.inf
) -> Rows:
    """Rows w = previous + b - s for assets whose `counted` [asset] is not zero, previous [asset].

    Before them one row `total` for sum counted (b + s) <= limit where there is a limit; extra variables:
    every b, then every s. InputError: a limit that is nan or minus infinity.
    """
    weight = np.asarray(counted, dtype=np.float64)
    place = np.flatnonzero(weight)
    held = previous[place]
    one = sparse.eye_array(len(place))
    pick = sparse.csr_array((np.ones(len(place)), (np.arange(len(place)), place)), (len(place), len(weight)))
    matrix = sparse.hstack([pick, -one, one])
    labels = tuple(
        f"trade {i}" if assets.names is None else f"trade of {assets.label(int(i))}" for i in place
    )
    if not total:
        return bounded(name, labels, matrix, held, held, extra=2 * len(place))
    summed = np.concatenate([np.zeros(len(weight)), weight[place], weight[place]])
    lower, upper = np.append(-np.inf, held), np.append(limit, held)
    return bounded(
        name, (total, *labels), sparse.vstack([summed[None, :], matrix]), lower, upper, extra=2 * len(place)
    )


def impact_rate(volatility: ArrayLike, traded: ArrayLike, nav: float, strength: float = 1.0) -> Any:
    """strength volatility sqrt(nav / traded) [asset]: the square-root law per weight traded to the 3/2.

    A trade of w nav yuan moves the price by strength volatility sqrt(w nav / traded); Almgren et al. (2005),
    Toth et al. (2011). volatility: [asset] daily; traded: [asset] yuan a day; nav: yuan. Of two Series by
    name, a Series. Infinite where nothing is traded, as of a suspended stock.
    InputError: a value below zero or missing, names that differ.

    >>> impact_rate([0.02, 0.03], [1e8, 4e8], nav=1e8)
    array([0.02 , 0.015])
    """
    money = number("impact rate", "nav", nav, "yuan, above zero", 0.0, strict=True)
    factor = number("impact rate", "strength", strength, "0 or more", 0.0)
    (sd, flow), back = _paired("impact rate", {"volatility": volatility, "traded": traded})
    some = flow > 0
    return back(np.where(some, factor * sd * np.sqrt(money / np.where(some, flow, 1.0)), np.inf))


def liquidity_cap(traded: ArrayLike, nav: float, days: float, participation: float) -> Any:
    """Largest weight that can be sold within `days`: days * participation * traded / nav   [asset].

    traded: [asset] yuan a day; nav: yuan; participation: most of the day's trading one may be, as a fraction.
    Of a Series, a Series. InputError: a value below zero or missing.

    >>> liquidity_cap([1e8, 4e8], nav=1e9, days=5, participation=0.2).round(3)
    array([0.1, 0.4])
    """
    money = number("liquidity cap", "nav", nav, "yuan, above zero", 0.0, strict=True)
    time = number("liquidity cap", "days", days, "0 or more", 0.0)
    part = number("liquidity cap", "participation", participation, "0 to 1", 0.0)
    (flow,), back = _paired("liquidity cap", {"traded": traded})
    return back(time * part * flow / money)


def _paired(place: str, fields: dict[str, Any]) -> tuple[list[Array], Callable[[Array], Any]]:
    """Values >= 0 in the order of the first that has names, and what gives a result those names."""
    named = [v for v in fields.values() if isinstance(v, pd.Series | Mapping)]
    arrays = {
        f: v if isinstance(v, pd.Series | Mapping) else plain(f"{place}: {f}", v) for f, v in fields.items()
    }
    sizes = {a.shape[0] for a in arrays.values() if isinstance(a, np.ndarray) and a.ndim == 1}
    if any(isinstance(a, np.ndarray) and a.ndim > 1 for a in arrays.values()) or len(sizes) > 1:
        raise InputError(
            place, f"{' and '.join(fields)} have other lengths", "one number, or one an asset, each"
        )
    names = pd.Index(list(named[0].keys())) if named else None
    count = len(names) if names is not None else max(sizes, default=1)
    along = Axis(count, names)
    rows = [np.array(not_negative(place, field, value, along)) for field, value in fields.items()]
    if names is not None:
        return rows, lambda row: pd.Series(row, names)
    return rows, (lambda row: row) if sizes else (lambda row: row[0])


def no_less_than_zero(place: str, field: str, value: Any) -> float:
    """One number of zero or more, infinite allowed. InputError: any other value."""
    infinite = isinstance(value, float) and value == np.inf
    return np.inf if infinite else number(place, field, value, "0 or more", 0.0)


def bounded(
    name: str,
    labels: tuple[str, ...],
    matrix: ArrayLike | sparse.sparray,
    lower: ArrayLike,
    upper: ArrayLike,
    extra: int = 0,
) -> Rows:
    """Rows of a matrix [row, asset + extra] with bounds, one number or [row].

    InputError: a bound of another shape, or a lower one above its upper.
    """
    table = sparse.csr_array(matrix)
    low, high = (
        vector(name, field, values, len(labels)) for field, values in (("lower", lower), ("upper", upper))
    )
    crossed = np.flatnonzero((low > high) | (low == np.inf) | (high == -np.inf))
    if len(crossed):
        i = crossed[0]
        raise InputError(
            f"{name}: {labels[i]}", f"lower {low[i]:g} exceeds upper {high[i]:g}", "lower <= upper"
        )
    return Rows(labels, table, low, high, extra)
