"""The smallest set of constraints that no portfolio satisfies together, and the words for it."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from ..core import InputError
from .region import Region

FEASIBLE = 1e-8
"""Violations up to this sum count as none."""
ROWS = 100
"""A conflict of more rows than this is told by constraint, not cut down row by row."""
SHOWN = 4
"""Rows of one constraint that a message spells out."""

Mask = NDArray[np.bool_]


def refuse_conflict(region: Region) -> None:
    """Raises InputError naming a smallest conflicting set, if the region holds no portfolio at all.

    Smallest: none of the constraints named, nor of their rows while these are few, can be left out.
    """
    rows = Stack(region)
    missing, kept = rows.violation(np.ones(len(rows.owner), dtype=bool))
    if missing <= FEASIBLE:
        return
    kept = rows.filtered(kept, [np.flatnonzero(rows.owner == i) for i in range(len(region.parts))])
    if kept.sum() <= ROWS:
        kept = rows.filtered(kept, [np.array([i]) for i in np.flatnonzero(kept)])
    missing, _ = rows.violation(kept)
    raise InputError(
        "constraints",
        f"no portfolio satisfies together {rows.told(kept)}",
        hint=f"drop one of them, or loosen their bounds by {missing:.3g} in all",
    )


class Stack:
    """Every row of every constraint: lower <= matrix x <= upper, and which constraint owns it."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.matrix = sparse.csr_array(sparse.vstack([part.table for part in region.parts]))
        self.lower = np.concatenate([part.rows.lower for part in region.parts])
        self.upper = np.concatenate([part.rows.upper for part in region.parts])
        self.owner = np.repeat(np.arange(len(region.parts)), [len(part.place) for part in region.parts])

    def violation(self, kept: Mask) -> tuple[float, Mask]:
        """Least sum of violations of the kept rows over all x, and the rows whose dual says they matter.

        min sum s  s.t.  A x + s >= lower, A x - s <= upper, s >= 0; rows of nonzero dual conflict by Farkas.
        """
        below, above = (np.flatnonzero(kept & np.isfinite(ends)) for ends in (self.lower, self.upper))
        at = np.concatenate([below, above])
        used = np.zeros(len(kept), dtype=bool)
        if not len(at):
            return 0.0, used
        width, assets = self.matrix.shape[1], self.region.assets
        table = sparse.vstack([-self.matrix[below], self.matrix[above]])
        own = [(None, None)] * assets + [(0.0, None)] * (width - assets)
        done = linprog(
            np.concatenate([np.zeros(width), np.ones(len(at))]),
            A_ub=sparse.csr_array(sparse.hstack([table, -sparse.eye_array(len(at))])),
            b_ub=np.concatenate([-self.lower[below], self.upper[above]]),
            bounds=own + [(0.0, None)] * len(at),
            method="highs",
        )
        used[at[np.abs(done.ineqlin.marginals) > 1e-9]] = True
        return float(done.fun), used

    def filtered(self, kept: Mask, groups: list[NDArray[np.intp]]) -> Mask:
        """Drop groups whose absence leaves a conflict: deletion filter, Chinneck & Dravnieks (1991)."""
        kept = kept.copy()
        for group in groups:
            without = kept.copy()
            without[group] = False
            if kept[group].any() and self.violation(without)[0] > FEASIBLE:
                kept = without
        return kept

    def told(self, kept: Mask) -> str:
        """The kept rows in words: each constraint with a few of its rows."""
        texts, first = [], 0
        for part in self.region.parts:
            mine = np.flatnonzero(kept[first : first + len(part.place)])
            first += len(part.place)
            more = f" and {len(mine) - SHOWN} more" if len(mine) > SHOWN else ""
            if len(mine):
                texts.append(f"{part.name} ({', '.join(part.rows.labels[i] for i in mine[:SHOWN])}{more})")
        return "; ".join(texts)
