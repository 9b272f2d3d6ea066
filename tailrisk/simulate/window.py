"""The spread's z inside the path, day by day, for what must act on it before the path has ended.

The same z as `market.spread.z` looks back over: running sums of the trailing window, what enters less what
leaves. What leaves on a day is older than the window, so for a stretch of days no longer than the shortest
window it is known before the first of them: it is read, not carried.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Ratio, ZScore
from ..market import spread


@struct
class State:
    """One detector's window at a close."""

    total: Ratio  # [path]  of the window that judges tomorrow
    squares: Ratio  # [path]
    recent: Ratio  # [lag, path]  spreads of the last days - 1 days, oldest first


def init(params: spread.Params, before: Ratio) -> State:
    """The window on the eve, from the spreads of the days before the first [day, path], `lead` or more."""
    lead = before[before.shape[0] - params.lead :]
    window = lead[: params.window]
    return State(total=accumulate(window), squares=accumulate(window * window), recent=lead[params.window :])


def step(params: spread.Params, state: State, today: Ratio, leaving: Ratio) -> tuple[State, ZScore]:
    """z of today's spread [path], and the window that judges tomorrow.

    leaving [path]: the spread of window + days - 1 days ago.
    """
    recent = jnp.concatenate([state.recent, today[None]])
    mean = state.total / params.window
    variance = (state.squares - state.total * mean) / (params.window - 1)
    drift = mean * params.days if params.mean_removed else jnp.zeros_like(mean)
    floor = jnp.finfo(today.dtype).tiny
    z = (accumulate(recent) - drift) / jnp.sqrt(jnp.maximum(variance, floor) * params.days)
    entering = recent[0]
    after = State(
        total=state.total + entering - leaving,
        squares=state.squares + entering * entering - leaving * leaving,
        recent=recent[1:],
    )
    return after, z
