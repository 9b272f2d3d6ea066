"""Who may sell what within a day: holdings, T+1, refused sales, and what the limits let through.

    sent_b   = min(order_b, holding_b - bought today_b) (1 - refused),     filled_b = sent_b fill_b

A stock bought today is sold tomorrow at the earliest (T+1); futures are not bound by it.
"""

import jax
import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Ratio, Yuan
from . import market


@struct
class State:
    """Books within a day, yuan at the last close's prices."""

    holding: Yuan  # [group, bucket, path]
    locked: Yuan  # [group, bucket, path]  bought today


@struct
class Orders:
    """Submitted in a slice, yuan and not negative."""

    sell: Yuan  # [group, bucket, path]
    buy: Yuan  # [group, bucket, path]


@struct
class Done:
    """Traded in a slice."""

    sold: Yuan  # [group, bucket, path]
    bought: Yuan  # [group, bucket, path]


def init(holding: Yuan) -> State:
    """The open, with a book [group, bucket, path] of which all may be sold."""
    return State(holding=holding, locked=jnp.zeros_like(holding))


def send(state: State, orders: Orders, refused: Ratio, *, next_day: bool = True) -> Orders:
    """The orders that reach the market; `refused` [group, bucket, path] is the part of sales not taken.

    next_day: whether T+1 binds.
    """
    free = state.holding - state.locked if next_day else state.holding
    return Orders(sell=jnp.minimum(orders.sell, free) * (1.0 - refused), buy=orders.buy)


def fill(state: State, sent: Orders, seen: market.Seen) -> tuple[State, Done]:
    """Books after the part of the orders that limits let trade."""
    done = Done(sold=sent.sell * seen.sells[None], bought=sent.buy * seen.buys[None])
    return State(holding=state.holding - done.sold + done.bought, locked=state.locked + done.bought), done


def next_morning(state: State) -> State:
    """What was bought yesterday may be sold."""
    return State(holding=state.holding, locked=jnp.zeros_like(state.locked))


def day(
    params: market.Params,
    state: State,
    orders: Orders,
    show: market.Show = market.unlimited,
    *,
    refused: Ratio | None = None,
) -> tuple[State, Done, market.Seen]:
    """A day of orders [slice, group, bucket, path]: books, what was traded, and what the market showed.

    Prices answer to what is submitted, filled or not, as in the crowd's day; fills are at the slice's price.
    `refused` is [group, bucket, path]; none where not given.
    """
    no = jnp.zeros_like(state.holding) if refused is None else refused

    def one(
        carry: tuple[market.State, State], now: Orders
    ) -> tuple[tuple[market.State, State], tuple[Done, market.Seen]]:
        prices, books = carry
        sent = send(books, now, no)
        net = accumulate(sent.buy - sent.sell)
        prices = market.step(params, prices, net, jnp.zeros_like(net), jnp.ones_like(net))
        seen = show(market.latent(params, prices))
        books, done = fill(books, sent, seen)
        return (prices, books), (done, seen)

    start = (market.init(params, state.holding.shape[2]), state)
    (_, books), (done, seen) = jax.lax.scan(one, start, orders)
    return books, done, seen
