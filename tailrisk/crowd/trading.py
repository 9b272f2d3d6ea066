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
from ..core.arrays import accumulate, put
from ..core.fence import clause, fenced
from ..core.units import Ratio, Yuan
from . import margin, orders, substitution, triggers
from .cohorts import Params, State, equity


@struct
class Seen:
    """What cohorts know: the last round's market, and the rules."""

    annual_basis: Ratio  # [future, path]  annualised; a discount is negative
    momentum: Ratio  # [bucket, path]
    volume: Yuan  # [bucket, path]  a day's turnover
    restriction: Ratio  # [cohort, path]  fraction of a sale that is refused


@struct
class Orders:
    """Submitted in a round, yuan at the price before it."""

    held: Yuan  # [cohort, path]  stock book
    standing: Yuan  # [cohort, bucket, path]  sales out of the backlog
    sell: Yuan  # [swapping cohort, swapped bucket, path]  those and sales against futures
    buy: Yuan  # [swapping cohort, swapped bucket, path]
    fraction: Ratio  # [cohort, path]  of the stock not yet ordered that was ordered just now
    placed: Yuan  # [bucket, path]  new standing orders of all cohorts
    standings: Yuan  # [bucket, path]  of all cohorts
    sells: Yuan  # [bucket, path]  those and sales against futures
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
    held, waiting = _sums(state.holdings, state.backlog)
    discount = triggers.discount(params.mix, seen.annual_basis)
    state, amount = _amount(params, state, seen, discount, (held, waiting))
    share = orders.place(amount, held - waiting)
    backlog, placed = _place(state.holdings, state.backlog, share)
    state = replace(state, backlog=backlog)
    standing, sell, buy = _send(params, state, seen, discount)
    standings, sells, buys = _totals(params, standing, sell, buy)
    return state, Orders(
        held=held,
        standing=standing,
        sell=sell,
        buy=buy,
        fraction=share,
        placed=placed,
        standings=standings,
        sells=sells,
        buys=buys,
    )


