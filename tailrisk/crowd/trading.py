"""A round of trading by the cohorts: orders before the market moves, fills and hedges after it.

    submit  triggers on the last round's information, backlog, orders within T+1, restriction and pace
    fill    the market's returns and fills: books marked, trades booked at the new price, hedges to trade
    settle  the futures' returns: variation margin, hedges traded at the new price

A hedge is closed in proportion to the stock sold, dF = -F x / A: that is h x of mechanism 5.2 while F = -h A,
and leaves no hedge without a book when stock and futures have parted. With `hedge_first` it is closed in
proportion to what is ordered sold, and a book that cannot sell stands naked.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.fence import fence
from ..core.units import Ratio, Yuan
from . import margin, orders, substitution, triggers
from .cohorts import Params, State, equity


@struct
class Seen:
    """What cohorts know: the last round's market, and the rules."""

    annual_basis: Ratio  # [future, path]  annualised; a discount is negative
    momentum: Ratio  # [bucket, path]
    volume: Yuan  # [bucket, path]  a day's turnover
    restriction: Ratio  # [cohort, path]  share of a sale that is refused


@struct
class Orders:
    """Submitted in a round, yuan at the price before it."""

    standing: Yuan  # [cohort, bucket, path]  sales out of the backlog
    sell: Yuan  # [cohort, bucket, path]  those and the sales against futures
    buy: Yuan  # [cohort, bucket, path]
    share: Ratio  # [cohort, path]  of the stock not yet ordered that was ordered just now
    placed: Yuan  # [bucket, path]  new standing orders of all cohorts
    standings: Yuan  # [bucket, path]  of all cohorts
    sells: Yuan  # [bucket, path]
    buys: Yuan  # [bucket, path]


@struct
class Trades:
    """Done in a round, yuan at the price before it."""

    filled: Yuan  # [bucket, path]  of the standing orders
    cancelled: Yuan  # [bucket, path]  of the others, sales and purchases
    sold: Yuan  # [bucket, path]
    bought: Yuan  # [bucket, path]
    cost: Yuan  # [path]
    futures: Yuan  # [cohort, future, path]  to be bought now; sales are negative
    flow: Yuan  # [future, path]  the same, of all cohorts


def submit(params: Params, state: State, seen: Seen) -> tuple[State, Orders]:
    """Triggers from the last round, then this round's orders."""
    held, waiting = accumulate(state.holdings, axis=1), accumulate(state.backlog, axis=1)
    discount = triggers.discount(params.mix, seen.annual_basis)
    state, amount = _amount(params, state, seen, discount, (held, waiting))
    share, out, home = fence(
        (
            orders.place(amount, held - waiting),
            substitution.out(params.substitution, discount, params.rounds, params.width),
            substitution.home(params.substitution, discount, state.futures, params.rounds, params.width),
        )
    )
    ordered = (state.holdings - state.backlog) * share[:, None, :]
    backlog = state.backlog + ordered
    room = params.participation[:, None, None] * (seen.volume / params.rounds)[None]
    swap = substitution.stock(params.substitution, out, state.holdings - backlog)
    standing, sell = orders.send(
        backlog, swap, orders.free(state.holdings, state.locked, room), seen.restriction
    )
    buy = jnp.minimum(
        substitution.split(params.substitution, params.weights)[:, :, None] * home[:, None, :], room
    )
    totals = fence(tuple(accumulate(x) for x in (ordered, standing, sell, buy)))
    placed, standings, sells, buys = totals
    sent = Orders(
        standing=standing,
        sell=sell,
        buy=buy,
        share=share,
        placed=placed,
        standings=standings,
        sells=sells,
        buys=buys,
    )
    return replace(state, backlog=backlog), sent


def fill(
    params: Params, state: State, sent: Orders, filled: tuple[Ratio, Ratio], returns: Ratio
) -> tuple[State, Trades]:
    """Stocks moved by `returns` in the round; `filled`: share of sells and of buys; all [bucket, path].

    Trades are booked at the new price, so the book bears the whole of the round's move before it is sold.
    """
    selling, buying = filled
    standing, sold, bought = selling[None] * sent.standing, selling[None] * sent.sell, buying[None] * sent.buy
    growth = (1.0 + returns)[None]
    done = [accumulate(x, axis=1) for x in (standing, sold, bought)]
    futures = _hedges(params, state, sent, done)
    cost = params.cost * accumulate(sold * growth, axis=1)
    after = replace(
        state,
        holdings=(state.holdings - sold + bought) * growth,
        backlog=(state.backlog - standing) * growth,
        locked=(state.locked + bought) * growth,
        worth=state.worth + accumulate(state.holdings * returns[None], axis=1) - cost,
    )
    ended = (1.0 - selling) * (sent.sells - sent.standings) + (1.0 - buying) * sent.buys
    return after, Trades(
        filled=selling * sent.standings,
        cancelled=ended,
        sold=selling * sent.sells,
        bought=buying * sent.buys,
        cost=accumulate(cost),
        futures=futures,
        flow=accumulate(futures),
    )


def settle(state: State, trades: Trades, returns: Ratio) -> State:
    """Futures moved by `returns` [future, path] in the round; the hedges traded at the new price."""
    return replace(
        state,
        futures=(state.futures + trades.futures) * (1.0 + returns)[None],
        worth=state.worth + accumulate(state.futures * returns[None], axis=1),
    )


def _amount(
    params: Params, state: State, seen: Seen, discount: Ratio, book: tuple[Yuan, Yuan]
) -> tuple[State, Yuan]:
    """What each cohort orders sold now [cohort, path], and the memory of having been asked."""
    held, waiting = book
    signal = triggers.signal(params.triggers, discount, seen.momentum, state.due)
    stop = triggers.stop(params.triggers, state.worth, state.high_water, params.width)
    demand = margin.demand(params.margin, state.called, state.dead, equity(state), held, params.width)
    once = jnp.maximum(jnp.maximum(signal - state.asked, stop - state.stopped), 0.0)
    asked, stopped = jnp.maximum(state.asked, signal), jnp.maximum(state.stopped, stop)
    return replace(state, asked=asked, stopped=stopped), jnp.maximum(once * held, demand - waiting)


def _hedges(params: Params, state: State, sent: Orders, stock: list[Yuan]) -> Yuan:
    """Futures to buy [cohort, future, path] for stock sold on standing orders, in all, and bought."""
    standing, sold, bought = stock
    ended = sent.share if params.hedge_first else margin.over(standing, accumulate(state.holdings, axis=1))
    back = margin.over(bought, accumulate(jnp.maximum(state.futures, 0.0), axis=1))
    closing, swapped = fence((jnp.minimum(ended + back, 1.0), sold - standing))
    return params.mix[:, :, None] * swapped[:, None, :] - state.futures * closing[:, None, :]
