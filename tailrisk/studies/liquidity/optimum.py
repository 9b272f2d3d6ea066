"""The schedule of least cost and tail loss, by the platform's own solver of expected shortfall.

    min  sum rate x + impact x^(3/2) + x' G x + unsold (1 - sum x) + aversion ES(shortfall(x))

over x [slice, bucket] of zero or more, within caps, T+1 and the order rate. The shortfall is linear in x: a
unit sold in slice t has the slice's price less that of the deadline, and bears the hedge until then,

    shortfall(x) = -(sum_k a_k (P_T - 1 - ratio H_T) + sum x (p_t - P_T - ratio (H_t - H_T))).
"""

from typing import Any

import numpy as np

from ...core.errors import InputError
from ...optimise import (
    Group,
    Portfolio,
    Positions,
    TradingCost,
    VarianceCost,
    maximise_utility,
    of_matrix,
    of_returns,
)
from ...optimise.constraints import Constraint
from .problem import Array, Prices, Problem


def optimal(problem: Problem, prices: Prices, fills: Array | None = None) -> tuple[Array, Portfolio]:
    """What to sell [slice, bucket] to the deadline, and the solver's certificate.

    fills: [slice, bucket] fraction of sales expected to trade; all where not given.
    """
    last, buckets = problem.last, len(problem.amount)
    seen = prices.until(last)
    end, hedge_end = seen.close[-1], seen.hedge[-1]
    move = seen.sale - end - problem.ratio * (seen.hedge - hedge_end)[:, None]  # [slice, bucket, path]
    held = (problem.amount[:, None] * (end - 1.0)).sum(axis=0) - problem.ratio * hedge_end
    returns = np.concatenate([move.reshape(last * buckets, -1), held[None]])
    alpha = np.append(np.full(last * buckets, problem.unsold), 0.0)
    answer = maximise_utility(
        of_returns(returns),
        alpha,
        _constraints(problem, np.ones((last, buckets)) if fills is None else fills),
        level=problem.level,
        aversion=problem.aversion,
    )
    return np.maximum(answer.weights[:-1], 0.0).reshape(last, buckets), answer


def value(problem: Problem, prices: Prices, schedule: Array) -> float:
    """The objective of a schedule [slice, bucket] that is filled as planned."""
    seen = prices.until(problem.last)
    hedge = problem.ratio * (seen.hedge - seen.hedge[-1])[:, None]
    held = (problem.amount[:, None] * (seen.close[-1] - 1)).sum(axis=0) - problem.ratio * seen.hedge[-1]
    gain = held + (schedule[..., None] * (seen.sale - seen.close[-1] - hedge)).sum(axis=(0, 1))
    losses = np.sort(-gain)[::-1]
    return cost(problem, schedule) + problem.aversion * _shortfall(losses, problem.level)


def cost(problem: Problem, schedule: Array) -> float:
    """Spread, duty, impact and what is given up on the unsold, of a schedule [slice, bucket]."""
    direct = problem.rate * schedule.sum() + (problem.impact[: len(schedule)] * schedule**1.5).sum()
    half = problem.kernel - 0.5 * np.diag(np.diag(problem.kernel))
    lasting = np.einsum("sk,st,tk,k->", schedule, half, schedule, problem.linear)
    return float(direct + lasting + problem.unsold * (1.0 - schedule.sum()))


def _shortfall(losses: Array, level: float) -> float:
    """ES of equally likely losses [path], the largest first, with the fraction of the last one it needs."""
    need = (1.0 - level) * len(losses)
    whole = int(need)
    rest = (need - whole) * losses[whole] if whole < len(losses) else 0.0
    return float((losses[:whole].sum() + rest) / need)


def _constraints(problem: Problem, fills: Array) -> list[Constraint]:
    last, buckets = problem.last, len(problem.amount)
    size = last * buckets + 1
    traded = (1.0 - problem.refused) * fills
    upper = np.minimum(problem.cap[:last] * traded, problem.amount)
    every = np.arange(size - 1).reshape(last, buckets)
    rules: list[Constraint] = [
        Positions(np.append(np.zeros(size - 1), 1.0), np.append(upper.ravel(), 1.0)),
        TradingCost(
            np.append(np.zeros(size - 1), 1.0),
            np.append(np.full(size - 1, problem.rate), 0.0),
            np.append(problem.impact[:last].ravel(), 0.0),
        ),
    ]
    for k, bucket in enumerate(problem.buckets):
        rules.append(Group(_inside(every[:, k], size), upper=problem.amount[k], name=f"all of {bucket}"))
        if problem.first_day[k] < problem.amount[k]:
            today = _inside(every[: problem.slices, k], size)
            rules.append(Group(today, upper=problem.first_day[k], name=f"T+1 of {bucket}"))
    for t in np.flatnonzero(problem.together[:last] < upper.sum(axis=1)):
        rules.append(Group(_inside(every[t], size), upper=problem.together[t], name=f"orders of slice {t}"))
    if (problem.linear > 0).any():
        rules.append(VarianceCost(of_matrix(_quadratic(problem))))
    if not (upper.sum() > 0):
        raise InputError("rules", "nothing may be sold before the deadline", "caps above zero")
    return rules


def _quadratic(problem: Problem) -> Array:
    """Q [x, x] with x' Q x / 2 the cost of the propagator, zero for the unit that stands for the book."""
    half = problem.kernel - 0.5 * np.diag(np.diag(problem.kernel))
    whole = np.kron(half + half.T, np.diag(problem.linear))
    return np.pad(whole, (0, 1))


def _inside(places: Any, size: int) -> Any:
    members = np.zeros(size, bool)
    members[np.asarray(places).ravel()] = True
    return members
