"""The band: scenarios near VaR that the master problem keeps explicit, and those surely above it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .constraints import Array


@dataclass(frozen=True)
class Band:
    """explicit, above: [scenario] flags, never both; the others are taken to lose less than VaR."""

    explicit: NDArray[np.bool_]
    above: NDArray[np.bool_]

    def wrong(self, loss: Array, threshold: float) -> NDArray[np.bool_]:
        """Scenarios on the other side of the threshold than was taken [scenario]."""
        return ~self.explicit & (self.above != (loss > threshold))

    def widened(self, more: NDArray[np.bool_]) -> "Band":
        """The band with `more` [scenario] explicit too; it only grows, so lower bounds only rise."""
        return Band(self.explicit | more, self.above & ~more)


def everything(count: int) -> Band:
    """All scenarios explicit: the whole problem."""
    return Band(np.ones(count, dtype=bool), np.zeros(count, dtype=bool))


def around(loss: Array, threshold: float, size: int) -> Band:
    """The `size` scenarios whose losses [scenario] are nearest to the threshold, those above them above."""
    distance = np.abs(loss - threshold)
    if size >= len(loss):
        return everything(len(loss))
    explicit = distance <= np.partition(distance, size - 1)[size - 1]
    return Band(explicit, (loss > threshold) & ~explicit)
