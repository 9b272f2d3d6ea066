"""Constraints of a desk: each a small object that says its rows, lower <= A w <= upper, and its name.

A row with a label can be named in a message and priced by its dual. Active means less the benchmark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..core import InputError
from .conic import Array, Cone, Curve, straight


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
    """Anything with a name that can say its rows for a number of assets."""

    @property
    def name(self) -> str: ...

    def rows(self, assets: int) -> Rows: ...


@dataclass(frozen=True)
class Budget:
    """lower <= sum w <= upper: the share of NAV invested; fully invested by default."""

    lower: float = 1.0
    upper: float = 1.0
    name: str = "budget"

    def rows(self, assets: int) -> Rows:
        return bounded(self.name, ("sum of weights",), np.ones((1, assets)), self.lower, self.upper)


@dataclass(frozen=True)
class Positions:
    """lower <= w <= upper, each one number or [asset]; long-only without a cap by default.

    A universe is an upper of zero outside it; a liquidity limit is an upper of `liquidity_cap`.
    """

    lower: ArrayLike = 0.0
    upper: ArrayLike = np.inf
    name: str = "positions"

    def rows(self, assets: int) -> Rows:
        labels = tuple(f"asset {i}" for i in range(assets))
        return bounded(self.name, labels, sparse.eye_array(assets), self.lower, self.upper)


@dataclass(frozen=True)
class ActiveWeights:
    """|w - benchmark| <= limit, asset by asset; benchmark [asset], limit one number or [asset]."""

    benchmark: ArrayLike
    limit: ArrayLike
    name: str = "active weights"

    def rows(self, assets: int) -> Rows:
        held = vector(self.name, "benchmark", self.benchmark, assets)
        limit = vector(self.name, "limit", self.limit, assets)
        labels = tuple(f"asset {i}" for i in range(assets))
        return bounded(self.name, labels, sparse.eye_array(assets), held - limit, held + limit)


@dataclass(frozen=True)
class ActiveExposure:
    """lower <= X' (w - benchmark) <= upper: the style box, or industries with X of zeros and ones.

    exposure: [asset, style] z-scores; styles: their names; lower, upper: one number or [style];
    benchmark: [asset], None for a box on the portfolio itself.
    """

    exposure: ArrayLike
    styles: Sequence[str]
    lower: ArrayLike
    upper: ArrayLike
    benchmark: ArrayLike | None = None
    name: str = "style exposure"

    def rows(self, assets: int) -> Rows:
        loading = np.asarray(self.exposure, dtype=np.float64)
        if loading.shape != (assets, len(self.styles)):
            raise InputError(
                self.name, f"exposure has shape {loading.shape}", f"({assets}, {len(self.styles)})"
            )
        held = 0.0 if self.benchmark is None else self.benchmark
        centre = vector(self.name, "benchmark", held, assets) @ loading
        lower = centre + vector(self.name, "lower", self.lower, len(self.styles))
        upper = centre + vector(self.name, "upper", self.upper, len(self.styles))
        return bounded(self.name, tuple(self.styles), loading.T, lower, upper)


@dataclass(frozen=True)
class Group:
    """lower <= sum of w over the members <= upper: a sector, or the least share in index constituents.

    members: [asset], true for those inside.
    """

    members: ArrayLike
    lower: float = -np.inf
    upper: float = np.inf
    name: str = "group"

    def rows(self, assets: int) -> Rows:
        inside = vector(self.name, "members", np.asarray(self.members, dtype=np.float64), assets)
        return bounded(self.name, ("sum over members",), inside[None, :], self.lower, self.upper)


@dataclass(frozen=True)
class Turnover:
    """sum |w - previous| <= limit, buys and sells both counted; previous [asset].

    Rows: w = previous + b - s, sum (b + s) <= limit, with b and s >= 0 what is bought and sold of each.
    """

    previous: ArrayLike
    limit: float
    name: str = "turnover"

    def rows(self, assets: int) -> Rows:
        return trades(self.name, self.previous, np.ones(assets), "sum of trades", self.limit)


@dataclass(frozen=True)
class TradingCost:
    """sum_i rate_i t_i + impact_i t_i^(3/2), t = |w - previous|: off alpha, or added to a risk minimised.

    previous: [asset]; rate: one number or [asset], as a fraction of what is traded; impact: likewise, of the
    square-root law (`impact_rate`).   Rows: w = previous + b - s, b and s >= 0; assets that cost nothing have
    none.
    """

    previous: ArrayLike
    rate: ArrayLike
    impact: ArrayLike = 0.0
    name: str = "trading cost"

    def rows(self, assets: int) -> Rows:
        rate = not_negative(self.name, "rate", self.rate, assets)
        impact = not_negative(self.name, "impact", self.impact, assets)
        dear = (rate > 0) | (impact > 0)
        moved = trades(self.name, self.previous, dear)
        power = np.concatenate([np.zeros(assets), impact[dear], impact[dear]])
        curve = replace(straight(len(power)), power=power)
        return replace(moved, charge=np.tile(rate[dear], 2), curve=None if curve.flat else curve)


def trades(
    name: str, previous: ArrayLike, counted: ArrayLike, total: str = "", limit: float = np.inf
) -> Rows:
    """Rows w = previous + b - s for the assets whose `counted` is not zero, after one row `total` for
    sum counted (b + s) <= limit where there is a limit; extra variables: every b, then every s.
    """
    weight = np.asarray(counted, dtype=np.float64)
    place = np.flatnonzero(weight)
    held = vector(name, "previous", previous, len(weight))[place]
    one = sparse.eye_array(len(place))
    pick = sparse.csr_array((np.ones(len(place)), (np.arange(len(place)), place)), (len(place), len(weight)))
    matrix, labels = sparse.hstack([pick, -one, one]), tuple(f"trade {i}" for i in place)
    if not total:
        return bounded(name, labels, matrix, held, held, extra=2 * len(place))
    summed = np.concatenate([np.zeros(len(weight)), weight[place], weight[place]])
    lower, upper = np.append(-np.inf, held), np.append(limit, held)
    return bounded(
        name, (total, *labels), sparse.vstack([summed[None, :], matrix]), lower, upper, extra=2 * len(place)
    )


def impact_rate(volatility: ArrayLike, traded: ArrayLike, nav: float, strength: float = 1.0) -> Array:
    """strength volatility sqrt(nav / traded) [asset]: the square-root law per weight traded to the 3/2.

    A trade of w nav yuan moves the price by strength volatility sqrt(w nav / traded); Almgren et al. (2005),
    Toth et al. (2011). volatility: [asset] daily; traded: [asset] yuan a day; nav: yuan.
    """
    share = nav / np.asarray(traded, dtype=np.float64)
    return strength * np.asarray(volatility, dtype=np.float64) * np.sqrt(share)


def liquidity_cap(traded: ArrayLike, nav: float, days: float, participation: float) -> Array:
    """Largest weight that can be sold within `days`: days * participation * traded / nav   [asset].

    traded: [asset] yuan a day; nav: yuan; participation: share of the day's trading one may be.
    """
    return days * participation * np.asarray(traded, dtype=np.float64) / nav


def not_negative(place: str, field: str, values: ArrayLike, length: int) -> Array:
    """`values` as [length], all of them zero or more."""
    row = vector(place, field, values, length)
    if (row < 0).any():
        raise InputError(place, f"the least {field} is {row.min():g}", f"{field} >= 0")
    return row


def vector(place: str, field: str, values: ArrayLike, length: int) -> Array:
    """`values` as [length]; refused when it is neither one number nor that long, or holds NaN."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (length,)):
        raise InputError(f"{place}: {field}", f"has shape {array.shape}", f"one number, or ({length},)")
    if np.isnan(array).any():
        raise InputError(f"{place}: {field}", f"{int(np.isnan(array).sum())} values are NaN", "numbers")
    return np.broadcast_to(array, (length,))


def bounded(
    name: str,
    labels: tuple[str, ...],
    matrix: ArrayLike | sparse.sparray,
    lower: ArrayLike,
    upper: ArrayLike,
    extra: int = 0,
) -> Rows:
    """Rows with bounds spread over the labels; refused where a lower bound exceeds its upper."""
    table = sparse.csr_array(matrix)
    if not np.isfinite(table.data).all():
        raise InputError(name, "a coefficient is not finite", "finite numbers")
    low, high = (
        vector(name, field, values, len(labels)) for field, values in (("lower", lower), ("upper", upper))
    )
    crossed = np.flatnonzero(low > high)
    if len(crossed):
        i = crossed[0]
        raise InputError(
            f"{name}: {labels[i]}", f"lower {low[i]:g} exceeds upper {high[i]:g}", "lower <= upper"
        )
    return Rows(labels, table, low, high, extra)
