"""One day, in the order the market lives it.

mechanism 8 fixes the order: regime and exogenous shock, prices, then what the funds make of them. The crowd
takes its place between shock and prices.
"""

import jax.numpy as jnp

from ..core import random, struct
from ..core.units import Count, LogReturn, Normal, Ratio, Uniform, ZScore
from ..market import ladder, regimes, spread, styles
from ..products import book
from ..tail import running
from .world import World


@struct
class Shocks:
    """What one day's randomness is; every field has [day, ...] in front while drawn."""

    regime: Uniform  # [path]
    ladder: Normal  # [pair, path]  complex unit pairs
    styles: Normal | None  # [pair, path]
    own: Normal | None  # [path]


@struct
class State:
    """Where the path is."""

    regime: Count  # [path]
    price: LogReturn  # [bucket, path]  log price since the start
    books: book.State
    absolute: running.RunningLoss  # [product, path]
    excess: running.RunningLoss  # [product, path]
    detectors: tuple[spread.State, ...]


@struct
class Day:
    """What was seen today."""

    z: ZScore  # [detector, path]
    price: LogReturn  # [bucket, path]
    regime: Count  # [path]


def step(world: World, state: State, shocks: Shocks) -> tuple[State, Day]:
    """One trading day."""
    regime, log_return = market(world, state.regime, shocks)
    detectors, z = watch(world, state.detectors, log_return)
    price = state.price + log_return
    style_return = None if world.styles is None else styles.step(world.styles, log_return, _gaussian(shocks.styles))
    books = book.step(world.products, state.books, jnp.exp(price), style_return, shocks.own)
    after = State(
        regime=regime,
        price=price,
        books=books,
        absolute=running.step(state.absolute, books.nav),
        excess=running.step(state.excess, excess_nav(world, books)),
        detectors=detectors,
    )
    return after, Day(z=z, price=price, regime=regime)


def market(world: World, regime: Count, shocks: Shocks) -> tuple[Count, LogReturn]:
    """Today's regime and the buckets' log returns [bucket, path]."""
    regime = regimes.step(world.regimes, regime, shocks.regime)
    shock = random.student(shocks.ladder, world.ladder.inverse_nu)
    return regime, ladder.step(world.ladder, regime, shock)


def watch(
    world: World, states: tuple[spread.State, ...], log_return: LogReturn
) -> tuple[tuple[spread.State, ...], ZScore]:
    """Every detector's new state and z of the day [detector, path]."""
    simple = jnp.expm1(log_return)
    seen = [
        spread.step(params, state, simple[params.small] - simple[params.large])
        for params, state in zip(world.detectors, states, strict=True)
    ]
    z = jnp.stack([z for _, z in seen]) if seen else jnp.zeros((0, log_return.shape[1]), log_return.dtype)
    return tuple(state for state, _ in seen), z


def excess_nav(world: World, books: book.State) -> Ratio:
    """NAV against the benchmark [product, path]: the ratio of the two, or one plus their difference."""
    if world.arithmetic_excess:
        return 1 + books.nav - books.benchmark
    return books.nav / books.benchmark


def _gaussian(unit: Normal | None) -> list[Normal]:
    assert unit is not None
    return random.student(unit, None)
