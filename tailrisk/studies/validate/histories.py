"""Histories simulated from a model's long run, as long as the data and with the same days missing."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from ...core import random
from ...core.units import Count, LogReturn
from ...market import process
from ...simulate.world import World

Array = NDArray[Any]


def histories(world: World, seen: Array, count: int) -> Array:
    """Log returns [day, bucket, history]; NaN where `seen` [day, bucket] is false.

    world: from the long run (market.start = "stationary"); its crowd, if any, takes no part.
    """
    made = np.asarray(_histories(world, days=len(seen), count=count), np.float64)
    return np.where(seen[:, :, None], made, np.nan)


@partial(jax.jit, static_argnames=("days", "count"))
def _histories(world: World, *, days: int, count: int) -> LogReturn:
    law, dtype = world.process, world.dtype
    path = jnp.arange(count, dtype=jnp.uint32)
    zero = jnp.zeros_like(path)
    start = process.long_run(law, random.uniforms(world.streams.warmup_regimes, path, zero, dtype))

    def one_day(state: process.State, day: Count) -> tuple[process.State, LogReturn]:
        now = jnp.broadcast_to(day, path.shape)
        shocks = process.Shocks(
            regime=random.uniforms(world.streams.warmup_regimes, path, now, dtype),
            ladder=random.unit_pairs(
                world.streams.warmup_ladder,
                path,
                day[None],
                process.pairs(law),
                process.inverse_nu(law),
                dtype,
            )[0],
        )
        after, log_return, _ = process.step(law, state, shocks)
        return after, log_return

    return lax.scan(one_day, start, jnp.arange(1, days + 1, dtype=jnp.uint32))[1]
