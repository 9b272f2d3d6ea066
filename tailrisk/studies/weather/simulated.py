"""Ordinary weather as a config's crowd makes it: paths of a year from the long run, day by day."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ...core.units import Count, Flag, Ratio, Yuan
from ...market import basis
from ...simulate import day, path
from ...simulate.world import World
from .measure import Weather

CHUNK = 128
Seen = tuple[Ratio, Ratio, Flag, Yuan]


def simulated(world: World, paths: int, watched: int) -> Weather:
    """The days of `paths` paths of a world with a crowd; `watched` is the future whose discount is read."""
    assert world.crowd is not None
    parts = [
        jax.device_get(_days(world, jnp.arange(first, first + CHUNK, dtype=jnp.uint32), watched))
        for first in range(0, paths, CHUNK)
    ]
    returns, discount, fired, spent = (np.concatenate(rows, axis=-1) for rows in zip(*parts, strict=True))
    return Weather(
        returns=np.moveaxis(returns, -1, 0).astype(np.float64),
        discount=discount.T.astype(np.float64),
        fired=fired.sum(axis=0).T.astype(np.float64),
        spent=spent.astype(np.float64),
    )


@partial(jax.jit, static_argnames="watched")
def _days(world: World, numbers: Count, watched: int) -> Seen:
    """Returns [day, bucket, path], discount [day, path], stages fired [day, stage, path], spent [path]."""

    crowd = world.crowd
    assert crowd is not None

    def one_day(state: day.State, shocks: day.Shocks) -> tuple[day.State, tuple[Ratio, Ratio, Flag]]:
        after, log_return = day.step(world, state, shocks)
        was, now = state.crowd, after.crowd
        assert was is not None
        assert now is not None
        discount = -basis.monthly(crowd.basis, now.basis.dislocation)[watched]
        return after, (jnp.expm1(log_return), discount, (now.ladder.age > 0) & (was.ladder.age == 0))

    last, (returns, discount, fired) = path.over_days(
        one_day, path.begin(world, numbers), world.days, partial(path.draw, world, numbers)
    )
    assert last.crowd is not None
    return returns, discount, fired, last.crowd.bought.sum(axis=0)
