"""The region: all constraints stacked, rows of one variable turned into bounds, and the dual of every row."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..core import InputError
from .constraints import Array, Constraint, Rows

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

    def floor(self, cost: Array, price: Array) -> tuple[float, Array]:
        """A lower bound of cost' x over the region from row multipliers, and the reduced costs.

        min over the box of (cost + A' y)' x  -  max over the rows' intervals of y' v: valid for any y.
        A variable without a bound uses what the rows imply, and failing that REACH: an optimum inside that
        reach is one everywhere, since the problem is convex.
        """
        ends = np.where(price > 0, self.row_upper, self.row_lower)
        price = np.where(np.isinf(ends), 0.0, price)
        ends = np.where(np.isinf(ends), 0.0, ends)
        reduced = cost + self.matrix.T @ price
        low, high = self.box
        return float(reduced @ np.where(reduced > 0, low, high) - price @ ends), reduced

    @cached_property
    def box(self) -> tuple[Array, Array]:
        """Finite bounds [variable]: those said, those the rows imply, and else REACH."""
        low, high = implied(self)
        return np.where(np.isinf(low), -REACH, low), np.where(np.isinf(high), REACH, high)

    def violation(self, x: Array) -> float:
        """The largest amount by which x [variable] breaks a bound or a row."""
        held = self.matrix @ x
        pairs = ((self.lower, x), (x, self.upper), (self.row_lower, held), (held, self.row_upper))
        return max(float((low - high).max(initial=0.0)) for low, high in pairs)

    def sensitivities(self, reduced: Array, price: Array) -> dict[str, tuple[Array, Array]]:
        """d minimum / d (lower, upper) of every row of every constraint, by name, from multipliers.

        Where two constraints bound one variable alike the first is said to bind.
        """
        found, taken = {}, (self.lower.copy(), self.upper.copy())
        for part in self.parts:
            low, high = np.maximum(-price, 0.0), -np.maximum(price, 0.0)
            pair = (np.zeros(len(part.place)), np.zeros(len(part.place)))
            many = ~part.single
            pair[0][many], pair[1][many] = low[part.place[many]], high[part.place[many]]
            for row in np.flatnonzero(part.single):
                _price_bound(part, int(row), reduced, taken, pair)
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


def region(constraints: Sequence[Constraint], assets: int) -> Region:
    """Stack the constraints of a portfolio of n assets.

    InputError: two constraints of one name, or a constraint that does not fit the assets.
    """
    names = [constraint.name for constraint in constraints]
    for name in names:
        if names.count(name) > 1:
            raise InputError("constraints", f"two are named {name!r}", "a name for each")
    said = [constraint.rows(assets) for constraint in constraints]
    total = assets + sum(rows.extra for rows in said)
    lower = np.concatenate([np.full(assets, -np.inf), np.zeros(total - assets)])
    charge = np.concatenate([np.zeros(assets), *(np.broadcast_to(r.charge, (r.extra,)) for r in said)])
    upper = np.full(total, np.inf)
    parts, tables, ends, first = [], [sparse.csr_array((0, total))], [], assets
    for name, rows in zip(names, said, strict=True):
        table = _widen(rows, assets, first, total)
        first += rows.extra
        part = _split(name, rows, table, sum(t.shape[0] for t in tables))
        _tighten(part, lower, upper)
        parts.append(part)
        tables.append(table[np.flatnonzero(~part.single)])
        ends.append((rows.lower[~part.single], rows.upper[~part.single]))
    low, high = (np.concatenate([np.zeros(0), *(pair[i] for pair in ends)]) for i in (0, 1))
    return Region(
        assets, tuple(parts), lower, upper, sparse.csr_array(sparse.vstack(tables)), low, high, charge
    )


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


def implied(region: Region, passes: int = 2) -> tuple[Array, Array]:
    """Bounds [variable] narrowed by what each row leaves when all its other variables are at their best.

    Activity bounds of linear programming's presolve: Savelsbergh (1994), section 1.
    """
    lower, upper = region.lower.copy(), region.upper.copy()
    table = region.matrix
    for _ in range(passes):
        for row, (start, stop) in enumerate(zip(table.indptr[:-1], table.indptr[1:], strict=True)):
            j, a = table.indices[start:stop], table.data[start:stop]
            least = np.where(a > 0, a * lower[j], a * upper[j])
            most = np.where(a > 0, a * upper[j], a * lower[j])
            room = region.row_upper[row] - _others(least)
            need = region.row_lower[row] - _others(most)
            upper[j] = np.minimum(upper[j], np.where(a > 0, room, need) / a)
            lower[j] = np.maximum(lower[j], np.where(a > 0, need, room) / a)
    return lower, upper


def _others(ends: Array) -> Array:
    """The sum of all the other entries, for each entry; entries may be infinite, all on one side."""
    finite = np.isfinite(ends)
    whole = ends[finite].sum()
    lost = np.count_nonzero(~finite)
    if lost == 0:
        return whole - ends
    sign = ends[~finite][0]
    return np.where(~finite & (lost == 1), whole, sign)
