"""The books that the policies of February 2024 went to.

    style box      w = b + s (h - b), s = min(1, bound / |x (h - b)|), x the buckets' size, z-scores   Longqi
    top 1800       T and U to zero, the rest as it was                                                 Lingjun
    shift          15 points of the book from T and U to CSI 500                                       Zhuoshi
    deleverage     half the gross
    hedge with IM  the hedge in IM alone; who has none sells IM against his T and U

h is the book, b its benchmark or, for a hedged book, the indices of its hedge (mechanism 1.3, 4.8, 5.8). The
size z is of the mean log cap of each bucket on 1 and 2 February 2024, cap-weighted mean zero (mechanism 4.4).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
CAP = np.array([46.2, 11.2, 9.6, 7.9, 0.67])
"""Trillions of yuan in each bucket."""
NAMES = np.array([300, 500, 1000, 2000, 400])


def size() -> Array:
    """Size z-score of each bucket."""
    log = np.log(CAP / NAMES)
    mean = np.average(log, weights=CAP)
    spread = np.sqrt(np.average((log - np.average(log, weights=NAMES)) ** 2, weights=NAMES))
    return np.asarray((log - mean) / spread)


def style_box(weights: Array, benchmark: Array, bound: float) -> Array:
    """Each book [fund, bucket] drawn toward its benchmark until its active size is within `bound`."""
    active = np.abs((weights - benchmark) @ size())
    keep = np.minimum(1.0, bound / np.maximum(active, 1e-12))
    return np.asarray(benchmark + keep[:, None] * (weights - benchmark))


def top_1800(weights: Array) -> Array:
    """Without CSI 2000 and micro-caps, pro rata."""
    large = np.concatenate([weights[:, :3], np.zeros((len(weights), 2))], axis=1)
    return np.asarray(large / large.sum(axis=1, keepdims=True))


def shift(weights: Array, points: float = 0.15) -> Array:
    """`points` of the book from the two small buckets, pro rata, to CSI 500."""
    small = weights[:, 3:].sum(axis=1, keepdims=True)
    moved = np.minimum(points, small)
    after = weights.copy()
    after[:, 3:] *= 1 - moved / np.maximum(small, 1e-12)
    after[:, 1] += moved[:, 0]
    return np.asarray(after)


def hedge_with_im(weights: Array, short: Array) -> Array:
    """Futures sold over stock book [fund, future]: all in IM; an unhedged book sells its T and U's worth."""
    total = short.sum(axis=1)
    amount = np.where(total > 0, total, weights[:, 3:].sum(axis=1))
    return np.asarray(np.stack([np.zeros_like(amount), np.zeros_like(amount), amount], axis=1))


def all_books(
    weights: Array, gross: Array, short: Array, benchmark: Array, bound: float = 0.1
) -> Mapping[str, tuple[Array, Array, Array]]:
    """Policy -> (weights, gross, short over stock book) of every fund."""
    return {
        "style_box": (style_box(weights, benchmark, bound), gross, short),
        "top_1800": (top_1800(weights), gross, short),
        "shift_500": (shift(weights), gross, short),
        "deleverage": (weights, gross / 2, short),
        "hedge_im": (weights, gross, hedge_with_im(weights, short)),
    }
