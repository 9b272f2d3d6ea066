"""A weighted sample of losses: checked once, taken row by row, its level an exact fraction."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ..core import InputError
from .border import Losses, finite, matched, number, received

Array = NDArray[np.float64]
Level = str | float | Fraction

WEIGHT_SUM = 1e-9
"""How far from one the weights may sum."""
SINGLE = 1e-5
"""The same of weights in single precision, which are then divided by their sum."""
LEAST = 1e-75
"""A weight below this is none: its fourth power would be no number."""
RESOLUTION = 1e-12
"""A cumulative weight this close (relative) to the tail's share counts as reaching it."""
LONG = 1000
"""Values from which a sum is quicker in passes over the array than one by one."""


def exact_level(level: Level) -> Fraction:
    """The level as the fraction its decimal string says: 0.99 is 99/100, not the nearest double.

    A level is a confidence, above one half. InputError: any other; a tail probability is refused with the
    confidence it stands for.
    """
    exact = level if isinstance(level, Fraction) else _written(level)
    if not 0 < exact < 1:
        problem = f"{str(level)[:40]} is outside the open interval (0, 1)"
        raise InputError("level", problem, "a confidence above 0.5, such as 0.99")
    if exact <= Fraction(1, 2):
        hint = f"the worst {float(exact):g} of losses is beyond level {float(1 - exact):g}"
        raise InputError("level", f"{level} is not above 0.5", "a confidence above 0.5, such as 0.99", hint)
    return exact


def _written(level: Any) -> Fraction:
    """The fraction a number's decimals say, or a quotient as text."""
    text = str(level).strip()
    try:
        if "/" not in text and not 1e-9 < float(text) < 1:  # refused whatever its digits: read none of them
            return Fraction(float(text))
        return Fraction(text)
    except (ValueError, OverflowError, ZeroDivisionError):
        problem = f"{repr(level)[:40]} is not a number"
        raise InputError("level", problem, "a confidence above 0.5, such as 0.99") from None


def exact_confidence(confidence: float) -> float:
    """The confidence of an interval. InputError: not strictly between zero and one."""
    return number("confidence", confidence, "a decimal such as 0.95", lambda x: 0 < x < 1)


def normal_quantile(confidence: float) -> float:
    """z, such that a standard normal is within ±z with this confidence. InputError: one outside (0, 1)."""
    return float(ndtri((1 + exact_confidence(confidence)) / 2))


def weights_of(weight: ArrayLike, losses: Losses) -> Array:
    """Weights of losses [..., path], a Series matched by name, as [..., path].

    InputError: weights of another shape, below zero, or a row that does not sum to one within 1e-9 (1e-5 in
    single precision).
    """
    array = matched("weight", weight, losses)
    single = getattr(array, "dtype", None) == np.float32
    array = finite("weight", array)
    shape = losses.values.shape
    if array.shape[-1] != shape[-1]:
        raise InputError("weight", f"{array.shape[-1]} weights for {shape[-1]} losses", "one weight a path")
    if array.ndim > 1 and array.shape != shape:
        raise InputError("weight", f"has shape {array.shape}", f"({shape[-1]},) or {shape}, as the losses")
    if (array < 0).any():
        raise InputError("weight", f"{int((array < 0).sum())} weights are negative", "weights >= 0")
    array = np.where(array < LEAST, 0.0, array)
    sums = [total(row) for row in array.reshape(-1, array.shape[-1])]
    for whole in sums:
        if abs(whole - 1) > (SINGLE if single else WEIGHT_SUM):
            hint = "as float64, divide them by their sum"
            raise InputError("weight", f"the weights sum to {whole!r}", "a sum of one", hint)
    if single:
        array = array / np.reshape(sums, (*array.shape[:-1], 1))
    return np.broadcast_to(array, shape)


def sampled(
    losses: Losses, weight: ArrayLike | None
) -> tuple[tuple[int, ...], Iterator[tuple[Array, Array | None]]]:
    """The leading shape of the losses [..., path], and (losses [path], weight [path] or None) row by row.

    Paths without weight are left out. Equal weights are the unweighted sample and come back as None, so both
    give the same bits. InputError: weights as in `weights_of`.
    """
    shape = losses.values.shape
    flat = losses.values.reshape(-1, shape[-1])
    if weight is None:
        return shape[:-1], ((row, None) for row in flat)
    weights = weights_of(weight, losses).reshape(flat.shape)
    pairs = zip(flat, weights, strict=True)
    return shape[:-1], (counting(row, w) for row, w in pairs)


def counting(losses: Array, weight: Array) -> tuple[Array, Array | None]:
    """Losses [.., path] and weights [path] of the paths that have some; no weights where these are equal."""
    there = weight > 0
    if not there.all():
        losses, weight = losses[..., there], weight[there]
    return losses, None if (weight == weight[0]).all() else weight


def by_row(
    function: Callable[[Array, Array | None], float], losses: ArrayLike, weight: ArrayLike | None
) -> Any:
    """`function(losses [path], weight [path])` of every row, in the form the losses came (`border`).

    InputError: losses or weights that cannot be used.
    """
    given = received(losses)
    shape, pairs = sampled(given, weight)
    values = np.array([function(row, w) for row, w in pairs], dtype=np.float64)
    return given.named(values.reshape(shape))


def even_weight(losses: Array, weight: Array | None) -> Array:
    """The weights [path], 1/n each where there are none."""
    return np.full(len(losses), 1 / len(losses)) if weight is None else weight


def total(values: Array) -> float:
    """The correctly rounded sum of values [n], that of `math.fsum`: the same in any order, a pass at a time.

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
