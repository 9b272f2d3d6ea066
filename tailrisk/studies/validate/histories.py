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
    streams = world.streams.warmup_regimes, world.streams.warmup_ladder
    return drawn(world.process, streams, seen, count)


def drawn(
    law: process.Params, streams: tuple[random.Stream, random.Stream], seen: Array, count: int
) -> Array:
    """The same of a process alone, from its long run; streams of its regimes and of its shocks."""
    made = np.asarray(_histories(law, *streams, days=len(seen), count=count), np.float64)
    return np.where(seen[:, :, None], made, np.nan)


@partial(jax.jit, static_argnames=("days", "count"))
def _histories(
    law: process.Params, chain: random.Stream, ladder: random.Stream, *, days: int, count: int
) -> LogReturn:
    dtype = process.dtype(law)
    path = jnp.arange(count, dtype=jnp.uint32)
    zero = jnp.zeros_like(path)
    start = process.long_run(law, random.uniforms(chain, path, zero, dtype))

    def one_day(state: process.State, day: Count) -> tuple[process.State, LogReturn]:
        now = jnp.broadcast_to(day, path.shape)
        shocks = process.Shocks(
            regime=random.uniforms(chain, path, now, dtype),
            ladder=random.unit_pairs(
                ladder,
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
