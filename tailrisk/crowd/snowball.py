"""Snowball notes whose dealers hedge in index futures: buying toward a knock-in barrier, selling through it.

For the book of notes on each index, over its barrier bins K with u = spot / K,

    D    = min(delta before knock-in at u, cap),   D1 = delta after knock-in at u
    done = 1 if a close was at or below K, else pretrade * P(dealer's shifted barrier >= spot)
    held = sum_K (notional / strike) * (D + jump * done * (D1 - D))            index units
    flow = price * clip(held wanted - held, -limit / price, limit / price)     what is not sent stays wanted

A dealer is long the index against the put the client sold, so D > D1 near the barrier and knock-in sells.
Sources: mechanism 3.4 and 5.3, with one difference: delta counts index units, so in money a note's hedge is
notional * delta * spot / strike, three quarters of notional * delta at a 75 % barrier.

A bin stands for the notes of one month's issue at one barrier. Its status is one bit in each of two words, so
a path carries three arrays however many the bins. Prices are spot indices; a future's basis is left out.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from ..core import struct
from ..core.arrays import accumulate, stacked
from ..core.units import Bits, Flag, Ratio, Yuan

BINS = 32
"""Bits of a status word."""


@dataclass(frozen=True)
class Piece:
    """A polynomial in u - centre; outside [low, high] its end values hold."""

    low: float
    high: float
    centre: float
    terms: int


ALIVE = Piece(1.02, 1.38, 1.2, 5)
"""Before knock-in. Below barrier + 2 % delta is held: there daily monitoring already mixes it with the one
after knock-in, which is the work of `pretrade`. Above 1.38 a note awaits its knock-out (1.03 / 0.75)."""
KNOCKED_IN = Piece(0.6, 1.2, 0.9, 4)
"""After knock-in. Above 1.2 delta is held, while the note's own goes on to 1.3-2 and falls at knock-out."""


@struct
class Params:
    """What is outstanding and how it is hedged; levels are over the index at the start of the run."""

    notional: Yuan  # [book, bin]  billions outstanding at the start; zero switches the mechanism off
    barrier: Ratio  # [book, bin]  knock-in level
    strike: Ratio  # [book, bin]  index at issue
    knock_out: Ratio  # [day, book, bin]  a close at or above it ends the note; mostly inf, 0 at maturity
    alive: Ratio  # [day, book, bin, term]  delta before knock-in in powers of u - ALIVE.centre
    knocked_in: Ratio  # [day, book, bin, term]  delta after it in powers of u - KNOCKED_IN.centre
    cap: Ratio  # []  largest delta a desk carries
    jump: Ratio  # []  fraction of the fall in delta at knock-in that is traded; zero switches the sale off
    pretrade: Ratio  # []  fraction of it traded during the day, before a close has knocked the note in
    shift: Ratio  # []  standard deviation between desks of the barrier they hedge to, uniform; above zero
    limit: Yuan  # [book]  billions a round, the most that is traded


@struct
class Today:
    """The day's slice of Params."""

    knock_out: Ratio  # [book, bin]
    alive: Ratio  # [book, bin, term]
    knocked_in: Ratio  # [book, bin, term]


@struct
class State:
    """Hedges, and the status of each bin as one bit, bin 0 the lowest."""

    held: Ratio  # [book, path]  billions of index units: times price, billions of yuan
    knocked_in: Bits  # [book, path]  a close was at or below the barrier while the note lived
    ended: Bits  # [book, path]  knocked out or matured


@struct
class Day:
    """One round's trade and what is still to do."""

    flow: Yuan  # [book, path]  billions, buys positive
    gap: Yuan  # [book, path]  billions wanted and not sent for want of room


@struct
class Ledger:
    """Notional by status; the three sum to what was outstanding at the start."""

    alive: Yuan  # [book, path]  neither knocked in nor ended
    knocked_in: Yuan  # [book, path]  knocked in and not ended
    ended: Yuan  # [book, path]


def today(params: Params, day: jax.Array | int) -> Today:
    """The slice for a day of the run, counted from zero; day [day] of one number, or a number."""
    return Today(knock_out=params.knock_out[day], alive=params.alive[day], knocked_in=params.knocked_in[day])


def init(params: Params, paths: int) -> State:
    """Every path fully hedged at the opening price, one; barriers at or above it are knocked in already."""
    opening = today(params, 0)
    entered = params.barrier >= 1
    delta = _delta(params, opening.alive, opening.knocked_in, 1 / params.barrier, entered)
    held = accumulate(params.notional / params.strike * delta, 1)
    word = jnp.zeros(held.shape, jnp.uint32)
    for k in range(entered.shape[1]):
        word = _set(word, k, entered[:, k])
    shape = (held.shape[0], paths)
    start = [jnp.broadcast_to(x[:, None], shape) for x in (held, word, jnp.zeros_like(word))]
    return State(held=start[0], knocked_in=start[1], ended=start[2])


