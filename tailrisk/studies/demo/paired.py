"""Losses and events of a demo's runs, path by path: both meet the same shocks, so most noise cancels."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.names import MEASURES

Array = NDArray[np.float64]


@dataclass
class Watched:
    """Of every path of a run, its losses over the horizon and which events happened."""

    blocks: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    def __call__(self, first: int, loss: NDArray[np.float32], days: NDArray[np.int64]) -> None:
        """Take a block in: loss [view, measure, product, path], days of each event [event, path]."""
        ended = np.asarray(loss[:, MEASURES.index("terminal")], np.float64)
        self.blocks[first] = ended, np.asarray(days > 0, np.float64)

    @property
    def losses(self) -> Array:
        """Loss over the horizon [view, product, path], in the order of path numbers."""
        return np.concatenate([self.blocks[first][0] for first in sorted(self.blocks)], axis=-1)

    @property
    def happened(self) -> Array:
        """One where an event happened on a path, else zero [event, path]."""
        return np.concatenate([self.blocks[first][1] for first in sorted(self.blocks)], axis=-1)
