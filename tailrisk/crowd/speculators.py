"""Speculators: short index futures while snowballs are near knock-in, covered when the state buys small caps.

    target = -lambda mass 1{mom < 0}, zero once rescued        mass: snowballs within 5 % of knock-in
    flow   = pace / M (target - position)                      mechanism 5.2; the pace damps a flickering mom
    worth <- worth + position r,   position <- (position + flow)(1 + r)

`rescued`: the state buys mid and small caps, stage 2 of its ladder.
"""

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate, take
from ..core.units import Flag, Ratio, Yuan


@struct
class Params:
    """How much they short and how fast."""

    strength: Ratio  # [future]  lambda: futures sold over mass near knock-in; zero turns them off
    pace: Ratio  # []  fraction of the way to the target gone in a day, at most the number of rounds
    underlying: tuple[int, ...] = static()  # [future]  the bucket each is written on


@struct
class State:
    """What they hold and have made."""

    position: Yuan  # [future, path]  signed
    worth: Yuan  # [path]  gains since the start


def init(params: Params, paths: int) -> State:
    """Nobody short."""
    zero = jnp.zeros((params.strength.shape[0], paths), params.strength.dtype)
    return State(position=zero, worth=accumulate(zero))


def step(params: Params, state: State, mass: Yuan, momentum: Ratio, rescued: Flag, rounds: int) -> Yuan:
    """Futures bought this round [future, path]; mass likewise, momentum [bucket, path], rescued [path]."""
    falling = take(momentum, params.underlying) < 0
    target = jnp.where(falling & ~rescued[None], -params.strength[:, None] * mass, 0.0)
    return params.pace / rounds * (target - state.position)


def settle(state: State, flow: Yuan, returns: Ratio) -> State:
    """State after the futures moved by `returns` [future, path]; the flow traded at the new price."""
    return State(
        position=(state.position + flow) * (1.0 + returns),
        worth=state.worth + accumulate(state.position * returns),
    )
