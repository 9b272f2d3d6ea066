"""One round of the crowd's day: all decide on what the last round showed, prices answer, and orders fill.

A Jacobi step of mechanism 8: no order sees the price it makes, so there is nothing to solve within a round.
"""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from ...core import struct
from ...core.arrays import accumulate, stacked, take
from ...core.fence import fenced
from ...core.units import Count, Flag, Normal, Probability, Ratio, Yuan
from ...crowd import (
    cohorts,
    followers,
    intervention,
    ledger,
    own,
    panic,
    policy,
    snowball,
    speculators,
    trading,
)
from ...market import basis, impact, limits
from .world import NEAR, Crowd, Imposed


@struct
class Morning:
    """What is settled at the open and stays so until the close."""

    exogenous: Ratio  # [bucket, path]  part of the day's return in each round
    opening: Ratio  # [bucket, path]  return of the open since the last close
    price: Ratio  # [bucket, path]  last close over the start
    listed: basis.Base
    held: basis.Base  # the contract hedgers hold, alone
    notes: snowball.Today
    ladder: intervention.State
    rescued: Flag  # [path]  the state's second stage has fired
    restriction: Probability  # [path]  fraction of a sale that is refused
    willing: Ratio  # [path]  fraction of the panic's strength there is today
    stress: Flag  # [path]  fear has taken hold
    imposed: Imposed | None = None  # in a replay


@struct
class Draw:
    """What tells one round from another; every field has [round, ...] in front but within a round."""

    number: Count  # []
    settling: Ratio  # []  weight in the futures' settlement price
    noise: Normal  # [future, path]  of the basis


@struct
class Market:
    """What the market shows after a round."""

    latent: Ratio  # [bucket, path]  return since the last close without limits
    stocks: limits.Seen
    futures: Ratio  # [future, path]  return of the held contract since the last close
    annual_basis: Ratio  # [future, path]  at a month, annualised; a discount is negative
    flow: Yuan  # [future, path]  net purchases of futures in the round


@struct
class State:
    """Everything that changes within a day."""

    market: Market
    impact: impact.State
    basis: basis.Today
    cohorts: cohorts.State
    notes: snowball.State
    speculators: speculators.State
    purchases: intervention.Today
    followers: followers.State
    ledger: ledger.State
    bought: Yuan  # [bucket, path]  by the state since the start
    own: Any = None  # of a mechanism of the user's
    managers: policy.State | None = None


@struct
class Known:
    """What everyone acts on: the market after the last round."""

    market: Market
    momentum: Ratio  # [bucket, path]
    depth: Ratio  # [bucket, path]


@struct
class Orders:
    """Stock submitted in a round."""

    cohorts: trading.Orders
    state: Yuan  # [bucket, path]
    sells: Yuan  # [bucket, path]  of all
    buys: Yuan  # [bucket, path]  of all
    managers: policy.Orders | None = None  # of those who follow a policy, among the cohorts'


def step(crowd: Crowd, morning: Morning, state: State, draw: Draw) -> tuple[State, None]:
    """One round: orders, prices, fills, futures; shaped for a scan."""
    momentum = impact.momentum(crowd.impact, state.impact, state.market.stocks.returns)
    known = Known(market=state.market, momentum=momentum, depth=impact.depth(crowd.impact, momentum))
    state, orders = _submit(crowd, morning, state, known, draw.number)
    state = _price(crowd, morning, state, known, orders, draw.number)
    state, done = _fill(crowd, state, known, orders)
    return _futures(crowd, morning, state, known, done, draw), None


