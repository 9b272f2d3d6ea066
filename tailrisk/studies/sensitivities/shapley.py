"""Shares of a whole among players, by the mean of what each adds to those before it (Shapley, 1953).

    phi_i = sum over coalitions S without i of |S|! (n - 1 - |S|)! / n!  (v(S + i) - v(S))

which sum to v(all) - v(none). v may be an array: of parts of an estimate path by path, so that a share has an
error over paths. Where coalitions are too many, orders are drawn, each with its reverse (Mitchell et al.,
2022), and the error over orders is added.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Coalition = frozenset[str]
Value = Callable[[Coalition], Array]
"""Of a coalition [row, path]."""


@dataclass(frozen=True)
class Shares:
    """What every player adds [player, row], its standard error, how many coalitions were valued."""

    value: Array
    error: Array
    whole: Array  # [row]  v(all)
    none: Array  # [row]  v(none)
    coalitions: int
    orders: int  # drawn; zero is all


class Valued:
    """v, each coalition once."""

    def __init__(self, value: Value):
        self.value = value
        self.known: dict[Coalition, Array] = {}

    def __call__(self, coalition: Coalition) -> Array:
        if coalition not in self.known:
            self.known[coalition] = np.asarray(self.value(coalition), np.float64)
        return self.known[coalition]


def shares(players: Sequence[str], value: Value, *, orders: int = 0, seed: int = 0) -> Shares:
    """Shares by all coalitions, or by so many orders drawn; an even number of them."""
    v = Valued(value)
    parts = _exact(players, v) if not orders else _drawn(players, v, orders, seed)
    adds = [np.mean(one, axis=0) for one in parts]  # [row, path] of each player
    paths = adds[0].shape[-1]
    error = [one.std(axis=-1, ddof=1) / np.sqrt(paths) if paths > 1 else np.zeros(len(one)) for one in adds]
    if orders:
        over = [np.std(_pairs(one.mean(axis=-1)), axis=0, ddof=1) / np.sqrt(orders / 2) for one in parts]
        error = [np.hypot(a, b) for a, b in zip(error, over, strict=True)]
    everyone = v(frozenset(players))
    return Shares(
        value=np.stack([one.mean(axis=-1) for one in adds]),
        error=np.stack(error),
        whole=everyone.mean(axis=-1),
        none=v(frozenset()).mean(axis=-1),
        coalitions=len(v.known),
        orders=orders,
    )


def _exact(players: Sequence[str], v: Valued) -> list[Array]:
    """What each player adds, weighted over all coalitions, [1, row, path]."""
    n = len(players)
    found = []
    for one in players:
        rest = [name for name in players if name != one]
        total = np.zeros_like(v(frozenset()))
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - 1 - size) / math.factorial(n)
            for others in combinations(rest, size):
                total = total + weight * (v(frozenset((*others, one))) - v(frozenset(others)))
        found.append(total[None])
    return found


def _drawn(players: Sequence[str], v: Valued, orders: int, seed: int) -> list[Array]:
    """What each player adds in every order [order, row, path]; an order and then its reverse."""
    draw = np.random.default_rng(seed)
    adds: dict[str, list[Array]] = {name: [] for name in players}
    for _ in range(orders // 2):
        order = [players[k] for k in draw.permutation(len(players))]
        for line in (order, order[::-1]):
            before: Coalition = frozenset()
            for name in line:
                after = before | {name}
                adds[name].append(v(after) - v(before))
                before = after
    return [np.stack(adds[name]) for name in players]


def _pairs(means: Array) -> Array:
    """Means of an order and its reverse [pair, row]; pairs are independent."""
    return means.reshape(-1, 2, means.shape[-1]).mean(axis=1)
