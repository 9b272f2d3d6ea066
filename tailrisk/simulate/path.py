"""Many paths of many days, as one pure function of the world and the paths' numbers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import lax

from ..core import random, struct
from ..core.units import Count, Flag, LogReturn, Normal, Ratio, Uniform, ZScore
from ..market import process, spread, styles
from ..products import book, funds
from ..tail import running
from . import day
from .crowd import day as crowd_day
from .world import World

S = TypeVar("S")
T = TypeVar("T")
D = TypeVar("D")
SEGMENT = 64
"""Days whose shocks are drawn at once, at most."""
_LONGEST = ContextVar("longest", default=SEGMENT)


@struct
class Outcome:
    """The record of each path."""

    loss: Ratio  # [view, measure, product, path]
    z: ZScore  # [detector, day, path]
    breached: Flag  # [product, path]
    shortfall: Ratio  # [product, path]
    fault: Flag  # [path]  some loss or z is not a finite number, or the crowd's ledger does not close
    crowd: crowd_day.Outcome | None = None
    accounts: funds.Outcome | None = None  # of products that are funds
    weight: Ratio | None = None  # [path]  density of the law asked about over the law drawn from; None is one


@struct
class Course:
    """Prices, regimes and net values day by day, for the few paths that are drawn in a picture."""

    price: LogReturn  # [day, bucket, path]
    regime: Count  # [day, path]
    nav: Ratio  # [day, product, path]
    future: Ratio | None  # [future, path]  value at the end over the start; None is the index's
    style: Ratio | None  # [day, style, path]  return of a unit exposure; None where no product has any
    outside: LogReturn | None  # [bucket, path]  at the end, had no crowd traded on these days; None: no crowd
    pnl: Ratio | None = None  # [line, product, path]  at the end, of products that are funds


Pictured = tuple[day.State, LogReturn | None]
"""Where the path is, and the log return [bucket, path] so far had no crowd traded; None without a crowd."""
Picture = tuple[LogReturn, Count, Ratio, Ratio | None]
"""Of a day: log price [bucket, path], regime [path], NAV [product, path] and styles [style, path]."""


def outcome(world: World, path: Count) -> Outcome:
    """Losses and spread z of the paths numbered `path` [path], uint32."""

    def one_day(state: day.State, shocks: day.Shocks) -> tuple[day.State, Ratio]:
        state, log_return = day.step(world, state, shocks)
        return state, spreads(world, log_return)

    draws = partial(draw, world, path)
    warm, seen = warmed(world, path)
    state, during = over_days(one_day, begin(world, path, warm), world.days, draws)
    return finish(world, state, seen, during)


def finish(world: World, state: day.State, before: Ratio, during: Ratio) -> Outcome:
    """The record of paths that end in `state`, given their daily spreads [day, detector, path]."""
    loss = jnp.stack([running.losses(state.absolute), running.losses(state.excess)])
    z = z_scores(world, before, during)
    finite = jnp.isfinite(loss).all(axis=(0, 1, 2)) & jnp.isfinite(z).all(axis=(0, 1))
    books, crowd = state.books, None
    if world.crowd is not None and state.crowd is not None:
        crowd = crowd_day.outcome(world.crowd, state.crowd)
        finite = finite & crowd_day.closes(crowd)
    return Outcome(
        loss=loss,
        z=z,
        breached=books.breached,
        shortfall=books.shortfall,
        fault=~finite,
        crowd=crowd,
        accounts=funds.outcome(books) if isinstance(books, funds.State) else None,
    )


def course(world: World, path: Count) -> Course:
    """The course of the paths numbered `path` [path], uint32: the same paths as `outcome` sees."""

    def one_day(state: Pictured, shocks: day.Shocks) -> tuple[Pictured, Picture]:
        state, _ = _pictured_day(world, state, shocks)
        return state, _picture(world, state[0])

    start = _unpictured(world, begin(world, path))
    state, seen = over_days(one_day, start, world.days, partial(draw, world, path))
    return _course(state, seen)


def with_course(world: World, path: Count) -> tuple[Outcome, Course]:
    """`outcome` and `course` of the paths numbered `path` [path], uint32, out of one program."""

    def one_day(state: Pictured, shocks: day.Shocks) -> tuple[Pictured, tuple[Ratio, Picture]]:
        state, log_return = _pictured_day(world, state, shocks)
        return state, (spreads(world, log_return), _picture(world, state[0]))

    warm, before = warmed(world, path)
    start = _unpictured(world, begin(world, path, warm))
    state, (during, seen) = over_days(one_day, start, world.days, partial(draw, world, path))
    return finish(world, state[0], before, during), _course(state, seen)


def _unpictured(world: World, start: day.State) -> Pictured:
    return start, None if world.crowd is None else jnp.zeros_like(start.price)


def _pictured_day(world: World, state: Pictured, shocks: day.Shocks) -> tuple[Pictured, LogReturn]:
    eve, total = state
    after, log_return, outside = day.beside(world, eve, shocks)
    return (after, None if total is None else total + outside), log_return


def _picture(world: World, after: day.State) -> Picture:
    style = None if after.styles is None else after.styles.today
    return after.price, process.pictured(world.process, after.process), after.books.nav, style


def _course(state: Pictured, seen: Picture) -> Course:
    (last, outside), (price, regime, nav, style) = state, seen
    future = None if last.crowd is None else last.crowd.future
    pnl = last.books.account.pnl if isinstance(last.books, funds.State) else None
    return Course(price=price, regime=regime, nav=nav, future=future, style=style, outside=outside, pnl=pnl)


def prices(world: World, path: Count) -> LogReturn:
    """Log prices [bucket, path] after the last day, and nothing else: the kernel whose speed is measured."""

    def one_day(
        state: tuple[process.State, LogReturn], shocks: day.Shocks
    ) -> tuple[tuple[process.State, LogReturn], None]:
        after, log_return, _ = day.market(world, state[0], shocks)
        return (after, state[1] + log_return), None

    start = begin(world, path)
    shocks = partial(market_shocks, world, path)
    return over_days(one_day, (start.process, start.price), world.days, shocks)[0][1]


def begin(world: World, path: Count, warm: process.State | None = None) -> day.State:
    """The eve of the first day: every price and NAV at one, for path numbers [path].

    `warm` is from `warmed`, if that is at hand.
    """
    paths = path.shape[0]
    books = book.init(world.products, paths) if world.funds is None else funds.init(world.funds, paths)
    return day.State(
        process=first(world, path, warm),
        price=jnp.zeros((process.buckets(world.process), paths), world.dtype),
        styles=None if world.styles is None else styles.init(world.styles, paths),
        books=books,
        absolute=running.init(books.nav),
        excess=running.init(books.nav),
        crowd=None if world.crowd is None else crowd_day.init(world.crowd, paths),
    )


def draw(world: World, path: Count, days: Count) -> day.Shocks:
    """Every shock of some days [day], [day, ..., path]."""
    dtype, shocks = world.dtype, market_shocks(world, path, days)
    if world.styles is not None:
        pairs, law = (world.styles.loading.shape[0] + 1) // 2, world.styles.memory
        inverse_nu = None if law is None else law.ladder.inverse_nu
        shocks = replace(
            shocks, styles=random.unit_pairs(world.streams.styles, path, days, pairs, inverse_nu, dtype)
        )
    if world.own_risk:
        own = random.unit_pairs(world.streams.own, path, days, 1, world.own_inverse_nu, dtype)
        shocks = replace(shocks, own=own[:, 0].real)
    if world.funds is not None and world.streams.specific is not None:
        shocks = replace(shocks, specific=_specific(world, world.streams.specific, path, days))
    if world.crowd is not None:
        shocks = replace(shocks, crowd=crowd_day.draw(world.crowd, path, days))
    return shocks


def _specific(world: World, stream: random.Stream, path: Count, days: Count) -> Normal:
    count, dtype = world.products.alpha.shape[0], world.products.alpha.dtype
    pairs = random.unit_pairs(stream, path, days, (count + 1) // 2, None, dtype)
    return jnp.concatenate([pairs.real, pairs.imag], axis=1)[:, :count]


def market_shocks(world: World, path: Count, days: Count) -> day.Shocks:
    """The shocks that move the market, for path numbers [path] and days [day]."""
    return _market_shocks(world, world.streams.regimes, world.streams.ladder, path, days)


def warmup_shocks(world: World, path: Count, days: Count) -> day.Shocks:
    """The shocks of days [day] before the first, numbered from one, for path numbers [path]."""
    return _market_shocks(world, world.streams.warmup_regimes, world.streams.warmup_ladder, path, days)


def over_days(
    step: Callable[[S, D], tuple[S, T]], state: S, days: int, draw: Callable[[Count], D]
) -> tuple[S, T]:
    """Scan `step` over days 1 to `days`; also what it saw, [day, ...].

    `draw` gives the shocks of some days before the first is simulated, because XLA would redraw them at
    each use; a segment of days at a time, because all of them would not stay in cache (results/LOG.md).
    """

    def segment(state: S, first: Count, length: int) -> tuple[S, T]:
        return lax.scan(step, state, draw(first + jnp.arange(1, length + 1, dtype=jnp.uint32)))

    length = segment_length(days)
    whole, rest = divmod(days, length)
    starts = jnp.arange(whole, dtype=jnp.uint32) * jnp.uint32(length)
    state, seen = lax.scan(lambda state, first: segment(state, first, length), state, starts)
    seen = jax.tree.map(lambda x: x.reshape(whole * length, *x.shape[2:]), seen)
    if not rest:
        return state, seen
    state, last = segment(state, jnp.uint32(whole * length), rest)
    return state, jax.tree.map(lambda x, y: jnp.concatenate([x, y]), seen, last)


def segment_length(days: int) -> int:
    """Days drawn at once: the longest divisor of `days` up to 64 (the day is compiled once), if above 15."""
    longest = _LONGEST.get()
    divisor = next(n for n in range(min(days, longest), 0, -1) if days % n == 0)
    return divisor if divisor >= min(days, longest // 4) else longest


@contextmanager
def day_by_day() -> Iterator[None]:
    """Programs traced within draw each day's shocks on the day: the same bits, for a kernel of rows."""
    token = _LONGEST.set(1)
    try:
        yield
    finally:
        _LONGEST.reset(token)