def step(params: Params, today: Today, state: State, price: Ratio) -> tuple[State, Day]:
    """One round: trade toward the hedge wanted at this price [book, path], at most `limit`."""
    wanted = _wanted(params, today, state, price)
    room = params.limit[:, None] / price
    traded = jnp.clip(wanted - state.held, -room, room)
    held = state.held + traded
    return replace(state, held=held), Day(flow=traded * price, gap=(wanted - held) * price)


def close(params: Params, today: Today, state: State, price: Ratio) -> State:
    """The day's tests on the closing price [book, path]: knock-in, and the end of the note.

    Neither is ever undone, and an ended note does not knock in. The hedge follows in later rounds.
    """
    reached, ended = jnp.zeros_like(state.ended), state.ended
    for k in range(params.barrier.shape[1]):
        reached = _set(reached, k, price <= params.barrier[:, k, None])
        ended = _set(ended, k, price >= today.knock_out[:, k, None])
    return replace(state, knocked_in=state.knocked_in | (reached & ~state.ended), ended=ended)


def ledger(params: Params, state: State) -> Ledger:
    """Notional alive, knocked in and ended."""
    return Ledger(
        alive=_notional(params, ~(state.knocked_in | state.ended)),
        knocked_in=_notional(params, state.knocked_in & ~state.ended),
        ended=_notional(params, state.ended),
    )


def knocked_in_fraction(params: Params, state: State) -> Ratio:
    """Fraction of the initial notional that ever knocked in [book, path]; zero where there was none."""
    total = accumulate(params.notional, 1)[:, None]
    return _notional(params, state.knocked_in) / jnp.where(total > 0, total, 1.0)


def near(params: Params, state: State, price: Ratio, within: float) -> Yuan:
    """Billions alive whose barrier is at most `within` below the price [book, path], or above it."""
    reached = jnp.zeros_like(state.ended)
    for k in range(params.barrier.shape[1]):
        reached = _set(reached, k, price <= (1 + within) * params.barrier[:, k, None])
    return _notional(params, reached & ~(state.knocked_in | state.ended))


def _wanted(params: Params, today: Today, state: State, price: Ratio) -> Ratio:
    """Index units of a fully adjusted hedge [book, path]."""
    rows = []
    for q in range(params.notional.shape[0]):
        total = jnp.zeros_like(price[q])
        for k in range(params.notional.shape[1]):
            u = price[q] / params.barrier[q, k]
            entered, ended = _has(state.knocked_in[q], k), _has(state.ended[q], k)
            delta = _delta(params, today.alive[q, k], today.knocked_in[q, k], u, entered)
            total = total + jnp.where(ended, 0.0, params.notional[q, k] / params.strike[q, k] * delta)
        rows.append(total)
    return stacked(rows, price)


def _delta(params: Params, alive: Ratio, knocked_in: Ratio, u: Ratio, entered: Flag) -> Ratio:
    """What a note's dealer holds at spot over barrier u; coefficients [.., term], u and flag alike."""
    before = jnp.minimum(_value(ALIVE, alive, u), params.cap)
    after = _value(KNOCKED_IN, knocked_in, u)
    done = jnp.where(entered, 1.0, params.pretrade * _through(u, params.shift))
    return before + params.jump * done * (after - before)


def _value(piece: Piece, coefficient: Ratio, u: Ratio) -> Ratio:
    x = jnp.clip(u, piece.low, piece.high) - piece.centre
    total = coefficient[..., piece.terms - 1] * x + coefficient[..., piece.terms - 2]
    for term in reversed(range(piece.terms - 2)):
        total = total * x + coefficient[..., term]
    return total


def _through(u: Ratio, shift: Ratio) -> Ratio:
    """Fraction of desks whose barrier, moved by a uniform of deviation `shift`, is not below spot."""
    return jnp.clip(0.5 + (1 - u) / (2 * 3**0.5 * shift), 0.0, 1.0)


def _has(word: Bits, k: int) -> Flag:
    return (word & np.uint32(1 << k)) != 0


def _set(word: Bits, k: int, flag: Flag) -> Bits:
    return word | jnp.where(flag, np.uint32(1 << k), np.uint32(0))


def _notional(params: Params, word: Bits) -> Yuan:
    """Billions in the bins whose bit is set [book, path]."""
    bins = range(params.notional.shape[1])
    held = [jnp.where(_has(word, k), params.notional[:, k, None], 0.0) for k in bins]
    return accumulate(jnp.stack(held))
