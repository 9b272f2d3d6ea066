"""Index replicas: what the members of the evening before earned."""

import numpy as np

from ..data.panel import Panel
from .circulation import circulating, filled
from .membership import Membership
from .universe import Array


def replicas(panel: Panel, members: Membership) -> Array:
    """Simple returns [day, index] of the market's buckets; the first day is NaN.

    By circulating cap at the last close (CSI's own are free float in steps), the last bucket by equal weight;
    a suspended stock is left out for the day.
    """
    held, cap, returns = members.index[:-1], panel.cap[:-1], panel.returns[1:]
    known = np.isfinite(returns)
    value = np.where(known, returns, 0.0)
    share = circulating(panel)[:-1]
    share = np.array([filled(row, group) for row, group in zip(share, held, strict=True)])
    columns = []
    for place in range(len(members.names.buckets) - 1):
        weight = np.where((held == place) & known, cap * share, 0.0)
        columns.append((weight * value).sum(axis=1) / weight.sum(axis=1))
    equal = (members.micro[:-1] & known).astype(float)
    columns.append((equal * value).sum(axis=1) / equal.sum(axis=1))
    return np.vstack([np.full(len(columns), np.nan), np.column_stack(columns)])
