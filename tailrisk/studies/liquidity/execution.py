"""A schedule carried out on paths: orders, what limits and refusals leave, costs, and days to exit."""

from dataclasses import dataclass

import numpy as np

from .problem import Array, Prices, Problem

DONE = 1e-6
"""Part of the book below which it is sold."""


@dataclass(frozen=True)
class Sale:
    """What became of a book, fractions of it."""

    cost: Array  # [path]  spread, duty, impact, and what is given up on the unsold at the deadline
    shortfall: Array  # [path]  start price less what was got, hedge included, costs apart
    unsold: Array  # [path]  at the deadline
    days: Array  # [path]  to exit, going on after the deadline; the window's and one more where not within it

    @property
    def loss(self) -> Array:
        """Cost and shortfall together [path]."""
        return self.cost + self.shortfall


def schedules(problem: Problem) -> dict[str, Array]:
    """What others do [slice, bucket]: even in time, in volume, at the participation cap, and all at once."""
    last, days = problem.last, problem.deadline
    even = np.full(last, 1.0 / last)
    volume = np.tile(problem.volume, days) / days
    at_once = np.zeros(last)
    at_once[0] = 1.0
    return {
        "TWAP": even[:, None] * problem.amount,
        "VWAP": volume[:, None] * problem.amount,
        "POV": problem.cap[:last].copy(),
        "immediate": at_once[:, None] * problem.amount,
    }


def carried_out(problem: Problem, prices: Prices, schedule: Array, *, capped: bool = True) -> Sale:
    """The sale on every path; what is not filled is sent again, and after the deadline all that is left.

    `capped` False sells what the market can absorb instead of the participation cap; other rules bind.
    """
    last, paths = problem.last, prices.sale.shape[2]
    amount = problem.amount[:, None]
    left = np.repeat(amount, paths, axis=1)
    planned, sold, cost = np.zeros_like(amount), np.zeros_like(left), np.zeros(paths)
    gained, at_end, hedged = np.zeros(paths), np.zeros(paths), np.zeros(paths)
    passing = np.zeros_like(left)
    lasting = np.zeros_like(left)
    days = np.full(paths, len(prices.sale) // problem.slices + 1.0)
    for t in range(len(prices.sale)):
        planned = np.minimum(planned + schedule[t][:, None], amount) if t < last else amount
        sent = np.minimum(np.maximum(planned - sold, 0.0), left)
        sent = np.minimum(sent, (problem.cap if capped else problem.absorbed)[t][:, None])
        if t < problem.slices:
            sent = np.minimum(sent, np.maximum(problem.first_day[:, None] - sold, 0.0))
        sent = sent * np.minimum(problem.together[t] / np.maximum(sent.sum(axis=0), 1e-300), 1.0)
        filled = sent * (1.0 - problem.refused) * prices.filled[t]
        if t < last:
            linear = problem.linear[:, None] * (lasting + passing + 0.5 * filled)
            paid = filled * (problem.rate + linear) + problem.impact[t][:, None] * filled**1.5
            cost += paid.sum(axis=0)
            gained += (filled * (prices.sale[t] - 1.0)).sum(axis=0)
            hedged += filled.sum(axis=0) * prices.hedge[t]
            lasting += problem.stays * filled
            passing = (passing + (1.0 - problem.stays) * filled) * problem.remaining
        sold, left = sold + filled, np.maximum(left - filled, 0.0)
        whole = (left.sum(axis=0) < DONE) & (days > len(prices.sale) // problem.slices)
        days = np.where(whole, t // problem.slices + 1.0, days)
        if t == last - 1:
            rest = left.sum(axis=0)
            at_end = rest
            gained += (left * (prices.close[t] - 1.0)).sum(axis=0)
            hedged += rest * prices.hedge[t]
            cost += problem.unsold * rest
    return Sale(cost=cost, shortfall=-gained + problem.ratio * hedged, unsold=at_end, days=days)