def _submit(
    crowd: Crowd, morning: Morning, state: State, known: Known, number: Count
) -> tuple[State, Orders]:
    """What cohorts, panic, the state, its followers and arbitrageurs of the basis send."""
    market, volume = known.market, crowd.impact.volume
    seen = trading.Seen(
        annual_basis=market.annual_basis,
        momentum=known.momentum,
        volume=volume[:, None],
        restriction=morning.restriction[None],
    )
    books, sent = trading.submit(crowd.cohorts, state.cohorts, seen)
    moving = None
    if crowd.managers is not None and state.managers is not None:
        rules = seen.volume, seen.restriction, number
        moving, sent = policy.submit(crowd.managers, state.managers, crowd.cohorts, books, sent, rules)
    attention = followers.attention(crowd.followers, state.followers)
    fleeing = panic.step(
        crowd.panic, known.momentum, volume[:, None], attention, morning.willing, crowd.rounds
    )
    returns, opening = market.stocks.returns, morning.opening
    purchases, buying = intervention.step(crowd.state, state.purchases, number, returns, opening)
    followed, following = followers.step(crowd.followers, state.followers, buying, volume)
    others = following + _arbitrage(crowd, market.flow)
    mine = state.own
    if crowd.mechanism is not None:
        mine, orders = own.step(crowd.mechanism, mine, _seen(crowd, morning, known, number))
        others = others + orders
    buying, sells, buys = _totals(sent, fleeing, buying, others)
    after = replace(state, cohorts=books, purchases=purchases, followers=followed, own=mine)
    return after, Orders(cohorts=sent, state=buying, sells=sells, buys=buys, managers=moving)


def _seen(crowd: Crowd, morning: Morning, known: Known, number: Count) -> own.Seen:
    """What a mechanism of the user's is shown."""
    return own.Seen(
        returns=known.market.stocks.returns,
        momentum=known.momentum,
        annual_basis=known.market.annual_basis,
        volume=crowd.impact.volume,
        stress=morning.stress,
        round=number,
        rounds=crowd.rounds,
    )


def _price(
    crowd: Crowd, morning: Morning, state: State, known: Known, orders: Orders, number: Count
) -> State:
    """Impact moves the latent return; the price limits decide what of it is seen."""
    net = orders.buys - orders.sells
    moved, latent_return = impact.step(crowd.impact, state.impact, morning.exogenous, net, known.depth)
    latent = _added(known.market.latent, latent_return)
    scatter = limits.dispersion(crowd.limits, known.momentum)
    stocks = limits.observe(crowd.limits, latent, scatter)
    if morning.imposed is not None:
        returns = morning.imposed.returns[:, None]
        so_far = (number + 1).astype(returns.dtype) / crowd.rounds * returns
        pinned = morning.imposed.pinned[:, None]
        latent = jnp.where(pinned, so_far, latent)
        stocks = replace(stocks, returns=jnp.where(pinned, so_far, stocks.returns))
    return replace(state, impact=moved, market=replace(known.market, latent=latent, stocks=stocks))


def _fill(crowd: Crowd, state: State, known: Known, orders: Orders) -> tuple[State, trading.Trades]:
    """What limits and depth let through, at the new price; also what the cohorts traded."""
    stocks = state.market.stocks
    capacity = known.depth * (crowd.impact.volume / crowd.rounds)[:, None]
    filled, change = _filled(crowd.limits, stocks, known.market.stocks, capacity, orders)
    sent = orders.cohorts
    books, done = trading.fill(crowd.cohorts, state.cohorts, sent, filled, change)
    mind = state.managers
    if crowd.managers is not None and mind is not None and orders.managers is not None:
        shown = (*filled, change)
        mind, books, done = policy.fill(
            crowd.managers, mind, crowd.cohorts, (books, done), orders.managers, shown
        )
    book = ledger.trade(state.ledger, sent.placed, done.filled, done.sold, done.bought, done.cost, change)
    bought = filled[1] * orders.state
    after = replace(
        state,
        cohorts=books,
        purchases=intervention.fill(state.purchases, bought),
        ledger=book,
        bought=state.bought + bought,
        managers=mind,
    )
    return after, done


