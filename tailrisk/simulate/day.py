"""One day, in the order the market lives it.

mechanism 8 fixes the order: regime and exogenous shock, prices, then what the funds make of them. The crowd
takes its place between shock and prices.
"""

import jax.numpy as jnp

from ..core import random, struct
from ..core.units import Count, LogReturn, Normal, Ratio, Uniform
from ..market import ladder, regimes, styles
from ..products import book
from ..tail import running
from .world import World


@struct
class Shocks:
    """What one day's randomness is; every field has [day, ...] in front while drawn."""

    regime: Uniform  # [path]
    ladder: Normal  # [pair, path]  complex unit pairs


@struct
class Extras:
    """The randomness only products feel; every field has [day, ...] in front while drawn."""

    styles: Normal | None  # [pair, path]  complex unit pairs
    own: Normal | None  # [path]


@struct
class Eve:
    """What is settled about a day before it begins.

    Kept in memory from one day to the next because XLA would otherwise form the shocks again in every
    bucket's row (results/speed).
    """

    regime: Count  # [path]
    shock: tuple[Normal, ...]  # [path]  one array for each bucket


@struct
class State:
    """Where the path is, on the eve of a day."""

    eve: Eve
    price: LogReturn  # [bucket, path]  log price since the start
    books: book.State
    absolute: running.RunningLoss  # [product, path]
    excess: running.RunningLoss  # [product, path]


def step(world: World, state: State, extras: Extras, tomorrow: Shocks) -> tuple[State, LogReturn]:
    """One trading day; also the buckets' log returns [bucket, path], for those who only watch."""
    log_return = ladder.step(world.ladder, state.eve.regime, state.eve.shock)
    price = state.price + log_return
    style_return = None
    if world.styles is not None and extras.styles is not None:
        style_return = styles.step(world.styles, log_return, random.student(extras.styles, None))
    books = book.step(world.products, state.books, jnp.exp(price), style_return, extras.own)
    after = State(
        eve=eve(world, state.eve.regime, tomorrow),
        price=price,
        books=books,
        absolute=running.step(state.absolute, books.nav),
        excess=running.step(state.excess, excess_nav(world, books)),
    )
    return after, log_return


def eve(world: World, regime: Count, tomorrow: Shocks) -> Eve:
    """The day after one in `regime` [path]."""
    coordinates = random.student(tomorrow.ladder, world.ladder.inverse_nu)
    return Eve(
        regime=regimes.step(world.regimes, regime, tomorrow.regime),
        shock=tuple(coordinates[: world.ladder.affine.shape[1]]),
    )


def excess_nav(world: World, books: book.State) -> Ratio:
    """NAV against the benchmark [product, path]: the ratio of the two, or one plus their difference."""
    if world.arithmetic_excess:
        return 1 + books.nav - books.benchmark
    return books.nav / books.benchmark
