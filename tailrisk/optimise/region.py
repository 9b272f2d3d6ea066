"""The region: all constraints stacked, rows of one variable turned into bounds, and the dual of every row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..core import InputError
from .arguments import many
from .conic import Array, Cone, Curve, inside, straight
from .constraints import Constraint, Rows
from .labels import axis

FIXED = 1e-11
"""Bounds this close together fix a variable."""
REACH = 100.0
"""Where nothing bounds a variable, bounds on the objective are for |x| up to this: 100 times NAV an asset."""


@dataclass(frozen=True)
class Part:
    """Where the rows of one constraint went.

    table: [row, variable] its matrix over all variables; single: [row] true where it bounds one variable;
    place: [row] that variable, or the row of the region; coefficient: [row] of that variable, else one.
    """

    name: str
    rows: Rows
    table: sparse.csr_array
    single: NDArray[np.bool_]
    place: NDArray[np.intp]
    coefficient: Array
    cone: Cone | None = None  # over all variables


@dataclass(frozen=True)
class Region:
    """lower <= x <= upper, row_lower <= matrix x <= row_upper, x = (w, extra variables of constraints)."""

    assets: int
    parts: tuple[Part, ...]
    lower: Array  # [variable]
    upper: Array  # [variable]
    matrix: sparse.csr_array  # [row, variable]  rows of two variables or more
    row_lower: Array  # [row]
    row_upper: Array  # [row]
    charge: Array  # [variable]  what the objective loses for each unit, zero for weights
    curve: Curve  # what it loses besides

    @property
    def cones(self) -> list[Cone]:
        """The cones of its constraints, over all variables."""
        return [part.cone for part in self.parts if part.cone is not None]

    def floor(self, cost: Array, price: Array, duals: Sequence[Array] = ()) -> tuple[float, Array]:
        """A lower bound of cost' x over the region from multipliers of rows and cones, and the reduced costs.

        cost, reduced [variable], price [row]. min over the box of (cost + A' y - sum C' v)' x  -  max over
        the rows' intervals of y' z  -  sum b' v: valid for any y, and any v in the cones. A variable without
        a bound uses what the rows imply, and failing that REACH: an optimum inside that reach is one
        everywhere, since the problem is convex.
        """
        aside = 0.0
        for cone, dual in zip(self.cones, map(inside, duals), strict=bool(duals)):
            cost = cost - cone.back(dual, len(cost))
            aside -= float(dual @ cone.image(np.zeros(len(cost))))
        ends = np.where(price > 0, self.row_upper, self.row_lower)
        price = np.where(np.isinf(ends), 0.0, price)
        ends = np.where(np.isinf(ends), 0.0, ends)
        reduced = cost + self.matrix.T @ price
        low, high = self.box
        return float(reduced @ np.where(reduced > 0, low, high) - price @ ends) + aside, reduced

    @cached_property
    def box(self) -> tuple[Array, Array]:
        """Finite bounds [variable]: those stated, those the rows imply, for the variables of constraints what
        their rows may ask for, and else REACH.
        """
        low, high = implied(self)
        high = np.minimum(high, asked(self, low, high))
        return np.where(np.isinf(low), -REACH, low), np.where(np.isinf(high), REACH, high)

    def beyond(self, x: Array, rounding: float) -> bool:
        """Whether x [variable] is past REACH where that is its bound: the lower bound then proves nothing."""
        low, high = self.box
        past = (x < low - rounding) & (low == -REACH) | (x > high + rounding) & (high == REACH)
        return bool(past.any())

    def violation(self, x: Array) -> float:
        """The largest amount by which x [variable] breaks a bound, a row or a cone."""
        held = self.matrix @ x
        pairs = ((self.lower, x), (x, self.upper), (self.row_lower, held), (held, self.row_upper))
        broken = [float((low - high).max(initial=0.0)) for low, high in pairs]
        return max(*broken, *(cone.size(x) - cone.radius for cone in self.cones))

    def sensitivities(
        self, reduced: Array, price: Array, duals: Sequence[Array] = ()
    ) -> dict[str, tuple[Array, Array]]:
        """d minimum / d (lower, upper) [row] of every row of every constraint, by name, from multipliers.

        reduced [variable], price [row]; a cone is one row more, its radius the upper bound. Where two
        constraints bound one variable alike the first counts as the one that binds.
        """
        steep = iter(duals)
        found, taken = {}, (self.lower.copy(), self.upper.copy())
        for part in self.parts:
            low, high = np.maximum(-price, 0.0), -np.maximum(price, 0.0)
            pair = (np.zeros(len(part.place)), np.zeros(len(part.place)))
            many = ~part.single
            pair[0][many], pair[1][many] = low[part.place[many]], high[part.place[many]]
            for row in np.flatnonzero(part.single):
                _price_bound(part, int(row), reduced, taken, pair)
            if part.cone is not None:
                pair = (np.append(pair[0], 0.0), np.append(pair[1], -next(steep)[0]))
            found[part.name] = pair
        return found


def _price_bound(
    part: Part, row: int, reduced: Array, taken: tuple[Array, Array], pair: tuple[Array, Array]
) -> None:
    """Give the reduced cost of a variable to the row that set its bound, and mark that bound as taken."""
    j, a = part.place[row], part.coefficient[row]
    side = 0 if reduced[j] > 0 else 1  # the variable rests on its lower or its upper bound
    end = side if a > 0 else 1 - side
    bound = (part.rows.lower, part.rows.upper)[end][row] / a
    if reduced[j] != 0 and bound == taken[side][j]:
        pair[end][row] = reduced[j] / a
        taken[side][j] = np.nan


def checked(constraints: Sequence[Constraint]) -> list[Constraint]:
    """The constraints as a list. InputError: one is no constraint, or two have one name."""
    allowed = "a list of constraints such as [Budget(), Positions()]"
    listed = many("constraints", constraints, ("name", "rows"), allowed)
    names = [constraint.name for constraint in listed]
    for name in names:
        if names.count(name) > 1:
            raise InputError("constraints", f"two are named {name!r}", "a name for each")
    return listed


def region(constraints: Sequence[Constraint], assets: int) -> Region:
    """Stack the constraints of a portfolio of n assets.

    InputError: what is no list of constraints, two of one name, or one that does not fit the assets.
    """
    listed = checked(constraints)
    names, along = [constraint.name for constraint in listed], axis(assets)
    every = [constraint.rows(along) for constraint in listed]
    total = assets + sum(rows.extra for rows in every)
    lower = np.concatenate([np.full(assets, -np.inf), np.zeros(total - assets)])
    charge = np.concatenate([np.zeros(assets), *(np.broadcast_to(r.charge, (r.extra,)) for r in every)])
    upper, curve = np.full(total, np.inf), straight(total)
    parts, tables, ends, first = [], [sparse.csr_array((0, total))], [], assets
    for name, rows in zip(names, every, strict=True):
        table = _widen(rows, assets, first, total)
        if rows.free:
            lower[first : first + rows.extra] = -np.inf
        part = _split(name, rows, table, sum(t.shape[0] for t in tables))
        own = np.concatenate([np.arange(assets), first + np.arange(rows.extra)])
        if rows.cone is not None:
            part = replace(part, cone=rows.cone.moved(own[rows.cone.place]))
        if rows.curve is not None:
            _add(curve, rows.curve, own)
        first += rows.extra
        _tighten(part, lower, upper)
        parts.append(part)
        tables.append(table[np.flatnonzero(~part.single)])
        ends.append((rows.lower[~part.single], rows.upper[~part.single]))
    low, high = (np.concatenate([np.zeros(0), *(pair[i] for pair in ends)]) for i in (0, 1))
    return Region(
        int(assets),
        tuple(parts),
        lower,
        upper,
        sparse.csr_array(sparse.vstack(tables)),
        low,
        high,
        charge,
        curve,
    )


def _add(total: Curve, more: Curve, place: NDArray[np.intp]) -> None:
    """Add a constraint's curve to that of the region, in place."""
    for one, other in ((total.square, more.square), (total.power, more.power), (total.log, more.log)):
        one[place] += other


