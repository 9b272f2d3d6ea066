"""What a path earned over the whole horizon: buckets, held futures and styles, with a crowd or without."""

from dataclasses import replace
from functools import partial

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import take
from ..core.units import Count, Flag, Ratio
from . import day
from .crowd import day as crowd_day
from .path import begin, draw, over_days
from .world import World


@struct
class Returns:
    """Returns from the eve of the first day to the last close."""

    bucket: Ratio  # [bucket, path]  simple
    future: Ratio  # [future, path]  of the held contracts, rolls included; their index without a crowd
    style: Ratio  # [style, path]  the sum of the daily returns of a unit exposure, styles of the world
    fault: Flag  # [path]  not a finite number, or the crowd's ledger does not close


def returns(world: World, path: Count) -> Returns:
    """Returns of the paths numbered `path` [path]: the same paths as `path.outcome` sees.

    A scenario of stocks is X f with f the ladder of these buckets and these styles (universe.factor_returns).
    """
    world = replace(world, funds=None)
    count = 0 if world.styles is None else world.styles.loading.shape[0]
    earned = jnp.zeros((count, path.shape[0]), world.dtype)

    def one_day(state: tuple[day.State, Ratio], shocks: day.Shocks) -> tuple[tuple[day.State, Ratio], None]:
        before, earned = state
        after, _ = day.step(world, before, shocks)
        return (after, earned if after.styles is None else earned + after.styles.today), None

    start = (begin(world, path), earned)
    (state, earned), _ = over_days(one_day, start, world.days, partial(draw, world, path))
    bucket = jnp.expm1(state.price)
    if world.crowd is None or state.crowd is None:
        future, closes = take(bucket, world.names.underlying), jnp.ones(path.shape[0], bool)
    else:
        future = state.crowd.future - 1.0
        closes = crowd_day.closes(crowd_day.outcome(world.crowd, state.crowd))
    finite = jnp.isfinite(bucket).all(axis=0) & jnp.isfinite(future).all(axis=0)
    return Returns(bucket=bucket, future=future, style=earned, fault=~(finite & closes))
