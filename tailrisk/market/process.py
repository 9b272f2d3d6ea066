"""The process of the market's returns before anybody trades: one seam for every law of them.

    state = init(params, uniform);   state, log_return, stress = step(params, state, shocks)

`stress` [path] is what the crowd's fear looks at. The processes are those of KINDS: regimes on the ladder
(`switching`), and memory with regimes or whole days of history on what is left (`memory`). A process is a
file with a `Kind`, registered here.
"""

import jax.numpy as jnp

from ..core import random, struct
from ..core.fence import fenced
from ..core.units import Count, Flag, LogReturn, Normal, Ratio, Uniform
from . import memory, own, switching
from .kind import Kind

KINDS: tuple[Kind, ...] = (switching.KIND, memory.KIND, own.KIND)
Params = switching.Params | memory.Params
"""What can be tilted; a user's `own.Params` is taken wherever a process is, and by nothing that tilts."""
State = Count | memory.State
"""The regime [path] of `switching`, or what `memory` remembers."""

_BY_PARAMS = {kind.params: kind for kind in KINDS}


@struct
class Shocks:
    """What one day's randomness of a process is."""

    regime: Uniform  # [path]
    ladder: Normal  # [pair, path]  complex unit pairs


def init(params: Params, uniform: Uniform) -> State:
    """The state on the eve of the first day, from a uniform [path]."""
    state: State = _BY_PARAMS[type(params)].init(params, uniform)
    return state


def long_run(params: Params, uniform: Uniform) -> State:
    """The state where the warm-up starts, from a uniform [path]."""
    state: State = _BY_PARAMS[type(params)].long_run(params, uniform)
    return state


def step(params: Params, state: State, shocks: Shocks) -> tuple[State, LogReturn, Flag]:
    """Tomorrow's state, log returns [bucket, path] and stress [path]."""
    shock = _drawn(params, shocks) if pairs(params) else ()
    return _BY_PARAMS[type(params)].step(params, state, shocks.regime, shock)


def continues(params: Params) -> bool:
    """Whether a path begins where its warm-up ended."""
    return _BY_PARAMS[type(params)].continues(params)


def tiltable(params: Params) -> bool:
    """Whether its chain and shocks can be drawn from another law and weighted; days of history cannot."""
    return _BY_PARAMS[type(params)].tiltable(params)


def stress_is_the_last_regime(params: Params) -> bool:
    """Whether fear has cause in the day's last regime and nowhere else, so that the chain tells of it."""
    return _BY_PARAMS[type(params)].stress_is_the_last_regime


def regime(params: Params, state: State) -> Count:
    """The regime of the day's law [path], for what tilts the chain."""
    return _BY_PARAMS[type(params)].regime(state)


def with_regime(params: Params, state: State, regime: Count) -> State:
    """The state with another regime [path]; whole days of history have none."""
    changed: State = _BY_PARAMS[type(params)].with_regime(params, state, regime)
    return changed


def pictured(params: Params, state: State) -> Count:
    """The regime [path] for pictures: of memory the band of its common variance."""
    return _BY_PARAMS[type(params)].pictured(state)


def pairs(params: Params) -> int:
    """Unit pairs of shocks a day takes."""
    return _BY_PARAMS[type(params)].pairs(params)


def inverse_nu(params: Params) -> Ratio | None:
    """[]  one over the degrees of freedom of the shocks; None is Gaussian."""
    return params.ladder.inverse_nu


def buckets(params: Params) -> int:
    """Buckets whose returns it gives."""
    return params.ladder.affine.shape[1]


def dtype(params: Params) -> jnp.dtype:
    """Of every draw and path."""
    return params.ladder.affine.dtype


@fenced
def _drawn(params: Params, shocks: Shocks) -> tuple[Normal, ...]:
    return tuple(random.student(shocks.ladder, params.ladder.inverse_nu)[: buckets(params)])
