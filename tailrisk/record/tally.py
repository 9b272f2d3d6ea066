"""Counts of bins over blocks of paths, or sums of weights: the same bits whatever the order of blocks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SHIFT = 60
"""Binary digits of a weight behind the point: one block's sum is rounded to 2^-60, sums of blocks never."""


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
        whole = np.floor(counts)
        self.take(whole.astype(np.int64), np.rint(np.ldexp(counts - whole, SHIFT)).astype(np.int64))

    def take(self, whole: NDArray[np.int64], part: NDArray[np.int64] | None) -> None:
        """Add what other counts have in `whole` and `part` [...]."""
        self.whole += whole
        if self.part is not None and part is not None:
            self.part += part
            self.whole += self.part >> SHIFT
            self.part &= (1 << SHIFT) - 1
