"""Near rows: each ties at most one variable of the system to variables of its own, as w = p + b - s does.

[M, N'; N, 0] (x, y) = (f, h),  N = [K, O] over the kept and its own,  M diagonal over the own:
    S = O D^-1 O'  (a number a row),  M over the kept gains K' S^-1 K, which is diagonal again
    y = S^-1 (O D^-1 f - h + K x),  x_O = D^-1 (f_O - O' y)

Costs of trading and turnover of n assets add n such rows and 2 n variables, and no dense row.
"""

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

    def rows(self, wide: Array) -> tuple[Array, Array | None]:
        """Other rows V [row, variable] over the kept, and what they gain in their corner; None is nothing.

        V_K - V_O D^-1 O' S^-1 K,   V_O (D^-1 - D^-1 O' S^-1 O D^-1) V_O'
        """
        if not wide[:, self.own].any():
            return wide, None
        part = wide * self.over
        pulled = part @ self.turned
        bent = wide - np.asarray((pulled * self.stiff) @ self.table)
        bent[:, self.own] = 0.0
        return bent, part @ wide.T - (pulled * self.stiff) @ pulled.T

    def less(self, f: Array, h: Array) -> tuple[Array, Array]:
        """The right side over the kept variables once the own are out, and S^-1 (O D^-1 f - h) [near]."""
        pull = self.stiff * (self.table @ (self.over * f) - h)
        kept = f - self.turned @ pull
        kept[self.own] = 0.0
        return kept, pull

    def back(self, x: Array, f: Array, pull: Array) -> tuple[Array, Array]:
        """(x, y): all variables [variable] from those kept in x, its own zero, and multipliers y [near]."""
        y = pull + self.stiff * (self.table @ x)
        return x + self.over * (f - self.turned @ y), y