def first(world: World, path: Count, warm: process.State | None) -> process.State:
    """The process on the eve: drawn, or where the warm-up ended if it goes on from there; numbers [path]."""
    if not process.continues(world.process):
        return process.init(world.process, eve(world.streams.regimes, path, world.dtype))
    found = warmed(world, path)[0] if warm is None else warm
    return (
        process.init(world.process, eve(world.streams.regimes, path, world.dtype)) if found is None else found
    )


def before(world: World, path: Count) -> Ratio:
    """Daily spreads [day, detector, path] of the days before the first: history, or simulated."""
    return warmed(world, path)[1]


def warmed(world: World, path: Count) -> tuple[process.State | None, Ratio]:
    """The process after the days before the first, None where none were simulated; and their spreads.

    path: numbers [path]; spreads [day, detector, path].
    """
    if world.history is not None:
        return None, jnp.broadcast_to(world.history[:, :, None], (*world.history.shape, path.shape[0]))
    dtype, streams = world.dtype, world.streams
    if not world.detectors:
        return None, jnp.zeros((0, 0, path.shape[0]), dtype)
    start = process.long_run(world.process, eve(streams.warmup_regimes, path, dtype))

    def one_day(state: process.State, shocks: day.Shocks) -> tuple[process.State, Ratio]:
        state, log_return, _ = day.market(world, state, shocks)
        return state, spreads(world, log_return)

    return over_days(one_day, start, world.warmup, partial(warmup_shocks, world, path))