def _widen(rows: Rows, assets: int, first: int, total: int) -> sparse.csr_array:
    """The matrix of one constraint over all variables; its own start at column `first`."""
    table = sparse.coo_array(rows.matrix)
    column = np.where(table.col < assets, table.col, table.col - assets + first)
    wide = sparse.csr_array((table.data, (table.row, column)), shape=(len(rows.labels), total))
    wide.eliminate_zeros()
    return wide


def _split(name: str, rows: Rows, table: sparse.csr_array, count: int) -> Part:
    """Tell rows of one variable from the others; `count` rows of the region come before."""
    entries = np.diff(table.indptr)
    single = entries == 1
    place = np.cumsum(~single) - 1 + count
    coefficient = np.ones(len(entries))
    at = table.indptr[:-1][single]
    place[single], coefficient[single] = table.indices[at], table.data[at]
    return Part(name, rows, table, single, place, coefficient)


def _tighten(part: Part, lower: Array, upper: Array) -> None:
    """Narrow the bounds [variable] in place by the rows of one variable."""
    a, j = part.coefficient[part.single], part.place[part.single]
    one, other = part.rows.lower[part.single] / a, part.rows.upper[part.single] / a
    np.maximum.at(lower, j, np.where(a > 0, one, other))
    np.minimum.at(upper, j, np.where(a > 0, other, one))


