"""The smallest set of constraints that no portfolio satisfies together, and the words for it."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from ..core import InputError
from .conic import Array, Cone, straight
from .master import Aim, Canon
from .region import Region
from .scenarios import of_returns

FEASIBLE = 1e-8
"""Violations up to this sum count as none."""
ROWS = 100
"""A conflict of more rows than this is told by constraint, not cut down row by row."""
SHOWN = 4
"""Rows of one constraint that a message spells out."""

Mask = NDArray[np.bool_]


def refuse_conflict(region: Region) -> None:
    """Raises InputError naming a smallest conflicting set, if the region holds no portfolio at all.

    Smallest: none of the constraints named, nor of their rows while these are few, can be left out. A cone
    enters by one tangent, where the linear constraints come nearest to its centre.
    """
    rows = Stack(region)
    if rows.violation(np.ones(len(rows.owner), dtype=bool))[0] <= FEASIBLE:
        rows = Stack(region, tangents(region))
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

    def __init__(self, region: Region, cuts: Sequence[tuple[int, Array, float]] = ()) -> None:
        self.region = region
        tables = [part.table for part in region.parts] + [row[None, :] for _, row, _ in cuts]
        self.matrix = sparse.csr_array(sparse.vstack(tables))
        self.lower = np.concatenate([*(p.rows.lower for p in region.parts), np.full(len(cuts), -np.inf)])
        self.upper = np.concatenate([*(p.rows.upper for p in region.parts), [end for _, _, end in cuts]])
        owner = np.repeat(np.arange(len(region.parts)), [len(part.place) for part in region.parts])
        self.owner = np.append(owner, np.array([part for part, _, _ in cuts], dtype=owner.dtype))

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
        own: list[tuple[float | None, None]] = [(None, None)] * assets
        own += [(None if low < 0 else 0.0, None) for low in self.region.lower[assets:]]
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
        whole = sum(len(part.place) for part in self.region.parts)
        for i, part in enumerate(self.region.parts):
            labels = [part.rows.labels[k] for k in np.flatnonzero(kept[first : first + len(part.place)])]
            if part.cone is not None:  # its rows define what the cone bounds: no bound of their own
                cut = kept[whole:][self.owner[whole:] == i].any()
                labels = [f"{part.cone.label} {part.cone.radius:g}"] if cut else []
            first += len(part.place)
            more = f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""
            if labels:
                texts.append(f"{part.name} ({', '.join(labels[:SHOWN])}{more})")
        return "; ".join(texts)


def tangents(region: Region) -> list[tuple[int, Array, float]]:
    """For each cone: its part, and row x <= end, the tangent at the point of the linear region nearest to its
    centre. Where that point is outside the cone the row and the linear constraints conflict.
    """
    cuts = []
    for i, part in enumerate(region.parts):
        if part.cone is None:
            continue
        x = _nearest(region, part.cone)
        image = part.cone.image(x)
        size = float(np.linalg.norm(image[1:]))
        if size > part.cone.radius:
            unit = np.append(0.0, image[1:] / size)
            row = part.cone.back(unit, len(x))
            cuts.append((i, row, part.cone.radius - float(unit @ part.cone.image(np.zeros(len(x))))))
    return cuts


def _nearest(region: Region, cone: Cone) -> Array:
    """The point of the linear region that is nearest to the centre of a cone."""
    bent = straight(len(region.lower))
    np.add.at(bent.square, cone.place, cone.scale**2)
    charge = np.zeros(len(region.lower))
    np.add.at(charge, cone.place, -(cone.scale**2) * cone.centre)
    parts = tuple(replace(part, cone=None) for part in region.parts)
    none = of_returns(np.zeros((region.assets, 2)))
    canon = Canon(replace(region, parts=parts, curve=bent), none)
    empty = np.zeros((region.assets, 0))
    aim = Aim(charge, 0.0, None, Fraction(1, 2))
    return canon.solve(aim, empty, empty[0], np.zeros(region.assets), 0.0, 1e-12).x
