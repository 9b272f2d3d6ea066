"""A learned policy: a small network for each fund says how far to go to the safe book and how much to cut.

    x     = z's / 5, twice their slow means, annualised basis of two futures, ten times the excess return
    h     = tanh(W1 x + b1),   (tilt, cut) = sigmoid(W2 h + b2)
    book  = home + tilt (safe - home),   gross = (1 - cut) gross of home

It trades only when what it wants is more than a band away from what it last did; in training the band is a
logistic of width `width`, so that gradients pass; with `width` None it is hard, as when it is judged.
"""

import jax
import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate, stacked
from ..core.units import Ratio, ZScore
from .observation import Book, Decision, Observation

HIDDEN = 6
BAND = 0.15
MEMORY = 0.8
"""Of the slow mean of a z, from one close to the next."""


@struct
class Params:
    """Weights of the network, and the two books between which it chooses."""

    inner: Ratio  # [fund, hidden, feature]
    inner_bias: Ratio  # [fund, hidden]
    outer: Ratio  # [fund, output, hidden]
    outer_bias: Ratio  # [fund, output]
    home: Book
    safe: Book
    width: Ratio | None  # []  of the band's logistic; None is hard
    watched: tuple[int, int] = static()  # futures whose basis it reads


@struct
class State:
    """What was last done, and the z's so far."""

    done: Ratio  # [output, fund, path]  tilt and cut
    slow: ZScore  # [detector, path]


def features(detectors: int) -> int:
    """How many numbers the network reads."""
    return 2 * detectors + 3


def init(params: Params, paths: int, detectors: int) -> State:
    """At home."""
    funds = params.inner.shape[0]
    dtype = params.inner.dtype
    return State(done=jnp.zeros((2, funds, paths), dtype), slow=jnp.zeros((detectors, paths), dtype))


def step(params: Params, state: State, seen: Observation) -> tuple[State, Decision]:
    """What to do at the next close."""
    slow = MEMORY * state.slow + (1.0 - MEMORY) * seen.z
    shown = jnp.concatenate(
        [seen.z / 5.0, 2.0 * slow, stacked([seen.annual_basis[k] for k in params.watched], seen.annual_basis)]
    )
    lag = 10.0 * (seen.excess - 1.0)
    wanted = _network(params, shown, lag)
    moved = jnp.maximum(jnp.abs(wanted[0] - state.done[0]), jnp.abs(wanted[1] - state.done[1]))
    if params.width is None:
        act = (moved > BAND).astype(moved.dtype)
    else:
        act = jax.nn.sigmoid((moved - BAND) / params.width)
    done = state.done + act[None] * (wanted - state.done)
    tilt, cut = done[0], done[1]
    home, safe = params.home, params.safe
    weights = home.weights[:, :, None] + tilt[:, None] * (safe.weights - home.weights)[:, :, None]
    short = home.short[:, :, None] + tilt[:, None] * (safe.short - home.short)[:, :, None]
    decision = Decision(weights=weights, gross=(1.0 - cut) * home.gross[:, None], short=short, act=act)
    return State(done=done, slow=slow), decision


def _network(params: Params, shown: Ratio, lag: Ratio) -> Ratio:
    """Tilt and cut [output, fund, path] from what all see [feature, path] and each fund's excess."""
    terms = [params.inner[:, :, k, None] * shown[k][None, None] for k in range(shown.shape[0])]
    terms.append(params.inner[:, :, -1, None] * lag[:, None])
    hidden = jnp.tanh(accumulate(jnp.stack(terms)) + params.inner_bias[:, :, None])
    out = accumulate(params.outer[:, :, :, None] * hidden[:, None], axis=2)
    return jnp.moveaxis(jax.nn.sigmoid(out + params.outer_bias[:, :, None]), 1, 0)
