"""The regime: a Markov chain over calm and crisis states of the market.

P(s_t = k | s_{t-1} = i) = P_ik                                  Hamilton (1989), "A new approach ..."
drawn by inversion: s_t is the number of cumulative probabilities C_ij, j < K - 1, that a uniform reaches.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Count, Probability, Uniform


@struct
class Params:
    """The chain and the law of the first day's state, both as cumulative probabilities."""

    cumulative: Probability  # [regime, regime]  from, to
    start: Probability  # [regime]


def init(start: Probability, uniform: Uniform) -> Count:
    """The regime on the eve of the first day [path], drawn from a cumulative law [regime]."""
    return _reached(start, uniform)


def step(params: Params, regime: Count, uniform: Uniform) -> Count:
    """Today's regime [path] from yesterday's and a uniform [path]."""
    states = params.start.shape[0]
    drawn = _reached(params.cumulative[0], uniform)
    for origin in range(1, states):
        drawn = jnp.where(regime == origin, _reached(params.cumulative[origin], uniform), drawn)
    return drawn


def _reached(cumulative: Probability, uniform: Uniform) -> Count:
    count = jnp.zeros(uniform.shape, jnp.int32)
    for k in range(cumulative.shape[0] - 1):
        count = count + (uniform >= cumulative[k]).astype(jnp.int32)
    return count
