"""The process of the market's returns before anybody trades: one seam for every law of them.

    state = init(params, uniform);   state, log_return, stress = step(params, state, shocks)

`stress` [path] is what the crowd's fear looks at. The processes: regimes on the ladder (`switching`), and
memory with regimes or whole days of history on what is left (`memory`).
"""

from dataclasses import replace

import jax.numpy as jnp

from ..core import random, struct
from ..core.fence import fenced
from ..core.units import Count, Flag, LogReturn, Normal, Ratio, Uniform
from . import memory, regimes, switching

Params = switching.Params | memory.Params
State = Count | memory.State
"""The regime [path] of `switching`, or what `memory` remembers."""

BANDS = (1.0, 2.0)
"""Common variance over its mean from which a picture calls a market of memory uneasy, and in stress."""


@struct
class Shocks:
    """What one day's randomness of a process is."""

    regime: Uniform  # [path]
    ladder: Normal  # [pair, path]  complex unit pairs


def init(params: Params, uniform: Uniform) -> State:
    """The state on the eve of the first day, from a uniform [path]."""
    regime = regimes.init(params.regimes.start, uniform)
    if isinstance(params, switching.Params):
        return regime
    return _placed(params, memory.draw(params.start, uniform), regime, uniform)


def long_run(params: Params, uniform: Uniform) -> State:
    """The state where the warm-up starts, from a uniform [path]."""
    regime = regimes.init(params.long_run, uniform)
    if isinstance(params, switching.Params):
        return regime
    return _placed(params, memory.draw(params.past, uniform), regime, uniform)


def step(params: Params, state: State, shocks: Shocks) -> tuple[State, LogReturn, Flag]:
    """Tomorrow's state, log returns [bucket, path] and stress [path]."""
    if isinstance(params, switching.Params):
        assert not isinstance(state, memory.State)
        return switching.step(params, state, shocks.regime, _drawn(params, shocks))
    assert isinstance(state, memory.State)
    return memory.step(params, state, shocks.regime, _drawn(params, shocks) if pairs(params) else ())


def continues(params: Params) -> bool:
    """Whether a path begins where its warm-up ended."""
    return isinstance(params, memory.Params) and params.continues


def tiltable(params: Params) -> bool:
    """Whether its chain and shocks can be drawn from another law and weighted; days of history cannot."""
    return not (isinstance(params, memory.Params) and params.days is not None)


def regime(state: State) -> Count:
    """The regime of the day's law [path], for what tilts the chain."""
    return state.row if isinstance(state, memory.State) else state


def with_regime(params: Params, state: State, regime: Count) -> State:
    """The state with another regime [path]; whole days of history have none."""
    if isinstance(params, switching.Params) or not isinstance(state, memory.State):
        return regime
    return state if params.days is not None else replace(state, row=regime)


def pictured(state: State) -> Count:
    """The regime [path] for pictures: of memory the band of its common variance."""
    if not isinstance(state, memory.State):
        return state
    return sum((state.common >= edge).astype(jnp.int32) for edge in BANDS)  # type: ignore[return-value]


def pairs(params: Params) -> int:
    """Unit pairs of shocks a day takes."""
    if isinstance(params, memory.Params) and params.days is not None:
        return 0
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


def _placed(params: memory.Params, state: memory.State, regime: Count, uniform: Uniform) -> memory.State:
    """The state in a regime [path], or at a row of history that a uniform [path] chooses."""
    if params.days is None:
        return replace(state, row=regime)
    return replace(
        state,
        row=memory.drawn(replace(params.days, leave=jnp.ones_like(params.days.leave)), state.row, uniform),
    )


@fenced
def _drawn(params: Params, shocks: Shocks) -> tuple[Normal, ...]:
    return tuple(random.student(shocks.ladder, params.ladder.inverse_nu)[: buckets(params)])
