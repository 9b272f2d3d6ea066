"""One day, in the order the market lives it.

mechanism 8 fixes the order: regime and exogenous shock, prices, then what the funds make of them. A crowd, if
there is one, takes its place between shock and prices (crowd/day.py).
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import random, struct
from ..core.arrays import take
from ..core.fence import fenced
from ..core.units import Flag, LogReturn, Normal, Ratio, Uniform
from ..market import memory, process, styles
from ..products import book, funds
from ..tail import running
from . import market_day
from .crowd import day as crowd_day
from .world import World


@struct
class Shocks:
    """What one day's randomness is; every field has [day, ...] in front while drawn."""

    regime: Uniform  # [path]
    ladder: Normal  # [pair, path]  complex unit pairs
    styles: Normal | None  # [pair, path]  complex unit pairs
    own: Normal | None  # [path]
    crowd: crowd_day.Today | None
    specific: Normal | None = None  # [product, path]  of each fund's stock picking


@struct
class State:
    """Where the path is."""

    process: process.State  # of returns before anybody trades
    price: LogReturn  # [bucket, path]  log price since the start
    styles: styles.State | None
    books: book.State | funds.State
    absolute: running.RunningLoss  # [product, path]
    excess: running.RunningLoss  # [product, path]
    crowd: crowd_day.State | None


def step(world: World, state: State, shocks: Shocks) -> tuple[State, LogReturn]:
    """One trading day; also the buckets' log returns [bucket, path], for those who only watch."""
    after, log_return, _ = beside(world, state, shocks)
    return after, log_return


def beside(world: World, state: State, shocks: Shocks) -> tuple[State, LogReturn, LogReturn]:
    """`step`; beside its log returns [bucket, path], those of the same day had no crowd traded on it."""
    market, crowd, log_return, growth, future, exogenous = _prices(world, state, shocks)
    style = _styles(world, state, market, log_return, shocks)
    today = None if style is None else style.today
    if isinstance(state.books, book.State):
        books: book.State | funds.State = book.step(
            world.products, state.books, growth, future, today, shocks.own
        )
    else:
        books = _as_funds(world, state, crowd, log_return, today, shocks)
    after = State(
        process=market,
        price=state.price + log_return,
        styles=style,
        books=books,
        absolute=running.step(state.absolute, books.nav),
        excess=running.step(state.excess, excess_nav(world, books)),
        crowd=crowd,
    )
    return after, log_return, exogenous


def _as_funds(
    world: World,
    state: State,
    crowd: crowd_day.State | None,
    log_return: LogReturn,
    style: Ratio | None,
    shocks: Shocks,
) -> funds.State:
    """The products' funds after the day; crowd: its state after the close; style [style, path] returns."""
    assert world.funds is not None
    assert isinstance(state.books, funds.State)
    if world.crowd is None or state.crowd is None or crowd is None or shocks.crowd is None:
        seen = market_day.free(log_return, world.names.underlying)
    else:
        seen = market_day.crowded(world.crowd, (state.crowd, crowd), jnp.expm1(log_return), shocks.crowd)
    other = None if shocks.own is None else world.products.own[:, None] * shocks.own[None]
    seen = replace(seen, styles=style, specific=shocks.specific, other=other)
    return funds.step(world.funds, state.books, seen)


def _styles(
    world: World, state: State, market: process.State, log_return: LogReturn, shocks: Shocks
) -> styles.State | None:
    """The styles today, given the process after the day; None where no product has any."""
    if world.styles is None or shocks.styles is None or state.styles is None:
        return None
    return styled(world, state.process, state.styles, market, log_return, shocks)


def styled(
    world: World,
    eve: process.State,
    state: styles.State,
    market: process.State,
    log_return: LogReturn,
    shocks: Shocks,
) -> styles.State:
    """The styles today, given the process on the evening before and after; log_return [bucket, path]."""
    assert world.styles is not None
    assert shocks.styles is not None
    if world.styles.memory is None:
        today = styles.step(world.styles, log_return, random.student(shocks.styles, None))
        return replace(state, today=today)
    assert isinstance(eve, memory.State)
    law = world.styles.memory.ladder
    drawn = _drawn(shocks.styles, law.inverse_nu)
    regime = jnp.minimum(process.regime(world.process, market), law.affine.shape[0] - 1)
    return styles.live(world.styles, state, eve, regime, log_return, list(drawn))


@fenced
def _drawn(unit: Normal, inverse_nu: Ratio | None) -> tuple[Normal, ...]:
    """Shocks of the styles, each [path]."""
    return tuple(random.student(unit, inverse_nu))


def outside(world: World, state: process.State, shocks: Shocks) -> tuple[process.State, LogReturn, Flag]:
    """`market` as it is before a crowd trades: what comes from outside."""
    law = world.process if world.crowd is None else world.crowd.process
    return market(replace(world, process=law), state, shocks)


def market(world: World, state: process.State, shocks: Shocks) -> tuple[process.State, LogReturn, Flag]:
    """The process today, the buckets' log returns [bucket, path] and whether fear has cause [path]."""
    return process.step(world.process, state, process.Shocks(regime=shocks.regime, ladder=shocks.ladder))


def _prices(
    world: World, state: State, shocks: Shocks
) -> tuple[process.State, crowd_day.State | None, LogReturn, Ratio, Ratio, LogReturn]:
    """Process, crowd, the buckets' log returns, the value of buckets and futures over their start.

    Last, the buckets' log returns before the crowd trades.
    """
    if world.crowd is None or state.crowd is None or shocks.crowd is None:
        after, log_return, _ = market(world, state.process, shocks)
        growth = jnp.exp(state.price + log_return)
        future = take(growth, world.names.underlying)  # its index
        return after, None, log_return, growth, future, log_return
    after, exogenous, stress = outside(world, state.process, shocks)
    simple = jnp.exp(exogenous) - 1.0  # expm1 is no vector instruction on a CPU
    crowd, seen = crowd_day.step(world.crowd, state.crowd, stress, simple, shocks.crowd)
    return after, crowd, jnp.log1p(seen.returns), crowd.price, crowd.future, exogenous


def excess_nav(world: World, books: book.State | funds.State) -> Ratio:
    """NAV against the benchmark [product, path]: the ratio of the two, or one plus their difference."""
    if world.arithmetic_excess:
        return 1 + books.nav - books.benchmark
    return books.nav / books.benchmark