def spreads(world: World, log_return: LogReturn) -> Ratio:
    """Today's spread of every detector [detector, path]."""
    simple = jnp.expm1(log_return)
    rows = [simple[detector.small] - simple[detector.large] for detector in world.detectors]
    return jnp.stack(rows) if rows else jnp.zeros((0, log_return.shape[1]), log_return.dtype)


def z_scores(world: World, before: Ratio, during: Ratio) -> ZScore:
    """z of every detector [detector, day, path], given spreads [day, detector, path] before and since."""
    series = jnp.concatenate([before, during])
    seen = [
        spread.z(detector, series[world.warmup - detector.lead :, k])
        for k, detector in enumerate(world.detectors)
    ]
    return jnp.stack(seen) if seen else jnp.zeros((0, during.shape[0], during.shape[2]), during.dtype)


def _market_shocks(
    world: World, regime: random.Stream, ladder: random.Stream, path: Count, days: Count
) -> day.Shocks:
    dtype, law = world.dtype, world.process
    return day.Shocks(
        regime=_uniforms(regime, path, days, dtype),
        ladder=random.unit_pairs(ladder, path, days, process.pairs(law), process.inverse_nu(law), dtype),
        styles=None,
        own=None,
        crowd=None,
    )


def eve(stream: random.Stream, path: Count, dtype: jnp.dtype) -> Uniform:
    """The uniform [path] of day zero, from which the first regime is drawn; path numbers [path]."""
    return _uniforms(stream, path, jnp.zeros(1, jnp.uint32), dtype)[0]


def _uniforms(stream: random.Stream, path: Count, days: Count, dtype: jnp.dtype) -> Uniform:
    grid = (days.shape[0], path.shape[0])
    return random.uniforms(
        stream, jnp.broadcast_to(path[None, :], grid), jnp.broadcast_to(days[:, None], grid), dtype
    )
