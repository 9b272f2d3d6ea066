"""Price impact: how a bucket's latent return answers to submitted orders.

With Q the net imbalance submitted in a round, V a day's volume and D the depth left,

    D     = max(1 / (1 + eta (-mom - theta)+), least),     mom = delta mom_yesterday + return so far today
    push  = k Q / (V D)
    m     = exogenous + push - sum_c decay_c J_c      the round's latent return, mechanism 5.5
    J_c  <- (1 - decay_c) J_c + share_c push          what of past pushes is still to be given back

Linear in the aggregate imbalance: Maitrier and Bouchaud (2025), arXiv 2506.07711. Each component c of
the transient part decays at its own rate, 1 - sum_c share_c stays: Bucci et al. (2018), arXiv 1901.05332,
find a third gone by the same close and half within 50 days. Square-root impact is one manager's, slippage.py.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.fence import clause
from ..core.units import Ratio, Yuan


@struct
class Params:
    """How much a trade moves a bucket, for how long, and how depth goes when prices fall."""

    impact: Ratio  # [bucket]  k: return per imbalance of one day's volume at full depth; zero is no impact
    volume: Yuan  # [bucket]  a normal day's turnover; positive
    evaporation: Ratio  # []  eta: zero keeps depth whole
    threshold: Ratio  # []  theta: depth goes when momentum is below minus this
    least: Ratio  # []  of normal depth, that buyers of value leave in any fall; zero leaves none
    persistence: Ratio  # []  delta: fraction of momentum that lasts a day
    share: Ratio  # [component]  of a push that will decay
    decay: Ratio  # [component]  lost in one round: 1 - (1 - lost in a day)^(1 / rounds)


@struct
class State:
    """Impact not yet given back, and the decayed sum of returns at the last close."""

    transient: Ratio  # [component, bucket, path]
    momentum: Ratio  # [bucket, path]


def init(params: Params, momentum: Ratio) -> State:
    """No impact pending; `momentum` [bucket, path] at the close before the first day."""
    components = params.share.shape[0]
    return State(transient=jnp.zeros((components, *momentum.shape), momentum.dtype), momentum=momentum)


@clause
def momentum(params: Params, state: State, returns: Ratio) -> Ratio:
    """mom = delta mom_yesterday + r [bucket, path], r the simple return since the previous close."""
    return params.persistence * state.momentum + returns


def depth(params: Params, momentum: Ratio) -> Ratio:
    """D [bucket, path], one at most: the part of normal depth still there; momentum [bucket, path]."""
    fall = jnp.maximum(-momentum - params.threshold, 0.0)
    return jnp.maximum(1.0 / (1.0 + params.evaporation * fall), params.least)


def step(
    params: Params, state: State, exogenous: Ratio, imbalance: Yuan, depth: Ratio
) -> tuple[State, Ratio]:
    """The round's latent return [bucket, path] from its exogenous part and the net submitted imbalance."""
    push = params.impact[:, None] * imbalance / (params.volume[:, None] * depth)
    decayed = state.transient * params.decay[:, None, None]
    transient = state.transient - decayed + params.share[:, None, None] * push[None]
    return State(transient=transient, momentum=state.momentum), exogenous - accumulate(decayed) + push


def close(params: Params, state: State, returns: Ratio, dropped: Ratio) -> State:
    """State after the close, given the day's return and the latent return the limits dropped [bucket, path].

    A push that the limits swallowed was never paid, so it is not given back: its transient part leaves J,
    toward zero at most. Without this the day after a limit-down close rebounds twice.
    """
    swallowed = params.share[:, None, None] * dropped[None]
    low, high = jnp.minimum(state.transient, 0.0), jnp.maximum(state.transient, 0.0)
    return State(
        transient=state.transient - jnp.clip(swallowed, low, high),
        momentum=momentum(params, state, returns),
    )
