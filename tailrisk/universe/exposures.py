"""Style exposures of one day: descriptors winsorised, filled, made orthogonal and standardised."""

from collections.abc import Mapping

import numpy as np

from ..core.names import STYLES
from .universe import Array

FENCE = 3.0
"""Winsorised at the median +- FENCE * 1.4826 * median absolute deviation."""
CEILING = 0.95
"""Regression weights stop at this quantile, so that the largest banks do not decide a cross-section alone."""
LEAST_STOCKS = 30
ORTHOGONAL = {"liquidity": ("size",), "residual_volatility": ("beta", "size")}
"""Style -> styles taken out of it, as in CNE5."""


def regression_weight(cap: Array) -> Array:
    """sqrt(cap), at most its CEILING quantile, mean one. [stock]     Menchero, Orr and Wang (2011)"""
    root: Array = np.sqrt(cap)
    root = np.minimum(root, np.quantile(root, CEILING))
    return np.asarray(root / root.mean(), np.float64)


def fit(design: Array, values: Array, weight: Array) -> Array:
    """b minimising sum_i w_i (y_i - x_i b)^2: [column] for y [stock], [column, y] for y [stock, y]."""
    left = design.T * weight
    return np.asarray(np.linalg.solve(left @ design, left @ values), np.float64)


def winsorised(values: Array) -> Array:
    middle = np.median(values)
    reach = FENCE * 1.4826 * np.median(np.abs(values - middle))
    return np.clip(values, middle - reach, middle + reach) if reach > 0 else values


def standardised(values: Array, cap: Array) -> Array:
    """z with sum_i cap_i z_i = 0 and standard deviation one across stocks. [stock]"""
    centred = values - (cap @ values) / cap.sum()
    return centred / centred.std()


def exposures(raw: Mapping[str, Array], cap: Array) -> tuple[tuple[str, ...], Array]:
    """(names, z [stock, style]) from descriptors [stock] of one day, in the order of core.names.STYLES.

    Non-linear size is the cube of size with size taken out. A missing descriptor gets what size and
    non-linear size predict; one that too few have, or all have alike, is no style that day.
    """
    weight, ones = regression_weight(cap), np.ones_like(cap)
    size = standardised(winsorised(raw["size"]), cap)
    z = {"size": size}
    z["non_linear_size"] = standardised(winsorised(without(size**3, [ones, size], weight)), cap)
    known = [ones, size, z["non_linear_size"]]
    for name in (name for name in STYLES if name in raw and name != "size"):
        if not informative(raw[name]):
            continue
        values = standardised(winsorised(imputed(raw[name], known, weight)), cap)
        others = [z[other] for other in ORTHOGONAL.get(name, ()) if other in z]
        z[name] = standardised(without(values, [ones, *others], weight), cap) if others else values
    names = tuple(name for name in STYLES if name in z)
    return names, np.column_stack([z[name] for name in names])


def informative(values: Array) -> bool:
    """Whether enough stocks have the descriptor, not all the same."""
    known = values[np.isfinite(values)]
    return len(known) >= LEAST_STOCKS and bool(np.ptp(known) > 0)


def without(values: Array, columns: list[Array], weight: Array) -> Array:
    """What the columns do not explain of the values. [stock]"""
    design = np.column_stack(columns)
    return values - design @ fit(design, values, weight)


def imputed(values: Array, columns: list[Array], weight: Array) -> Array:
    """Values with the missing ones predicted from the columns. [stock]"""
    known = np.isfinite(values)
    if known.all():
        return values
    design = np.column_stack(columns)
    coefficient = fit(design[known], winsorised(values[known]), weight[known])
    return np.where(known, values, design @ coefficient)