def fill(
    params: Params, state: State, sent: Orders, filled: tuple[Ratio, Ratio], returns: Ratio
) -> tuple[State, Trades]:
    """Stocks moved by `returns` in the round; `filled`: fraction of sells and of buys; all [bucket, path].

    Trades are booked at the new price, so the book bears the whole of the round's move before it is sold.
    """
    (selling, buying), swaps = filled, params.substitution
    corner = (swaps.who[0], swaps.what[0])
    swapped, bought, traded, locked = _swapped(params, state, sent, filled, returns)
    sold, proceeds = _sold(sent.standing, selling, returns)
    holdings, backlog, gain = _move(state, sent.standing, selling, returns)
    here = slice(*swaps.what)
    proceeds = put(
        proceeds,
        substitution.swapped(swaps, proceeds) + accumulate(swapped * (1.0 + returns)[None, here], axis=1),
        corner[0],
    )
    cost = _cost(params, proceeds)
    futures = _hedges(params, state, sent, sold, (swapped, bought))
    after = replace(
        state,
        holdings=put(holdings, traded, *corner),
        backlog=backlog,
        locked=put(state.locked, locked, *corner),
        worth=state.worth + gain - cost,
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
    lines, account = params.margin, (state.called, state.dead, equity(state), held)
    demand = margin.demand(lines, *account, params.width)
    once = jnp.maximum(jnp.maximum(signal - state.asked, stop - state.stopped), 0.0)
    asked, stopped = jnp.maximum(state.asked, signal), jnp.maximum(state.stopped, stop)
    return replace(state, asked=asked, stopped=stopped), jnp.maximum(once * held, demand - waiting)


@clause
def _sums(*books: Yuan) -> list[Yuan]:
    """Over buckets [cohort, path]."""
    return [accumulate(book, axis=1) for book in books]


@clause
def _totals(params: Params, standing: Yuan, sell: Yuan, buy: Yuan) -> tuple[Yuan, Yuan, Yuan]:
    """Standing orders, all sales and all purchases of all cohorts [bucket, path]."""
    standings, first = accumulate(standing), params.substitution.what[0]
    swaps = accumulate(sell - substitution.block(params.substitution, standing))
    nowhere = jnp.zeros_like(standings)
    return standings, standings + put(nowhere, swaps, first), put(nowhere, accumulate(buy), first)


@clause
def _place(holdings: Yuan, backlog: Yuan, share: Ratio) -> tuple[Yuan, Yuan]:
    """The backlog with the new orders [cohort, bucket, path], and those of all cohorts [bucket, path]."""
    ordered = (holdings - backlog) * share[:, None, :]
    return backlog + ordered, accumulate(ordered)


def _send(params: Params, state: State, seen: Seen, discount: Ratio) -> tuple[Yuan, Yuan, Yuan]:
    """Standing orders [cohort, bucket, path]; of those who swap what they sell in all, and what they buy.

    Only those who swap ever buy, so only they must look at what they bought today, T+1.
    """
    standing = _standing(params, state, seen)
    waiting, sell, buy = _swaps(params, state, seen, discount)
    return put(standing, waiting, params.substitution.who[0], params.substitution.what[0]), sell, buy


def _room(params: Params, seen: Seen) -> Yuan:
    """What a cohort may sell of a bucket in a round, or buy [cohort, bucket, path]."""
    return params.participation[:, None, None] * (seen.volume / params.rounds)[None]


@clause
def _swaps(params: Params, state: State, seen: Seen, discount: Ratio) -> tuple[Yuan, Yuan, Yuan]:
    """Standing orders, all sales and purchases of those who swap."""
    swaps = params.substitution
    refused = substitution.swapped(swaps, jnp.broadcast_to(seen.restriction, discount.shape))
    cheap, futures = substitution.swapped(swaps, discount), substitution.swapped(swaps, state.futures)
    holdings, locked, backlog, room = (
        substitution.block(swaps, x)
        for x in (state.holdings, state.locked, state.backlog, _room(params, seen))
    )
    out = substitution.out(swaps, cheap, params.rounds, params.width)
    home = substitution.home(swaps, cheap, futures, params.rounds, params.width)
    free, swap = orders.free(holdings, locked, room), substitution.stock(swaps, out, holdings - backlog)
    into = substitution.split(swaps, params.weights)
    standing, sell = (orders.send(x, free, refused) for x in (backlog, backlog + swap))
    return standing, sell, jnp.minimum(into[:, :, None] * home[:, None, :], room)


@clause
def _standing(params: Params, state: State, seen: Seen) -> Yuan:
    """Standing orders of those who bought nothing today."""
    return orders.send(state.backlog, jnp.minimum(state.holdings, _room(params, seen)), seen.restriction)


@clause
def _swapped(
    params: Params, state: State, sent: Orders, filled: tuple[Ratio, Ratio], returns: Ratio
) -> tuple[Yuan, Yuan, Yuan, Yuan]:
    """Of those who swap: sold against futures and bought, at the old price; held and locked at the new."""
    swaps, here = params.substitution, slice(*params.substitution.what)
    (selling, buying), growth = (x[None, here] for x in filled), (1.0 + returns)[None, here]
    standing, holdings, locked = (
        substitution.block(swaps, x) for x in (sent.standing, state.holdings, state.locked)
    )
    bought = buying * sent.buy
    held = (holdings - selling * sent.sell + bought) * growth
    kept = (locked + bought) * growth if params.next_day else jnp.zeros_like(locked)
    return selling * (sent.sell - standing), bought, held, kept


@clause
def _sold(standing: Yuan, selling: Ratio, returns: Ratio) -> tuple[Yuan, Yuan]:
    """What each cohort sold on standing orders, at the old price and at the new [cohort, path]."""
    sold = selling[None] * standing
    return accumulate(sold, axis=1), accumulate(sold * (1.0 + returns)[None], axis=1)


@clause
def _move(state: State, standing: Yuan, selling: Ratio, returns: Ratio) -> tuple[Yuan, Yuan, Yuan]:
    """Books and backlogs after the standing orders, at the new price, and what the move brought."""
    sold, growth = selling[None] * standing, (1.0 + returns)[None]
    gain = accumulate(state.holdings * returns[None], axis=1)
    return (state.holdings - sold) * growth, (state.backlog - sold) * growth, gain


@fenced
def _cost(params: Params, proceeds: Yuan) -> Yuan:
    """Of what was sold, at the new price [cohort, path]."""
    return params.cost * proceeds


@clause
def _hedges(params: Params, state: State, sent: Orders, sold: Yuan, swaps: tuple[Yuan, Yuan]) -> Yuan:
    """Futures to buy [cohort, future, path] for stock sold on standing orders, swapped out and back."""
    who = slice(*params.substitution.who)
    out, back = (accumulate(x, axis=1) for x in swaps)
    longs = accumulate(jnp.maximum(state.futures[who], 0.0), axis=1)
    ended = sent.fraction if params.hedge_first else margin.over(sold, sent.held)
    ended = put(ended, ended[who] + margin.over(back, longs), who.start)
    closed = -state.futures * jnp.minimum(ended, 1.0)[:, None, :]
    return put(closed, closed[who] + params.mix[who][:, :, None] * out[:, None, :], who.start)
