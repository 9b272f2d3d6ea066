"""States of the long run: a process left alone until nothing remembers where it began."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from ..core import random
from ..core.random import Stream
from ..core.ready import ready
from ..core.units import Count
from ..market import memory, process


def settle(law: memory.Params, stream: Stream, states: int, days: int) -> memory.State:
    """So many states [.., state] after so many days from the long-run variance."""
    return ready(partial(_settle, states=states, days=days), law, stream)(law, stream)


@partial(jax.jit, static_argnames=("states", "days"))
def _settle(law: memory.Params, stream: Stream, *, states: int, days: int) -> memory.State:
    dtype, number = process.dtype(law), jnp.arange(states, dtype=jnp.uint32)
    variance = 1 / (law.filter.inverse * process.buckets(law))
    still = jnp.zeros((process.buckets(law), states), dtype)
    level = jnp.broadcast_to(variance[None, :, None], (len(memory.DECAYS), *still.shape))
    begun: process.State = memory.State(
        row=jnp.zeros(states, jnp.int32), square=level, common=still[0] + 1.0, trend=still, last=still
    )

    def one_day(state: process.State, day: Count) -> tuple[process.State, None]:
        now = jnp.broadcast_to(day, (states,))
        uniform = random.uniforms(stream, number, now + jnp.uint32(2**31), dtype)
        unit = random.unit_pairs(
            stream, number, day[None], process.pairs(law), process.inverse_nu(law), dtype
        )
        return process.step(law, state, process.Shocks(regime=uniform, ladder=unit[0]))[0], None

    found = lax.scan(one_day, begun, jnp.arange(1, days + 1, dtype=jnp.uint32))[0]
    assert isinstance(found, memory.State)
    return found
