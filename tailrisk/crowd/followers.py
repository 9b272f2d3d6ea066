"""Those who follow the state: they sell what it does not buy to buy what it does, the siphon.

With A_a what they have in view, the state's purchases of bucket a so far today and what is remembered of
earlier days, their orders in a round are

    Q_b = rout phi V_total sum_a eye_a rotation_ab,       sum_b Q_b = 0
    eye_a = x_a / (1 + sum_c x_c),   x_a = (A_a / half_a)^focus

so the eyes sum to less than one and turn to where the state buys most: on 8 February 2024, from CSI 500 to
CSI 2000. The mechanism's phi_f V_total pi_b (5.6), with a pi that the state's own purchases decide. Fixed, it
would move a third of the market's turnover at the first yuan spent; proportional to purchases, it would miss
6 and 7 February, when CSI 500 rose 8 % and 6 % on a third to a half of the ETF turnover of the 5th.

    rout <- max(mood, seen, memory_of_rout rout, always)           once a day
    seen =  min(sight (-lag - behind)+, 1)                         lag of the small behind the large, negative

Money flees what the state does not buy while small caps are in a rout, of others' panic or as prices show it,
or have just been: an index fall that brings the state in rotates nothing. With `always` at one it would at
every purchase.
"""

import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.fence import fenced
from ..core.units import Probability, Ratio, Yuan


@struct
class Params:
    """How many follow, when they notice, and what they sell to buy."""

    following: Ratio  # []  phi: part of a day's turnover that rotates in a round if all follow; zero is off
    half: Yuan  # [bucket]  purchases in view at which half of them follow, were they all; positive
    memory: Ratio  # []  fraction of what was in view at a close that still is at the next open
    always: Probability  # []  fraction that follows without a rout; one needs none
    memory_of_rout: Probability  # []  fraction of a rout that is still felt a day later
    sight: Ratio  # []  of a rout that prices show, per unit of lag beyond `behind`; zero sees panic alone
    behind: Ratio  # []  lag of small caps from which they show one, positive
    rotation: Ratio  # [bucket, bucket]  bought by the state, traded by followers: each row sums to zero
    focus: int = static()  # how sharply the largest purchases draw the eye; one is in proportion


@struct
class State:
    """The state's purchases that followers have in view, and how far there is a rout."""

    seen: Yuan  # [bucket, path]  A
    rout: Probability  # [path]


def init(params: Params, paths: int) -> State:
    """Nothing in view, no rout."""
    return State(
        seen=jnp.zeros((params.half.shape[0], paths), params.half.dtype),
        rout=jnp.broadcast_to(params.always, (paths,)),
    )


def open(params: Params, state: State, mood: Ratio, lag: Ratio) -> State:
    """What is remembered of earlier days, how far panic has come [path] today, and the small's lag [path]."""
    seen = jnp.clip(params.sight * (-lag - params.behind), 0.0, 1.0)
    rout = jnp.maximum(
        jnp.maximum(mood, seen), jnp.maximum(params.memory_of_rout * state.rout, params.always)
    )
    return State(seen=params.memory * state.seen, rout=rout)


def step(params: Params, state: State, bought: Yuan, volume: Yuan) -> tuple[State, Yuan]:
    """Orders of the round [bucket, path], buys positive, after the state's purchases `bought` [bucket, path].

    `volume` [bucket] is a normal day's. The last bucket takes minus the sum of the others, in that order, so
    the sum over buckets is zero to the last bit.
    """
    seen = state.seen + bought
    others = _turned(params, _looking(params, state.rout, seen, volume))
    return State(seen=seen, rout=state.rout), jnp.concatenate([others, -accumulate(others)[None]])


@fenced
def _looking(params: Params, rout: Ratio, seen: Yuan, volume: Yuan) -> Yuan:
    """The money with an eye on each bucket [bucket, path]."""
    scale = params.following * accumulate(volume)
    return scale * rout[None] * _attention(params, seen)


@fenced
def _turned(params: Params, looking: Yuan) -> Yuan:
    """What it buys of every bucket but the last [bucket - 1, path]."""
    buckets = looking.shape[0]
    rows = []
    for b in range(buckets - 1):
        row = looking[0] * params.rotation[0, b]
        for a in range(1, buckets):
            row = row + looking[a] * params.rotation[a, b]
        rows.append(row)
    return jnp.stack(rows)


def attention(params: Params, state: State) -> Probability:
    """Fraction of followers with an eye on each bucket [bucket, path]; they sum to less than one."""
    return _attention(params, state.seen)


def _attention(params: Params, seen: Yuan) -> Probability:
    wanted = (seen / params.half[:, None]) ** params.focus
    return wanted / (1.0 + accumulate(wanted))[None]
