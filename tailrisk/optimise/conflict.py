"""The smallest set of constraints that no portfolio satisfies together, and the words for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from ..core import InputError
from .conic import Array, Cone, straight
from .constraints import Rows
from .master import Aim, Canon
from .region import Part, Region
from .region import region as region_of
from .scale import scaled, size_of
from .scenarios import of_returns

FEASIBLE = 1e-8
"""Violations up to this sum count as none."""
NEAR = 1e-9
"""A point this far outside a cone, of its radius, is inside."""
ROWS = 100
"""A conflict of more rows than this is named by constraint, not cut down row by row."""
SHOWN = 4
"""Rows of one constraint that a message spells out."""

Mask = NDArray[np.bool_]


def refuse_conflict(region: Region) -> None:
    """Raises InputError naming a smallest conflicting set, if the region holds no portfolio at all.

    Smallest: none of the constraints named can be left out, whole, nor of their rows while these are few. A
    cone enters by a tangent, where the rest comes nearest to its centre.
    """
    size = size_of(region)
    whole = scaled(region, size)[0]
    if conflict(whole) is None:
        return
    parts = list(whole.parts)
    for part in whole.parts:  # deletion filter by constraint: Chinneck & Dravnieks (1991)
        rest = [other for other in parts if other is not part]
        if rest and conflict(of_parts(rest, region.assets)) is not None:
            parts = rest
    least = of_parts(parts, region.assets)
    rows = conflict(least)
    assert rows is not None
    _, chosen = rows.violation(np.ones(len(rows.owner), dtype=bool))
    if chosen.sum() <= ROWS:
        chosen = rows.filtered(chosen, [np.array([i]) for i in np.flatnonzero(chosen)])
    missing, _ = rows.violation(chosen)
    raise InputError(
        "constraints",
        f"no portfolio satisfies together {rows.described(chosen, size)}",
        hint=f"drop one of them, or loosen their bounds by {missing * size:.3g} in all",
    )


def conflict(region: Region) -> "Stack | None":
    """Rows and tangents that no portfolio satisfies, or None where there are none such."""
    rows = Stack(region)
    for _ in range(2):
        if rows.violation(np.ones(len(rows.owner), dtype=bool))[0] > FEASIBLE:
            return rows
        cuts = tangents(region)
        if not cuts:
            return None
        rows = Stack(region, cuts)
    return None


@dataclass(frozen=True)
class Known:
    """A constraint whose rows are known."""

    name: str
    fixed: Rows

    def rows(self, assets: int) -> Rows:
        """The rows, whatever the assets."""
        return self.fixed


def of_parts(parts: Sequence[Part], assets: int) -> Region:
    """The region of some constraints of another."""
    return region_of([Known(part.name, part.rows) for part in parts], assets)


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

    def violation(self, chosen: Mask) -> tuple[float, Mask]:
        """Least sum of violations of the chosen rows over all x, and the rows whose dual says they matter.

        min sum s  s.t.  A x + s >= lower, A x - s <= upper, s >= 0; rows of nonzero dual conflict by Farkas.
        """
        below, above = (np.flatnonzero(chosen & np.isfinite(ends)) for ends in (self.lower, self.upper))
        at = np.concatenate([below, above])
        used = np.zeros(len(chosen), dtype=bool)
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
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if done.fun is None:
            return 0.0, used  # nothing is proved
        used[at[np.abs(done.ineqlin.marginals) > 1e-9]] = True
        return float(done.fun), used

    def filtered(self, chosen: Mask, groups: list[NDArray[np.intp]]) -> Mask:
        """Drop groups whose absence leaves a conflict: deletion filter, Chinneck & Dravnieks (1991)."""
        chosen = chosen.copy()
        for group in groups:
            without = chosen.copy()
            without[group] = False
            if chosen[group].any() and self.violation(without)[0] > FEASIBLE:
                chosen = without
        return chosen

    def described(self, chosen: Mask, size: float) -> str:
        """The chosen rows in words: each constraint with a few of its rows; size: of what a radius is in."""
        texts, first = [], 0
        whole = sum(len(part.place) for part in self.region.parts)
        for i, part in enumerate(self.region.parts):
            labels = [part.rows.labels[k] for k in np.flatnonzero(chosen[first : first + len(part.place)])]
            if part.cone is not None:  # its rows define what the cone bounds: no bound of their own
                cut = chosen[whole:][self.owner[whole:] == i].any()
                labels = [f"{part.cone.label} {part.cone.radius * size:g}"] if cut else []
            first += len(part.place)
            more = f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""
            if labels:
                texts.append(f"{part.name} ({', '.join(labels[:SHOWN])}{more})")
        return "; ".join(texts)


def tangents(region: Region) -> list[tuple[int, Array, float]]:
    """Of the first cone that conflicts with rows and earlier cones, and of those: its part and a row.

    The row is [variable] with row x <= end: the tangent at their point nearest to its centre. None where no
    cone does.
    """
    before: list[int] = []
    for i, part in enumerate(region.parts):
        if part.cone is None:
            continue
        x = _nearest(region, part.cone, before)
        before.append(i)
        if part.cone.size(x) > part.cone.radius * (1 + NEAR):
            return [(j, *_tangent(region.parts[j].cone, x)) for j in before]
    return []


def _tangent(cone: Cone | None, x: Array) -> tuple[Array, float]:
    """A row and its end: unit' (scale (x - centre), fixed) <= radius, unit the direction at x."""
    assert cone is not None
    image = cone.image(x)[1:]
    unit = np.append(0.0, image / max(float(np.linalg.norm(image)), np.finfo(float).tiny))
    return cone.back(unit, len(x)), cone.radius - float(unit @ cone.image(np.zeros(len(x))))


def _nearest(region: Region, cone: Cone, within: Sequence[int]) -> Array:
    """The point of the rows, and of the cones of some parts, that is nearest to the centre of a cone."""
    bent = straight(len(region.lower))
    np.add.at(bent.square, cone.place, cone.scale**2)
    charge = np.zeros(len(region.lower))
    np.add.at(charge, cone.place, -(cone.scale**2) * cone.centre)
    parts = tuple(part if i in within else replace(part, cone=None) for i, part in enumerate(region.parts))
    none = of_returns(np.zeros((region.assets, 2)))
    canon = Canon(replace(region, parts=parts, curve=bent), none)
    empty = np.zeros((region.assets, 0))
    aim = Aim(charge, 0.0, None, Fraction(1, 2))
    return canon.solve(aim, empty, empty[0], np.zeros(region.assets), 0.0, 1e-12).x
