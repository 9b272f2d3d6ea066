"""Many paths of many days, as one pure function of the world and the paths' numbers."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import jax.numpy as jnp
from jax import lax

from ..core import random, struct
from ..core.units import Count, Flag, LogReturn, Ratio, Uniform, ZScore
from ..market import regimes, spread
from ..products import book
from ..tail import running
from . import day
from .world import World

T = TypeVar("T")


@struct
class Outcome:
    """What is kept of each path."""

    loss: Ratio  # [view, measure, product, path]
    z: ZScore  # [detector, day, path]
    breached: Flag  # [product, path]
    shortfall: Ratio  # [product, path]
    fault: Flag  # [path]  some loss or z is not a finite number


@struct
class Course:
    """Prices and regimes day by day, for the few paths that are drawn in a picture."""

    price: LogReturn  # [day, bucket, path]
    regime: Count  # [day, path]


def outcome(world: World, path: Count) -> Outcome:
    """Losses and spread z of the paths numbered `path` [path], uint32."""
    state, spreads = _live(world, path, lambda _, log_return: _spreads(world, log_return))
    loss = jnp.stack([running.losses(state.absolute), running.losses(state.excess)])
    z = _z(world, _before(world, path), spreads)
    finite = jnp.isfinite(loss).all(axis=(0, 1, 2)) & jnp.isfinite(z).all(axis=(0, 1))
    books = state.books
    return Outcome(loss=loss, z=z, breached=books.breached, shortfall=books.shortfall, fault=~finite)


def course(world: World, path: Count) -> Course:
    """Prices and regimes of the paths numbered `path`: the same paths as `outcome` sees."""
    _, (price, regime) = _live(world, path, lambda state, _: (state.price, state.regime))
    return Course(price=price, regime=regime)


def prices(world: World, path: Count) -> LogReturn:
    """Log prices [bucket, path] after the last day, and nothing else: the kernel whose speed is measured."""

    def one_day(state: tuple[Count, LogReturn], shocks: day.Shocks) -> tuple[tuple[Count, LogReturn], None]:
        regime, log_return = day.market(world, state[0], shocks)
        return (regime, state[1] + log_return), None

    start = begin(world, path)
    return lax.scan(one_day, (start.regime, start.price), market_shocks(world, path))[0][1]


def begin(world: World, path: Count) -> day.State:
    """The eve of the first day: every price and NAV at one."""
    paths, dtype = path.shape[0], world.ladder.affine.dtype
    books = book.init(world.products, paths)
    return day.State(
        regime=regimes.init(world.regimes.start, _eve(world.streams.regimes, path, dtype)),
        price=jnp.zeros((world.ladder.affine.shape[1], paths), dtype),
        books=books,
        absolute=running.init(books.nav),
        excess=running.init(books.nav),
    )


def draw(world: World, path: Count) -> day.Shocks:
    """Every shock of every day, [day, ..., path], before the first: XLA would redraw them at each use."""
    dtype, days = world.ladder.affine.dtype, jnp.arange(1, world.days + 1, dtype=jnp.uint32)
    shocks = market_shocks(world, path)
    if world.styles is not None:
        pairs = (world.styles.loading.shape[0] + 1) // 2
        shocks = replace(
            shocks, styles=random.unit_pairs(world.streams.styles, path, days, pairs, None, dtype)
        )
    if world.own_risk:
        own = random.unit_pairs(world.streams.own, path, days, 1, None, dtype)
        shocks = replace(shocks, own=own[:, 0].real)
    return shocks


def market_shocks(world: World, path: Count) -> day.Shocks:
    """The shocks that move the market, day by day."""
    return _market_shocks(world, world.streams.regimes, world.streams.ladder, path, world.days)


def _live(world: World, path: Count, keep: Callable[[day.State, LogReturn], T]) -> tuple[day.State, T]:
    def one_day(state: day.State, shocks: day.Shocks) -> tuple[day.State, T]:
        state, log_return = day.step(world, state, shocks)
        return state, keep(state, log_return)

    return lax.scan(one_day, begin(world, path), draw(world, path))


def _before(world: World, path: Count) -> Ratio:
    """Daily spreads [day, detector, path] of the days before the first: history, or simulated."""
    if world.history is not None:
        return jnp.broadcast_to(world.history[:, :, None], (*world.history.shape, path.shape[0]))
    streams = world.streams
    start = regimes.init(world.long_run, _eve(streams.warmup_regimes, path, world.ladder.affine.dtype))

    def one_day(regime: Count, shocks: day.Shocks) -> tuple[Count, Ratio]:
        regime, log_return = day.market(world, regime, shocks)
        return regime, _spreads(world, log_return)

    shocks = _market_shocks(world, streams.warmup_regimes, streams.warmup_ladder, path, world.warmup)
    return lax.scan(one_day, start, shocks)[1]


def _spreads(world: World, log_return: LogReturn) -> Ratio:
    """Today's spread of every detector [detector, path]."""
    simple = jnp.expm1(log_return)
    spreads = [simple[detector.small] - simple[detector.large] for detector in world.detectors]
    return jnp.stack(spreads) if spreads else jnp.zeros((0, log_return.shape[1]), log_return.dtype)


def _z(world: World, before: Ratio, during: Ratio) -> ZScore:
    spreads = jnp.concatenate([before, during])
    seen = [
        spread.z(detector, spreads[world.warmup - detector.lead :, k])
        for k, detector in enumerate(world.detectors)
    ]
    return jnp.stack(seen) if seen else jnp.zeros((0, during.shape[0], during.shape[2]), during.dtype)


def _market_shocks(
    world: World, regime: random.Stream, ladder: random.Stream, path: Count, days: int
) -> day.Shocks:
    dtype, pairs = world.ladder.affine.dtype, (world.ladder.affine.shape[1] + 1) // 2
    numbers = jnp.arange(1, days + 1, dtype=jnp.uint32)
    return day.Shocks(
        regime=_uniforms(regime, path, numbers, dtype),
        ladder=random.unit_pairs(ladder, path, numbers, pairs, world.ladder.inverse_nu, dtype),
        styles=None,
        own=None,
    )


def _eve(stream: random.Stream, path: Count, dtype: jnp.dtype) -> Uniform:
    """The uniform of day zero, from which the first regime is drawn."""
    return _uniforms(stream, path, jnp.zeros(1, jnp.uint32), dtype)[0]


def _uniforms(stream: random.Stream, path: Count, days: Count, dtype: jnp.dtype) -> Uniform:
    grid = (days.shape[0], path.shape[0])
    return random.uniforms(
        stream, jnp.broadcast_to(path[None, :], grid), jnp.broadcast_to(days[:, None], grid), dtype
    )
