"""Near rows: each ties at most one variable of the system to variables of its own, as w = p + b - s does.

[M, N'; N, 0] (x, y) = (f, h),  N = [K, O] over the kept and its own,  M diagonal over the own:
    S = O D^-1 O'  (a number a row),  M over the kept gains K' S^-1 K, which is diagonal again

Costs of trading and turnover of n assets add n such rows and 2 n variables, and no dense row.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .curves import Array

MOST = 3
"""Variables in a near row."""


def near_rows(
    table: sparse.csr_array, weights: NDArray[np.bool_], equal: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which rows are near [row]: equalities of few variables, one weight at most, the others theirs alone.

    weights: [variable] true for weights of assets and for any variable that may not be a row's own.
    """
    held = table.astype(bool).astype(int)
    entries, kept = held.sum(axis=1), held @ weights.astype(int)
    some = equal & (entries <= MOST) & (kept <= 1) & (entries > kept)
    users = some.astype(int) @ held  # [variable]
    shared = held @ ((users > 1) & ~weights).astype(int)
    return np.asarray(some & (shared == 0))


class Near:
    """The near rows of one Newton system.

    table: [near, variable]; own: [variable] the rows' own variables; scale: [variable] diagonal of M.
    """

    def __init__(self, table: sparse.csr_array, own: NDArray[np.bool_], scale: Array) -> None:
        self.table, self.turned, self.own = table, sparse.csr_array(table.T), np.flatnonzero(own)
        self.over = np.where(own, 1 / scale, 0.0)
        square = table.multiply(table)
        self.stiff = 1 / (square @ self.over)
        self.added = np.where(own, 0.0, square.T @ self.stiff)

    def solve(self, f: Array, h: Array, kept: Callable[[Array], Array]) -> tuple[Array, Array]:
        """(x, y) of [M, N'; N, 0] (x, y) = (f, h); f [variable, ...], h [near, ...].

        kept: solves M + K' S^-1 K over the kept variables; what it makes of the own ones does not matter.
        """
        if not len(h):
            return kept(f), h
        pull = _rows(self.stiff, self.table @ _rows(self.over, f) - h)  # S^-1 (O D^-1 f - h)
        x = kept(f - self.turned @ pull)
        x[self.own] = 0.0
        y = pull + _rows(self.stiff, self.table @ x)
        x[self.own] = _rows(self.over, f - self.turned @ y)[self.own]
        return x, y


def _rows(scale: Array, v: Array) -> Array:
    return scale * v if v.ndim == 1 else scale[:, None] * v
