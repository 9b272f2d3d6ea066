"""The least cost of selling by dynamic programming on a grid of holdings: slow, exact up to its grid.

    W_t(h) = min over 0 <= x <= min(h, cap_t) of sell_t(x) + hold_t(h - x) + W_{t+1}(h - x)
    W_N(h) = unsold(h)

It needs a cost of holding that adds up over slices, as expected shortfall does where all slices move on one
shock, or variance where they are independent.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]
Cost = Callable[[int, Array], Array]
"""Cost [amount] of amounts [amount] in the slice of that number."""


def schedule(
    amount: float, caps: Array, sell: Cost, hold: Cost, unsold: Callable[[Array], Array], points: int = 401
) -> tuple[Array, float]:
    """What to sell in each slice [slice] and the least cost; caps [slice] of a slice's sale.

    InputError: an amount not above zero, a cap below zero, fewer than two points.
    """
    if not amount > 0 or not (np.asarray(caps) >= 0).all() or points < 2:
        raise InputError("schedule", f"amount {amount:g}, {points} points", "an amount, caps of zero or more")
    grid = np.linspace(0.0, amount, points)
    left = grid[:, None] - grid[None, :]  # sold [before, after]
    value, choice = unsold(grid), []
    for t in range(len(caps) - 1, -1, -1):
        allowed = (left >= 0.0) & (left <= caps[t] * (1 + 1e-12) + 1e-15)
        total = np.where(allowed, sell(t, np.maximum(left, 0.0)) + (hold(t, grid) + value)[None, :], np.inf)
        choice.append(total.argmin(axis=1))
        value = total.min(axis=1)
    at, sold = points - 1, []
    for pick in reversed(choice):
        sold.append(grid[at] - grid[pick[at]])
        at = pick[at]
    return np.array(sold), float(value[-1])
