"""Prices of bounds without those that are rounding: of a bound that does not bind, or too small to matter.

At an interior point slack and price of every bound are above zero and have about one product. A bound binds
where its price, against the objective for each unit of its row, is more than its slack, against that unit.
"""

import numpy as np

from .conic import Array
from .region import Part, Region

ROUNDING = 1e-6
"""A price that is less than this part of the objective for each unit of the row is none."""


def binding(
    region: Region, prices: dict[str, tuple[Array, Array]], x: Array, value: float
) -> dict[str, tuple[Array, Array]]:
    """The prices by name of constraint, (lower, upper) [row], zero where a bound does not bind at x.

    x: [variable]; value: of the objective, its size. Rows that only say what a cone bounds have no price.
    """
    size = float(np.abs(x[: region.assets]).max(initial=0.0)) or 1.0
    return {part.name: _binding(part, prices[part.name], x, value, size) for part in region.parts}


def _binding(
    part: Part, pair: tuple[Array, Array], x: Array, value: float, size: float
) -> tuple[Array, Array]:
    rows = part.table.shape[0]
    coefficient = np.abs(part.table).max(axis=1).toarray().ravel() if rows else np.zeros(0)
    unit = size * np.where(coefficient > 0, coefficient, 1.0)
    held = part.table @ x
    slack = [np.abs(held - part.rows.lower) / unit, np.abs(part.rows.upper - held) / unit]
    if part.cone is not None:
        radius = part.cone.radius
        unit, never = np.append(unit, radius), np.full(rows, np.inf)
        slack = [np.append(never, abs(1 - part.cone.size(x) / radius))] * 2
    worth = max(value, np.finfo(float).tiny) / unit
    low, high = (
        np.where((np.abs(p) > worth * s) & (np.abs(p) > ROUNDING * worth), p, 0.0)
        for p, s in zip(pair, slack, strict=True)
    )
    return low, high
