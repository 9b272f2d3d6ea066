"""The process of the market's returns before anybody trades: one seam for every law of them.

    state = init(params, uniform);   state, log_return, stress = step(params, state, shocks)

`stress` [path] is what the crowd's fear looks at. A process is a record of parameters, with the
functions below; to add one, write its leaf and name it here.
"""

import jax.numpy as jnp

from ..core import random, struct
from ..core.fence import fence
from ..core.units import Count, Flag, LogReturn, Normal, Ratio, Uniform
from . import regimes, switching

Params = switching.Params
State = Count
"""[path]  the regime."""


@struct
class Shocks:
    """What one day's randomness of a process is."""

    regime: Uniform  # [path]
    ladder: Normal  # [pair, path]  complex unit pairs


def init(params: Params, uniform: Uniform) -> State:
    """The state on the eve of the first day, from a uniform [path]."""
    return regimes.init(params.regimes.start, uniform)


def long_run(params: Params, uniform: Uniform) -> State:
    """A state of the long run, from a uniform [path]: where the warm-up starts."""
    return regimes.init(params.long_run, uniform)


def step(params: Params, state: State, shocks: Shocks) -> tuple[State, LogReturn, Flag]:
    """Tomorrow's state, log returns [bucket, path] and stress [path]."""
    shock = random.student(shocks.ladder, params.ladder.inverse_nu)[: params.ladder.affine.shape[1]]
    return switching.step(params, state, shocks.regime, fence(tuple(shock)))


def regime(params: Params, state: State) -> Count:
    """The regime [path], for pictures and for what tilts the chain."""
    return state


def with_regime(params: Params, state: State, regime: Count) -> State:
    """The state with another regime [path]."""
    return regime


def pairs(params: Params) -> int:
    """Unit pairs of shocks a day takes."""
    return (params.ladder.affine.shape[1] + 1) // 2


def inverse_nu(params: Params) -> Ratio | None:
    """[]  one over the degrees of freedom of the shocks; None is Gaussian."""
    return params.ladder.inverse_nu


def buckets(params: Params) -> int:
    """Buckets whose returns it gives."""
    return params.ladder.affine.shape[1]


def dtype(params: Params) -> jnp.dtype:
    """Of every draw and path."""
    return params.ladder.affine.dtype
