"""Many paths of many days, as one pure function of the world and the paths' numbers."""

import jax
import jax.numpy as jnp
from jax import lax

from ..core import random, struct
from ..core.units import Count, Flag, LogReturn, Ratio, ZScore
from ..market import ladder, regimes, spread
from ..products import book
from ..tail import running
from . import day
from .world import World


@struct
class Outcome:
    """What is kept of each path."""

    loss: Ratio  # [view, measure, product, path]
    z: ZScore  # [detector, day, path]
    breached: Flag  # [product, path]
    shortfall: Ratio  # [product, path]
    fault: Count  # [path]  one if any loss or z is not a finite number


@struct
class Course:
    """Prices and regimes day by day, for the few paths that are drawn in a picture."""

    price: LogReturn  # [day, bucket, path]
    regime: Count  # [day, path]


def outcome(world: World, path: Count) -> Outcome:
    """Losses and spread z of the paths numbered `path` [path], uint32."""
    state, seen = _live(world, path, lambda seen: seen.z)
    loss = jnp.stack([running.losses(state.absolute), running.losses(state.excess)])
    finite = jnp.isfinite(loss).all(axis=(0, 1, 2)) & jnp.isfinite(seen).all(axis=(0, 1))
    return Outcome(
        loss=loss,
        z=jnp.swapaxes(seen, 0, 1),
        breached=state.books.breached,
        shortfall=state.books.shortfall,
        fault=(~finite).astype(jnp.int32),
    )


def course(world: World, path: Count) -> Course:
    """Prices and regimes of the paths numbered `path`, the same paths as `outcome` sees."""
    _, (price, regime) = _live(world, path, lambda seen: (seen.price, seen.regime))
    return Course(price=price, regime=regime)


def _live(world: World, path: Count, keep):  # type: ignore[no-untyped-def]
    def one_day(state: day.State, shocks: day.Shocks):  # type: ignore[no-untyped-def]
        state, seen = day.step(world, state, shocks)
        return state, keep(seen)

    return lax.scan(one_day, begin(world, path), draw(world, path))


def draw(world: World, path: Count) -> day.Shocks:
    """Every shock of every day [day, ..., path], drawn before the first: XLA would redraw them at each use."""
    dtype, days = world.ladder.mean.dtype, jnp.arange(1, world.days + 1, dtype=jnp.uint32)
    streams = world.streams
    styles = own = None
    if world.styles is not None:
        pairs = (world.styles.loading.shape[0] + 1) // 2
        styles = random.unit_pairs(streams.styles, path, days, pairs, None, dtype)
    if world.own_risk:
        own = random.unit_pairs(streams.own, path, days, 1, None, dtype)[:, 0].real
    return day.Shocks(
        regime=_uniforms(streams.regimes, path, days, dtype),
        ladder=_ladder(world, streams.ladder, path, days),
        styles=styles,
        own=own,
    )


def begin(world: World, path: Count) -> day.State:
    """The eve of the first day: prices and NAVs at one, the detectors' windows full."""
    paths, dtype = path.shape[0], world.ladder.mean.dtype
    zero_day = jnp.zeros(1, jnp.uint32)
    books = book.init(world.products, paths)
    return day.State(
        regime=regimes.init(world.regimes, _uniforms(world.streams.regimes, path, zero_day, dtype)[0]),
        price=jnp.zeros((world.ladder.mean.shape[1], paths), dtype),
        books=books,
        absolute=running.init(books.nav),
        excess=running.init(books.nav),
        detectors=_watched(world, path),
    )


def _watched(world: World, path: Count) -> tuple[spread.State, ...]:
    """The detectors after their warm-up, on given history or on simulated days before the first."""
    dtype = world.ladder.mean.dtype
    empty = tuple(spread.init(params, path.shape[0], dtype) for params in world.detectors)
    if not world.detectors:
        return empty
    if world.history is not None:
        return tuple(
            spread.fill(params, state, spreads)
            for params, state, spreads in zip(world.detectors, empty, world.history, strict=True)
        )
    days = jnp.arange(1, world.warmup + 1, dtype=jnp.uint32)
    streams = world.streams
    first = regimes.init(
        world.warmup_regimes, _uniforms(streams.warmup_regimes, path, jnp.zeros(1, jnp.uint32), dtype)[0]
    )
    shocks = (_uniforms(streams.warmup_regimes, path, days, dtype), _ladder(world, streams.warmup_ladder, path, days))

    def one_day(state, shock):  # type: ignore[no-untyped-def]
        regime, detectors = state
        regime = regimes.step(world.warmup_regimes, regime, shock[0])
        log_return = ladder.step(world.ladder, regime, random.student(shock[1], world.ladder.inverse_nu))
        return (regime, day.watch(world, detectors, log_return)[0]), None

    return lax.scan(one_day, (first, empty), shocks)[0][1]


def _ladder(world: World, stream: random.Stream, path: Count, days: Count) -> jax.Array:
    pairs = (world.ladder.loading.shape[2] + 1) // 2
    inverse_nu = world.ladder.inverse_nu
    return random.unit_pairs(stream, path, days, pairs, inverse_nu, world.ladder.mean.dtype)


def _uniforms(stream: random.Stream, path: Count, days: Count, dtype: jnp.dtype) -> jax.Array:
    grid = (days.shape[0], path.shape[0])
    return random.uniforms(
        stream, jnp.broadcast_to(path[None, :], grid), jnp.broadcast_to(days[:, None], grid), dtype
    )

