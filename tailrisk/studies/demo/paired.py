"""What the crowd adds, path by path: both runs meet the same shocks, so most of the noise cancels."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.names import MEASURES
from ...tail import expected_shortfall, value_at_risk
from ...tail.interval import hall_bounds

Array = NDArray[np.float64]
Change = tuple[float, float, float]
"""(difference, low, high)."""


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


def shortfall_change(after: Array, before: Array, *, level: float, confidence: float) -> Change:
    """ES(after) - ES(before) of the same paths [path], its interval from the difference of influences.

    The influence of a path on ES is q + (L - q)+ / (1 - a) - ES, q the VaR.
    """
    pulls, values = [], []
    for loss in (after, before):
        q, es = value_at_risk(loss, level=level), expected_shortfall(loss, level=level)
        pulls.append(q + np.maximum(loss - q, 0) / (1 - level) - es)
        values.append(es)
    change = float(values[0] - values[1])
    low, high = hall_bounds(change, (pulls[0] - pulls[1]) / len(after), confidence)
    return change, low, high


def odds_change(after: Array, before: Array, *, confidence: float) -> Change:
    """P(after) - P(before) of an event on the same paths [path], of ones and zeros, with its interval."""
    moved = after - before
    change = float(moved.mean())
    low, high = hall_bounds(change, (moved - change) / len(moved), confidence)
    return change, low, high