def _futures(
    crowd: Crowd, morning: Morning, state: State, known: Known, done: trading.Trades, draw: Draw
) -> State:
    """Hedges, dealers and speculators trade futures; the basis answers, within the futures' own limit."""
    shown = known.market.stocks.returns
    spot = stacked([morning.price[b] * (1.0 + shown[b]) for b in crowd.spots], morning.price)
    near = in_futures(crowd, snowball.near(crowd.snowball, state.notes, spot, NEAR))
    notes, hedged = snowball.step(crowd.snowball, morning.notes, state.notes, spot)
    shorted = speculators.step(
        crowd.speculators, state.speculators, near, known.momentum, morning.rescued, crowd.rounds
    )
    flow, ours = _flow(done.flow + shorted, in_futures(crowd, hedged.flow))
    index, before, momentum = (
        take(x, crowd.names.underlying) for x in (state.market.stocks.returns, shown, known.momentum)
    )
    moves = (index, index - before, momentum)
    today = basis.step(crowd.basis, state.basis, moves, flow, draw.noise, draw.settling)
    quote = basis.mark(crowd.basis, morning.held, today.dislocation, index)
    returns, change = _quoted(quote, known.market.futures)
    market = replace(
        state.market,
        futures=returns,
        annual_basis=basis.monthly(crowd.basis, today.dislocation),
        flow=flow,
    )
    return replace(
        state,
        market=market,
        basis=today,
        cohorts=trading.settle(state.cohorts, done, change),
        notes=notes,
        speculators=speculators.settle(state.speculators, shorted, change),
        ledger=ledger.settle(state.ledger, ours, change),
    )


@fenced
def _totals(sent: trading.Orders, fleeing: Yuan, buying: Yuan, others: Yuan) -> tuple[Yuan, Yuan, Yuan]:
    """The state's purchases, all sales and all purchases [bucket, path]; a sale by others is negative."""
    sells = sent.sells + fleeing + jnp.maximum(-others, 0.0)
    return buying, sells, sent.buys + buying + jnp.maximum(others, 0.0)


@fenced
def _added(latent: Ratio, of_the_round: Ratio) -> Ratio:
    """The latent return since the last close."""
    return latent + of_the_round


@fenced
def _filled(
    law: limits.Params, now: limits.Seen, before: limits.Seen, capacity: Yuan, orders: Orders
) -> tuple[tuple[Ratio, Ratio], Ratio]:
    """Fractions of sells and of buys that trade, and the price's change in the round, all [bucket, path]."""
    filled = limits.fills(law, now, capacity, orders.sells, orders.buys)
    return filled, (1.0 + now.returns) / (1.0 + before.returns) - 1.0


@fenced
def _flow(ours: Yuan, hedged: Yuan) -> tuple[Yuan, Yuan]:
    """Net purchases of futures [future, path]: with the dealers' hedges, and without."""
    return ours + hedged, ours


@fenced
def _quoted(quote: basis.Quote, before: Ratio) -> tuple[Ratio, Ratio]:
    """The held contract's return since the last close, and in the round [future, path]."""
    returns = quote.returns[:, 0]
    return returns, (1.0 + returns) / (1.0 + before) - 1.0


def in_futures(crowd: Crowd, books: Yuan) -> Yuan:
    """Rows of the snowball books [book, path] as rows of the futures they are hedged in [future, path]."""
    nothing = jnp.zeros(books.shape[1:], books.dtype)
    rows = [
        books[crowd.books.index(future)] if future in crowd.books else nothing
        for future in range(crowd.futures)
    ]
    return stacked(rows, books)


def _arbitrage(crowd: Crowd, flow: Yuan) -> Yuan:
    """Stocks bought [bucket, path] against the last round's net purchases of futures [future, path]."""
    passed, on = crowd.arbitrage * flow, crowd.names.underlying
    nothing = jnp.zeros(flow.shape[1:], flow.dtype)
    rows = []
    for bucket in range(crowd.buckets):
        places = [future for future, underlying in enumerate(on) if underlying == bucket]
        rows.append(accumulate(jnp.stack([passed[place] for place in places])) if places else nothing)
    return jnp.stack(rows)
