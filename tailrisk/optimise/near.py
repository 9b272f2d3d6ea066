"""Near rows: each ties at most one variable of the system to variables of its own, as w = p + b - s does.

[M, N'; N, 0] (x, y) = (f, h),  N = [K, O] over the kept and its own,  M diagonal over the own:
    S = O D^-1 O'  (a number a row),  M over the kept gains K' S^-1 K, which is diagonal again

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
        self.table, self.mask, self.scale = table, own, scale
        self.over = np.where(own, 1 / scale, 0.0)
        square = table.multiply(table)
        self.stiff = 1 / (square @ self.over)
        self.added = np.where(own, 0.0, square.T @ self.stiff)

    def _pull(self, f: Array, h: Array) -> Array:
        """S^-1 (O D^-1 f - h) [near, ...]."""
        return _rows(self.stiff, self.table @ _rows(self.over, f) - h)

    def less(self, f: Array, h: Array) -> Array:
        """The right side over the kept variables once the own ones are out."""
        return f if not len(h) else f - self.table.T @ self._pull(f, h)

    def own(self, x: Array, f: Array, h: Array) -> tuple[Array, Array]:
        """x with its own variables right, and the multipliers y, from x over the kept."""
        if not len(h):
            return x, h
        kept = np.where(self.mask if x.ndim == 1 else self.mask[:, None], 0.0, x)
        y = self._pull(f, h) + _rows(self.stiff, self.table @ kept)
        return kept + _rows(self.over, f - self.table.T @ y), y


def _rows(scale: Array, v: Array) -> Array:
    return scale * v if v.ndim == 1 else scale[:, None] * v
