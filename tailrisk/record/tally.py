"""Counts of bins over blocks of paths, or sums of weights: the same bits whatever the order of blocks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SHIFT = 60
"""Binary digits of a weight behind the point: one block's sum is rounded to 2^-60, sums of blocks never."""
LOW = (1 << SHIFT) - 1


class Counts:
    """Sums of blocks' counts [...]; of weights in whole numbers, which add up the same in any order.

    >>> thirds = Counts((1,), weighted=True)
    >>> for _ in range(3):
    ...     thirds.add(np.array([1 / 3]))
    >>> thirds.value
    array([1.])
    """

    def __init__(self, shape: tuple[int, ...], *, weighted: bool) -> None:
        self.whole = np.zeros(shape, np.int64)
        self.part = np.zeros(shape, np.int64) if weighted else None

    @property
    def value(self) -> NDArray[Any]:
        """Whole numbers of paths [...], or sums of their weights."""
        return (
            self.whole if self.part is None else self.whole + np.ldexp(self.part.astype(np.float64), -SHIFT)
        )

    def add(self, counts: NDArray[Any]) -> None:
        """A block's counts [...]; weights are not negative."""
        if self.part is None:
            self.whole += counts
            return
        (met,) = counts.ravel().nonzero()  # most bins of a block are empty
        weight = counts.ravel()[met]
        floor = np.floor(weight)
        part = self.part.reshape(-1)[met] + np.rint((weight - floor) * 2.0**SHIFT).astype(np.int64)
        self.whole.reshape(-1)[met] += floor.astype(np.int64) + (part >> SHIFT)
        self.part.reshape(-1)[met] = part & LOW

    def take(self, whole: NDArray[np.int64], part: NDArray[np.int64] | None) -> None:
        """Add what other counts have in `whole` and `part` [...]."""
        self.whole += whole
        if self.part is not None and part is not None:
            self.part += part
            self.whole += self.part >> SHIFT
            self.part &= LOW


PIECE = 8192
"""Values placed in their bins at a time: what is formed on the way stays in a core's cache."""


def tally(
    values: NDArray[np.floating], edges: NDArray[np.float64], weight: NDArray[np.float64] | None = None
) -> NDArray[Any]:
    """How many values [..., path] fall into each of evenly spaced bins [..., bin], or how much weight [path].

    The outermost bins take what lies beyond, the first what is no number.
    """
    bins, rows = len(edges) - 1, values.reshape(-1, values.shape[-1])
    if weight is None:
        counts = np.stack([_counted(row, edges) for row in rows]) if len(rows) else np.zeros((0, bins), int)
    else:
        found = [np.bincount(_placed(row, edges), weight, minlength=bins) for row in rows]
        counts = np.stack(found) if found else np.zeros((0, bins))
    return counts.reshape(*values.shape[:-1], bins)


def cells(
    places: tuple[NDArray[np.int64], ...],
    shape: tuple[int, ...],
    weight: NDArray[np.float64] | None = None,
) -> NDArray[Any]:
    """Paths, or weight [path], in each cell of a map of `shape`, given places [axis][path]."""
    counts = np.bincount(np.ravel_multi_index(places, shape), weight, minlength=int(np.prod(shape)))
    return counts.reshape(shape)


def _counted(row: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Counts [bin] of one row of values [value]."""
    counts = np.zeros(len(edges) - 1, np.int64)
    for start in range(0, len(row), PIECE):
        counts += np.bincount(_places(row[start : start + PIECE], edges), minlength=len(counts))
    return counts


def _placed(row: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value [value], whose weights are added up in this order."""
    places = np.empty(len(row), np.int64)
    for start in range(0, len(row), PIECE):
        places[start : start + PIECE] = _places(row[start : start + PIECE], edges)
    return places


def _places(values: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value [value]."""
    bins = len(edges) - 1
    place = np.subtract(values, edges[0], dtype=np.float64)
    place *= bins / (edges[-1] - edges[0])
    if not (values.min() >= edges[0] and values.max() <= edges[-2]):  # or there is what is no number
        np.fmax(place, 0.0, out=place)
        np.fmin(place, bins - 1, out=place)
    return place.astype(np.int64)
