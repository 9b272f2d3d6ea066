"""What part of a stock's shares circulates, from what is traded: the weights of an index."""

import numpy as np
from numpy.typing import NDArray

from ..data.panel import Panel
from .descriptors import moving
from .moments import by_group
from .universe import Array

RECENT = 20
"""Days behind circulating shares and average daily turnover."""


def circulating(panel: Panel) -> Array:
    """sum of amount / sum of (turnover x cap) over RECENT days, at most one. [day, stock], NaN where unknown.

    Sums, because turnover is given to 0.01 %, which is coarse for a bank that hardly trades.
    """
    known = np.isfinite(panel.amount) & np.isfinite(panel.turnover) & np.isfinite(panel.cap)
    amount = moving(np.where(known, panel.amount, 0.0), RECENT)
    whole = moving(np.where(known, panel.turnover * panel.cap, 0.0), RECENT)
    there = (moving(known * 1.0, RECENT) > 0.5) & (whole > 1.0)
    return np.where(there, np.clip(amount / np.where(there, whole, 1.0), 0.0, 1.0), np.nan)


def filled(circulating: Array, group: NDArray[np.int8]) -> Array:
    """Circulating parts [stock] with their group's mean where unknown, one where all of it is."""
    groups = int(group.max(initial=-1)) + 1
    return np.where(np.isfinite(circulating), circulating, by_group(circulating, group, groups)[0][group])
