"""A process of the user's own: returns by functions of his, behind the seam of `process`.

    state = init(params, uniform);   state, log_return, stress = step(params, state, uniform, shocks)

His params are a pytree of arrays; uniform is [path], shocks are so many standard normals [path] as there are
buckets, log_return is [bucket, path] and stress [path] what the crowd's fear looks at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from ..core import static, struct
from ..core.units import Flag, LogReturn, Normal, Uniform
from . import ladder
from .kind import Kind


@dataclass(frozen=True)
class Law:
    """His functions; `long_run` is where the warm-up starts, `init` where it says nothing."""

    init: Callable[[Any, Uniform], Any]
    step: Callable[[Any, Any, Uniform, tuple[Normal, ...]], tuple[Any, LogReturn, Flag]]
    long_run: Callable[[Any, Uniform], Any]


@struct
class Params:
    """His own params, and how many shocks of which law he is given."""

    own: Any
    ladder: ladder.Params  # its affine map is zero: for the number of buckets, the precision, and nu
    law: Law = static()


@struct
class State:
    """His own state, and whether the day was one of stress."""

    own: Any
    stress: Flag  # [path]


def init(params: Params, uniform: Uniform) -> State:
    """The eve of the first day; uniform [path]."""
    return State(own=params.law.init(params.own, uniform), stress=jnp.zeros(uniform.shape, bool))


def long_run(params: Params, uniform: Uniform) -> State:
    """Where the warm-up starts; uniform [path]."""
    return State(own=params.law.long_run(params.own, uniform), stress=jnp.zeros(uniform.shape, bool))


def step(
    params: Params, state: State, uniform: Uniform, shock: tuple[Normal, ...]
) -> tuple[State, LogReturn, Flag]:
    """Tomorrow's state, log returns [bucket, path] and stress [path]; uniform [path], shock [shock][path]."""
    own, log_return, stress = params.law.step(params.own, state.own, uniform, shock)
    return State(own=own, stress=stress), log_return, stress


KIND = Kind(
    params=Params,
    init=init,
    long_run=long_run,
    step=step,
    regime=lambda state: state.stress.astype(jnp.int32),
    with_regime=lambda params, state, regime: state,
    pictured=lambda state: state.stress.astype(jnp.int32),
    tiltable=lambda params: False,
)
