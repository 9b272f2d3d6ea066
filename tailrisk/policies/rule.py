"""One rule for every policy of the reports: on a date or at a z go elsewhere, and perhaps come back.

    trigger   the close before `date`, or the first close with z <= threshold
    away      from `lag` closes later, for `lasting` closes: go the part `pace` of the way to the book `away`
    home      from `back` closes after that, the same to the book the fund started with; zero is never

hold is no trigger; Longqi's style box, Lingjun's top 1800, Zhuoshi's shift to CSI 500, deleveraging and
hedging with IM are books (books.py); hesitating is any of them with `back` (mechanism 1.3, 5.8). Fills are
the market's.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Count, Probability, ZScore
from .observation import Book, Decision, Observation


@struct
class Params:
    """When, where to, and for how long."""

    date: Count  # []  close at which to trade, from 1; zero is never
    threshold: ZScore  # []  of the detector watched; minus infinity is never
    lag: Count  # []  closes from seeing the z to trading, at least one
    back: Count  # []  closes from leaving to coming back; zero is never
    lasting: Count  # []  closes on which an order is renewed
    pace: Probability  # []
    watched: Count  # []  which detector
    away: Book
    home: Book


NEVER = -(2**20)


@struct
class State:
    """How far the rule has come."""

    since: (
        Count  # [path]  closes since the trade was due, at the next close; far below zero before the trigger
    )


def init(params: Params, paths: int) -> State:
    """Nothing seen; a trade at the first close is known on the eve."""
    return State(since=jnp.where(params.date == 1, 0, NEVER) * jnp.ones(paths, jnp.int32))


def step(params: Params, state: State, seen: Observation) -> tuple[State, Decision]:
    """What to do at the next close."""
    dated = (params.date > 0) & (seen.day + 1 == params.date)
    fresh = jnp.where(seen.z[params.watched] <= params.threshold, 1 - params.lag, NEVER)
    fresh = jnp.where(dated, 0, fresh)
    after = State(since=jnp.where(state.since > NEVER, state.since + 1, fresh))
    return after, decide(params, after, seen)


def decide(params: Params, state: State, seen: Observation) -> Decision:
    """The decision of a state."""
    leaving = (state.since >= 0) & (state.since < params.lasting)
    ago = state.since - params.back
    returning = (params.back > 0) & (ago >= 0) & (ago < params.lasting)
    leaving = leaving & ~((params.back > 0) & (ago >= 0))
    away, home = params.away, params.home
    pick = returning[None]
    wide = jnp.zeros_like(seen.gross)
    return Decision(
        weights=jnp.where(pick[None], home.weights[:, :, None], away.weights[:, :, None]),
        gross=jnp.where(pick, home.gross[:, None], away.gross[:, None]) + wide,
        short=jnp.where(pick[None], home.short[:, :, None], away.short[:, :, None]),
        act=params.pace * (leaving | returning)[None].astype(wide.dtype) + wide,
    )