def implied(region: Region, passes: int = 3) -> tuple[Array, Array]:
    """Bounds [variable] narrowed by what each row leaves when all its other variables are at their best.

    Activity bounds of linear programming's presolve: Savelsbergh (1994), section 1.
    """
    lower, upper = region.lower.copy(), region.upper.copy()
    row, j, a = _entries(region)
    for _ in range(passes):
        low, high = lower[j], upper[j]
        room = region.row_upper[row] - _others(row, np.where(a > 0, a * low, a * high), -np.inf)
        need = region.row_lower[row] - _others(row, np.where(a > 0, a * high, a * low), np.inf)
        np.minimum.at(upper, j, np.where(a > 0, room, need) / a)
        np.maximum.at(lower, j, np.where(a > 0, need, room) / a)
    return lower, upper


def asked(region: Region, low: Array, high: Array) -> Array:
    """The most that any row may ask of a constraint's own variable t >= 0 [variable]: no optimum has more.

    The other own variables of the row count as zero: of what is bought and what is sold one is.
    """
    row, j, a = _entries(region)
    own = (np.arange(len(low)) >= region.assets) & (low == 0)
    ends = np.sort(np.stack([a * low[j], a * np.where(own, 0.0, high)[j]]), axis=0)
    up = region.row_lower[row] - _others(row, ends[0], -np.inf)
    down = _others(row, ends[1], np.inf) - region.row_upper[row]
    most = np.full(len(low), -np.inf)
    np.maximum.at(most, j, np.where(a > 0, up, down) / np.abs(a))
    return np.where(own & np.isfinite(most), np.maximum(most, 0.0), np.inf)


def _entries(region: Region) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Row, variable and coefficient of every entry of the rows."""
    table = region.matrix
    row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return row, table.indices.astype(np.intp), table.data


def _others(row: NDArray[np.intp], ends: Array, infinite: float) -> Array:
    """For each entry the sum of the others of its row, `infinite` if one of them is: all are of that sign."""
    finite = np.isfinite(ends)
    rows = int(row.max(initial=-1)) + 1
    whole = np.bincount(row, np.where(finite, ends, 0.0), rows)[row]
    lost = np.bincount(row, ~finite, rows)[row] - ~finite
    return np.where(lost > 0, infinite, np.where(finite, whole - ends, whole))
