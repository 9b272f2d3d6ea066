"""Prices inside a day, slice by slice: order flow, concave or linear impact, its decay, the gap given back.

With q the net flow of a slice, V a day's volume and D the depth, over components c of the propagator

    J_c <- (1 - decay_c) J_c + share_c q / (V D),   J_0 <- J_0 + (1 - sum_c share_c) q / (V D)
    I    = scale sgn(J) |J|^exponent,               J = J_0 + sum_c J_c
    M    = I + exogenous - give_back gap (1 - (1 - give_speed)^slices)

An exponent of one is the propagator of Bouchaud et al. (2004) and, slice for round, the crowd's day of
market/impact.py; one half with scale Y sigma is the square-root law of one order (mechanism 3.2); between
them Almgren et al. (2005) 3/5 and Han, Wu and Cheng (2016) 0.7. A concave function of the decayed imbalance
is the book of general shape of Alfonsi, Fruth and Schied (2010), arXiv 0708.1756.
"""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Ratio, Yuan


@struct
class Params:
    """How prices answer to flow within a day; `bucket` may be an index, or one point of a grid of laws."""

    scale: Ratio  # [bucket]  return at an imbalance of one day's volume
    exponent: Ratio  # [bucket]  one is linear, one half the square root
    volume: Yuan  # [bucket]  of a day; positive
    share: Ratio  # [component, bucket]  of a push that decays
    decay: Ratio  # [component, bucket]  lost in one slice
    gap: Ratio  # [bucket]  return of the open since the last close
    give_back: Ratio  # [bucket]  fraction of the gap given back in the end
    give_speed: Ratio  # [bucket]  of what is still to come, per slice


@struct
class State:
    """What a slice leaves for the next."""

    lasting: Ratio  # [bucket, path]  imbalance that stays, in days' volumes
    passing: Ratio  # [component, bucket, path]  imbalance still to decay
    outside: Ratio  # [bucket, path]  exogenous return since the open
    waiting: Ratio  # [bucket]  fraction of the give-back still to come


@struct
class Seen:
    """What the market shows after a slice."""

    latent: Ratio  # [bucket, path]  return since the last close, without limits
    returns: Ratio  # [bucket, path]  return since the last close, as shown
    sells: Ratio  # [bucket, path]  fraction of sell orders that trades
    buys: Ratio  # [bucket, path]


Show = Callable[[Ratio], Seen]
"""From a latent return [bucket, path] to what the market shows: the limits."""


def init(params: Params, paths: int) -> State:
    """The open: no imbalance yet."""
    components, buckets = params.share.shape
    flat = jnp.zeros((buckets, paths), params.scale.dtype)
    return State(
        lasting=flat,
        passing=jnp.zeros((components, buckets, paths), flat.dtype),
        outside=flat,
        waiting=jnp.ones(buckets, flat.dtype),
    )


def impact(params: Params, state: State) -> Ratio:
    """I = scale sgn(J) |J|^exponent [bucket, path]."""
    total = state.lasting + accumulate(state.passing)
    size = jnp.abs(total)
    power = jnp.where(size > 0.0, size, 1.0) ** params.exponent[:, None]
    return params.scale[:, None] * jnp.sign(total) * jnp.where(size > 0.0, power, 0.0)


def latent(params: Params, state: State) -> Ratio:
    """M [bucket, path]: gap, what of it was given back, exogenous and impact."""
    back = params.give_back * params.gap * (1.0 - state.waiting)
    return (params.gap - back)[:, None] + state.outside + impact(params, state)


def step(params: Params, state: State, flow: Yuan, exogenous: Ratio, depth: Ratio) -> State:
    """One slice: net submitted flow, exogenous return and depth, all [bucket, path]; buys positive."""
    push = flow / (params.volume[:, None] * depth)
    kept = state.passing - state.passing * params.decay[:, :, None]
    stays = 1.0 - accumulate(params.share)
    return State(
        lasting=state.lasting + stays[:, None] * push,
        passing=kept + params.share[:, :, None] * push[None],
        outside=state.outside + exogenous,
        waiting=state.waiting * (1.0 - params.give_speed),
    )


def unlimited(latent: Ratio) -> Seen:
    """A market without limits: what is latent [bucket, path] is shown, and everything trades."""
    whole = jnp.ones_like(latent)
    return Seen(latent=latent, returns=latent, sells=whole, buys=whole)


def stopped(limit: float, locked: float = 0.0) -> Show:
    """One price that stops `limit` above and below the last close, where `locked` of orders still trade."""

    def show(latent: Ratio) -> Seen:
        down, up = latent <= -limit, latent >= limit
        return Seen(
            latent=latent,
            returns=jnp.clip(latent, -limit, limit),
            sells=jnp.where(down, locked, jnp.ones_like(latent)),
            buys=jnp.where(up, locked, jnp.ones_like(latent)),
        )

    return show


def day(
    params: Params,
    flow: Yuan,
    show: Show = unlimited,
    *,
    exogenous: Ratio | None = None,
    depth: Ratio | None = None,
) -> tuple[State, Seen]:
    """A day of net flows [slice, bucket, path]: the state at the end and what was seen [slice, bucket, path].

    exogenous and depth: of the same shape; none and whole where not given.
    """
    quiet = jnp.zeros_like(flow) if exogenous is None else exogenous
    deep = jnp.ones_like(flow) if depth is None else depth

    def one(state: State, now: tuple[Yuan, Ratio, Ratio]) -> tuple[State, Seen]:
        state = step(params, state, *now)
        return state, show(latent(params, state))

    return jax.lax.scan(one, init(params, flow.shape[2]), (flow, quiet, deep))


def fitted(params: Params, flow: Yuan, fall: Ratio) -> Params:
    """The params with the scale at which flows [slice, bucket, path] give a return of `fall` [bucket].

    The flows' first path is meant; an index no flow moves keeps a scale of zero.
    """
    unit = replace(params, scale=jnp.ones_like(params.scale))
    last, _ = day(unit, flow[:, :, :1])
    answer = impact(unit, last)[:, 0]
    return replace(params, scale=jnp.where(answer == 0.0, 0.0, fall / jnp.where(answer == 0.0, 1.0, answer)))
