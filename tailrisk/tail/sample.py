"""A weighted sample of losses: checked once, taken row by row, its level an exact fraction."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import InputError

Array = NDArray[np.float64]
Level = str | float | Fraction

WEIGHT_SUM = 1e-9
"""How far from one the weights may sum."""
RESOLUTION = 1e-12
"""A cumulative weight this close (relative) to the tail's share counts as reaching it."""
LONG = 1000
"""Values from which a sum is quicker in passes over the array than one by one."""


def exact_level(level: Level) -> Fraction:
    """The level as the fraction its decimal string says: 0.99 is 99/100, not the nearest double."""
    try:
        exact = level if isinstance(level, Fraction) else Fraction(str(level))
    except (ValueError, ZeroDivisionError):
        raise InputError("level", f"{level!r} is not a number", "a decimal such as 0.99") from None
    if not 0 < exact < 1:
        raise InputError("level", f"{level} is outside the open interval (0, 1)", "a decimal such as 0.99")
    return exact


def exact_confidence(confidence: float) -> float:
    """The confidence of an interval, strictly between zero and one."""
    if not 0 < confidence < 1:
        raise InputError("confidence", f"{confidence} is outside (0, 1)", "a decimal such as 0.95")
    return float(confidence)


def finite(name: str, values: ArrayLike) -> Array:
    """`values` [..., path] as float64; refused when empty or when one is not finite."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InputError(name, "is empty", "an array whose last axis is path")
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(name, f"{bad} of {array.size} values are not finite", "finite numbers")
    return array


def shares(weight: ArrayLike, shape: tuple[int, ...]) -> Array:
    """Weights broadcast to `shape` [..., path]; each row non-negative and summing to one."""
    array = finite("weight", weight)
    if array.shape[-1] != shape[-1]:
        raise InputError("weight", f"{array.shape[-1]} weights for {shape[-1]} losses", "one weight a path")
    if (array < 0).any():
        raise InputError("weight", f"{int((array < 0).sum())} weights are negative", "weights >= 0")
    for row in array.reshape(-1, array.shape[-1]):
        whole = total(row)
        if abs(whole - 1) > WEIGHT_SUM:
            raise InputError("weight", f"the weights sum to {whole!r}", "a sum of one", "divide by the sum")
    return np.broadcast_to(array, shape)


def rows(
    loss: ArrayLike, weight: ArrayLike | None
) -> tuple[tuple[int, ...], Iterator[tuple[Array, Array | None]]]:
    """The leading shape of `loss` [..., path], and its (loss [path], weight [path] or None) row by row.

    Equal weights are the unweighted sample and come back as None, so both give the same bits.
    """
    losses = finite("loss", loss)
    flat = losses.reshape(-1, losses.shape[-1])
    if weight is None:
        return losses.shape[:-1], ((row, None) for row in flat)
    weights = shares(weight, losses.shape).reshape(flat.shape)
    pairs = zip(flat, weights, strict=True)
    return losses.shape[:-1], ((row, None if (w == w[0]).all() else w) for row, w in pairs)


def by_row(
    function: Callable[[Array, Array | None], float], loss: ArrayLike, weight: ArrayLike | None
) -> Any:
    """`function(loss [path], weight [path])` for every row: a float for one row, else an array [...]."""
    shape, pairs = rows(loss, weight)
    values = np.array([function(row, w) for row, w in pairs], dtype=np.float64)
    return values.reshape(shape) if shape else float(values[0])


def even_weight(loss: Array, weight: Array | None) -> Array:
    """The weights [path], 1/n each where there are none."""
    return np.full(len(loss), 1 / len(loss)) if weight is None else weight


def total(values: Array) -> float:
    """The correctly rounded sum, equal to `math.fsum` and so the same in any order, a pass at a time.

    Values are cut at a common power of two far enough up that the sum of the upper parts is exact
    (Rump, Ogita & Oishi 2008, algorithm 4.1); the lower parts are cut again until nothing is left.
    """
    room = math.ceil(math.log2(len(values) + 2))
    rest, parts = values, [0.0]
    while len(rest) >= LONG and (top := float(np.abs(rest).max())) > 0:
        if math.frexp(top)[1] + room > 1023:
            return math.fsum(values.tolist())
        anchor = math.ldexp(1.0, math.frexp(top)[1] + room)
        upper = (rest + anchor) - anchor
        parts.append(float(upper.sum()))
        rest = rest - upper
    return math.fsum(parts if len(rest) >= LONG else rest.tolist())
