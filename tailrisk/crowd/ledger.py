"""The ledger: every yuan, share, order and contract kept a second time, from reports and not from books.

    stock  <- (stock - sold + bought)(1 + r)                  shares of all cohorts, at today's prices
    orders <- (orders + placed - filled)(1 + r)               submitted = filled + backlog + cancelled
    maker  <- (maker - flow)(1 + r_F)                         market makers: the other side of futures
    cash   <- cash + (sold - bought)(1 + r) - cost - maker r_F - financing - redeemed

The residual is the books less the ledger: stock and orders of a bucket over its initial holdings,
futures and cash over the initial holdings of all. It is rounding, which grows with the root of the rounds
lived: 3e-6 after 60 days of six, 1e-5 after 240, in float32. A run in which it is more is not published
(mechanism 8 and 9, check 22).
"""

import math
from dataclasses import replace

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Ratio, Yuan


@struct
class Books:
    """What all participants together say they have."""

    stock: Yuan  # [bucket, path]
    backlog: Yuan  # [bucket, path]
    position: Yuan  # [future, path]  signed
    worth: Yuan  # [path]


@struct
class State:
    """What the reports say they should have."""

    stock: Yuan  # [bucket, path]
    orders: Yuan  # [bucket, path]
    maker: Yuan  # [future, path]
    cash: Yuan  # [path]  negative is a loan
    opened: Yuan  # [bucket, path]  stock on the eve of the first day


TOLERANCE, COARSE = 1e-11, 3e-5
"""Largest residual that is rounding, in float64 and in float32, of so many ROUNDS or fewer."""
ROUNDS = 360
SMALLEST = 1e-3
"""Of all stock: what a bucket's is taken to be at least, where its own is less."""


@struct
class Residual:
    """Books less ledger, over initial holdings; the largest of any bucket or future."""

    stock: Ratio  # [path]
    orders: Ratio  # [path]
    futures: Ratio  # [path]
    cash: Ratio  # [path]


def init(books: Books) -> State:
    """The ledger opens with the books."""
    return State(
        stock=books.stock,
        orders=books.backlog,
        maker=-books.position,
        cash=books.worth - accumulate(books.stock),
        opened=books.stock,
    )


def mark(state: State, returns: Ratio) -> State:
    """Stocks moved by `returns` [bucket, path] and nothing traded."""
    growth = 1.0 + returns
    return replace(state, stock=state.stock * growth, orders=state.orders * growth)


def trade(
    state: State, placed: Yuan, filled: Yuan, sold: Yuan, bought: Yuan, cost: Yuan, returns: Ratio
) -> State:
    """A round of stock trading [bucket, path] in yuan at the old price, executed at the new one; cost [path].

    `placed` new standing orders, `filled` of them traded, `sold` all sales, `bought` all purchases.
    """
    growth = 1.0 + returns
    return replace(
        state,
        stock=(state.stock - sold + bought) * growth,
        orders=(state.orders + placed - filled) * growth,
        cash=state.cash + accumulate((sold - bought) * growth) - cost,
    )


def settle(state: State, flow: Yuan, returns: Ratio) -> State:
    """A round of futures [future, path]: net purchases of all participants, then the variation margin."""
    return replace(
        state,
        maker=(state.maker - flow) * (1.0 + returns),
        cash=state.cash - accumulate(state.maker * returns),
    )


def pay(state: State, paid: Yuan) -> State:
    """Cash that left for good [path]: redemptions at the open, financing at the close."""
    return replace(state, cash=state.cash - paid)


def residual(state: State, books: Books, scale: Yuan) -> Residual:
    """What the books say more than the ledger, over all initial holdings of stock, `scale` [], yuan."""
    held = jnp.maximum(state.opened, SMALLEST * scale)
    return Residual(
        stock=_largest((books.stock - state.stock) / held),
        orders=_largest((books.backlog - state.orders) / held),
        futures=_largest(books.position + state.maker) / scale,
        cash=jnp.abs(books.worth - accumulate(books.stock) - state.cash) / scale,
    )


def growth(rounds: int) -> float:
    """How much larger rounding may be after so many rounds than after ROUNDS: their root, at least one."""
    return math.sqrt(max(rounds / ROUNDS, 1.0))


def _largest(error: Yuan) -> Yuan:
    worst = jnp.abs(error[0])
    for k in range(1, error.shape[0]):
        worst = jnp.maximum(worst, jnp.abs(error[k]))
    return worst
