"""Cohorts of funds: what each holds, owes and hedges, from morning to evening.

One set of equations serves all cohorts; an intensity of zero turns an edge off (mechanism 5.2, order of 8):

    open    unlock what was bought yesterday, pay redemptions, apply the leverage cap
    mark    the gap at the open; then the rounds of trading.py
    close   financing, margin calls for tomorrow, deaths, high-water marks, redemption notices

    worth <- worth + sum_b A_b r_b + sum_q F_q r_q - financing - costs - redemptions

`worth` is signed: equity is its positive part, and what is below zero is the shortfall owed to the broker,
who sells the book out; what that brings repays the shortfall first.
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.units import Probability, Ratio, Yuan
from . import margin, redemption, substitution, triggers
from .ledger import Books


@struct
class Params:
    """What the cohorts are at the start, and what moves each."""

    assets: Yuan  # [cohort]  stock book, billions; zero turns a cohort off
    long: Ratio  # [cohort]  stocks over equity; positive
    weights: Ratio  # [cohort, bucket]  of the stock book; sums to one over buckets
    hedge: Ratio  # [cohort]  futures sold over stock book
    mix: Ratio  # [cohort, future]  of the hedge or of swaps; sums to one over futures, or all zero
    benchmark: Ratio  # [cohort, bucket]  one for the index the investors look at; all zero is cash
    participation: Ratio  # [cohort]  rho: fraction of a bucket's daily volume that may be sold in a day
    financing_annual: Ratio  # [cohort]  on the stock book
    cost: Ratio  # []  of a sale: stamp duty and half the spread
    margin: margin.Params
    triggers: triggers.Params
    redemption: redemption.Params
    substitution: substitution.Params
    width: Ratio | None  # []  of the logistic that replaces each hard trigger; None is hard
    rounds: int = static()  # in a day
    hedge_first: bool = static()  # close hedges when stock is ordered sold, not when it is sold
    next_day: bool = static(default=True)  # T+1: what is bought today may be sold tomorrow


@struct
class State:
    """Where the cohorts are; yuan at the latest prices."""

    holdings: Yuan  # [cohort, bucket, path]
    backlog: Yuan  # [cohort, bucket, path]  ordered sold and not yet sold
    locked: Yuan  # [cohort, bucket, path]  bought today
    futures: Yuan  # [cohort, future, path]  signed; short is negative
    worth: Yuan  # [cohort, path]  equity less shortfall
    high_water: Yuan  # [cohort, path]
    pace: Yuan  # [cohort, path]  high-water mark against the benchmark
    called: Probability  # [cohort, path]  one under a margin call
    dead: Probability  # [cohort, path]  one for good once the account was wiped out
    stopped: Ratio  # [cohort, path]  fraction that has hit its stop line
    asked: Ratio  # [cohort, path]  largest signal answered today
    due: Ratio  # [cohort, path]  fraction of the book to sell today for redemptions or a leverage cap
    notices: Ratio  # [wait, cohort, path]  fractions of units to be redeemed


def init(params: Params, paths: int) -> State:
    """Books as the parameters give them: hedged, unrestricted, at their high-water marks."""
    cohorts, buckets = params.weights.shape
    book = params.assets[:, None] * params.weights
    worth = jnp.broadcast_to((params.assets / params.long)[:, None], (cohorts, paths))
    short = -(params.assets * params.hedge)[:, None] * params.mix
    empty = jnp.zeros((cohorts, buckets, paths), book.dtype)
    none = jnp.zeros((cohorts, paths), book.dtype)
    return State(
        holdings=jnp.broadcast_to(book[:, :, None], empty.shape),
        backlog=empty,
        locked=empty,
        futures=jnp.broadcast_to(short[:, :, None], (*short.shape, paths)),
        worth=worth,
        high_water=worth,
        pace=worth,
        called=none,
        dead=none,
        stopped=none,
        asked=none,
        due=none,
        notices=redemption.init(params.redemption, paths),
    )


def equity(state: State) -> Yuan:
    """NAV of each cohort [cohort, path], zero for one that owes its broker."""
    return jnp.maximum(state.worth, 0.0)


def shortfall(state: State) -> Yuan:
    """What each cohort owes its broker beyond its book [cohort, path]."""
    return jnp.maximum(-state.worth, 0.0)


def books(state: State) -> Books:
    """All cohorts together, for the ledger."""
    return Books(
        stock=accumulate(state.holdings),
        backlog=accumulate(state.backlog),
        position=accumulate(state.futures),
        worth=accumulate(state.worth),
    )


def open(params: Params, state: State, cap: Ratio, renewed: Ratio) -> tuple[State, Yuan]:
    """Morning: yesterday's purchases may be sold, redemptions fall due; also the cash paid [path].

    cap []: highest stock book over equity the regulator allows, finite; renewed [cohort]: part of a cohort's
    swap contracts that come up for renewal today, to which the cap applies (mechanism 8: at the roll).
    """
    notices, redeemed = redemption.pay(state.notices)
    paid = redeemed * equity(state)
    worth = state.worth - paid
    held, waiting = accumulate(state.holdings, axis=1), accumulate(state.backlog, axis=1)
    above = jnp.maximum(held - waiting - cap * jnp.maximum(worth, 0.0), 0.0)
    opened = replace(
        state,
        locked=jnp.zeros_like(state.locked),
        worth=worth,
        high_water=state.high_water * (1.0 - redeemed),
        pace=state.pace * (1.0 - redeemed),
        asked=jnp.zeros_like(state.asked),
        due=jnp.maximum(redeemed, renewed[:, None] * margin.over(above, held)),
        notices=notices,
    )
    return opened, accumulate(paid)


def mark(state: State, returns: Ratio) -> State:
    """Stocks moved by `returns` [bucket, path] without trading: the gap at the open."""
    growth = (1.0 + returns)[None]
    return replace(
        state,
        holdings=state.holdings * growth,
        backlog=state.backlog * growth,
        locked=state.locked * growth,
        worth=state.worth + accumulate(state.holdings * returns[None], axis=1),
    )


def close(params: Params, state: State, returns: Ratio, years: Ratio) -> tuple[State, Yuan]:
    """Evening: `returns` [bucket, path] of the day, its length in years []; also the interest paid [path]."""
    held = accumulate(state.holdings, axis=1)
    interest = params.financing_annual[:, None] * years * held
    worth = state.worth - interest
    called, dead = margin.close(params.margin, state.called, state.dead, worth, held, params.width)
    benchmark = accumulate(params.benchmark[:, :, None] * returns[None], axis=1)
    pace = jnp.maximum(state.pace * (1.0 + benchmark), worth)
    after = replace(
        state,
        worth=worth,
        high_water=jnp.maximum(state.high_water, worth),
        pace=pace,
        called=called,
        dead=dead,
        notices=redemption.notice(params.redemption, state.notices, worth, pace),
    )
    return after, accumulate(interest)
