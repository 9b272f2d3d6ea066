"""The size of a portfolio: a region in units of it, so that a NAV of 1 and of 1e6 are one problem.

x = size z:  cost' x + curve(x) + aversion ES(x) = size (cost' z + curve_z(z) + aversion ES(z)) + a constant,
so that multipliers, reduced costs and prices are those of z.  Rows are divided by their largest coefficient.
"""

from dataclasses import replace

import numpy as np

from .conic import Array, Cone, Curve
from .region import Part, Region, implied

NEAR = 3.0
"""A size between one and this, either way, is left as it is."""
ROW = 1e3
"""Largest coefficient of a row, either way, that is left as it is."""


def size_of(region: Region) -> float:
    """About the largest weight that a portfolio of the region has, a power of two; one if it is near one.

    What the rows ask for at least; where they ask for nothing, the largest bound.
    """
    most = np.abs(region.matrix).max(axis=1).toarray().ravel() if region.matrix.shape[0] else np.zeros(0)
    below, above = _finite(region.row_lower), -_finite(region.row_upper)
    asked = np.maximum(np.maximum(below, above), 0.0) / np.where(most > 0, most, 1.0)
    low, high = region.lower[: region.assets], region.upper[: region.assets]
    asked = np.append(asked, np.maximum(np.maximum(_finite(low), -_finite(high)), 0.0))
    size = float(asked.max(initial=0.0))
    if size == 0.0:
        low, high = (_finite(ends[: region.assets]) for ends in implied(region))
        size = float(np.maximum(np.abs(low), np.abs(high)).max(initial=0.0))
    return size_near(size)


def size_near(size: float) -> float:
    """A size as a power of two, so that scaling rounds nothing."""
    if not np.isfinite(size) or size <= 0 or 1 / NEAR <= size <= NEAR:
        return 1.0
    return float(2.0 ** round(np.log2(size)))


def _finite(ends: Array) -> Array:
    return np.where(np.isfinite(ends), ends, 0.0)


def scaled(region: Region, size: float) -> tuple[Region, Array]:
    """The region of z = x / size, and the factor of each row [row]."""
    matrix = region.matrix
    most = np.abs(matrix).max(axis=1).toarray().ravel() if matrix.shape[0] else np.zeros(0)
    large = (most > ROW) | ((most > 0) & (most < 1 / ROW))
    factor = np.where(large, 2.0 ** -np.round(np.log2(np.where(large, most, 1.0))), 1.0)
    if size == 1.0 and not large.any():
        return region, factor
    table = matrix.copy()
    table.data = table.data * np.repeat(factor, np.diff(table.indptr))
    return (
        replace(
            region,
            parts=tuple(_part(part, size) for part in region.parts),
            lower=region.lower / size,
            upper=region.upper / size,
            matrix=table,
            row_lower=region.row_lower * factor / size,
            row_upper=region.row_upper * factor / size,
            curve=_curve(region.curve, size),
        ),
        factor,
    )


def _curve(curve: Curve, size: float) -> Curve:
    """curve(size z) / size, less its constant."""
    return Curve(curve.square * size, curve.power * np.sqrt(size), curve.log / size)


def _part(part: Part, size: float) -> Part:
    rows = replace(part.rows, lower=part.rows.lower / size, upper=part.rows.upper / size)
    return replace(part, rows=rows, cone=None if part.cone is None else _cone(part.cone, size))


def _cone(cone: Cone, size: float) -> Cone:
    return replace(cone, centre=cone.centre / size, radius=cone.radius / size, fixed=cone.fixed / size)
