"""Simulated moments of an episode: how far a crowd's replay is from the record, and how believable it is.

    -2 log posterior(z) = sum_targets ((replayed - recorded) / error)^2 + |z|^2 + instability + constant

Targets are the daily returns of the buckets but the large one, which is given, from the day the crowd is let
go, the sum of those of the small ones after the rescue, and the basis of two quarter contracts. `error`
is what such a model may miss, not noise of the data. What ordinary years look like is judged apart
(ordinary.py), since it costs some hundred times as much. Mechanism 8 asks for a spectral radius of the
feedback below one: panic must die out, in calm and in fear, since stress that is known before the day lasts a
month (mechanism 5.1), not the two or three days of a crisis regime.
"""

from dataclasses import replace

import jax.numpy as jnp
from jax import lax

from ...core import static, struct
from ...core.names import Names
from ...core.units import Flag, Normal, Ratio
from ...market.impact import depth
from ...simulate.crowd.free import moved, of_crowd
from ...simulate.crowd.replay import Record, Replayed, replay
from ...simulate.crowd.world import Crowd
from .prior import Prior

RADIUS, SOFT = 1.0, 0.02
"""Largest believable growth of panic per day, and how sharply more is disbelieved."""
DEEP = 0.2
"""Fall at which the growth is judged: a rout's, by when depth has evaporated; at most that of all sellers."""
TURNS = 64


@struct
class Targets:
    """What was on record, and the error allowed; infinite where it does not count."""

    returns: Ratio  # [day, bucket]
    error: Ratio  # [day, bucket]
    after: Flag  # [day]  of the drift after the rescue
    after_error: Ratio  # [bucket]  of its sum; infinite where it is no target
    basis: Ratio  # [day, contract]
    slot: Ratio  # [day, contract, maturity]  one in the slot the contract is listed in
    future: Ratio  # [contract, future]  one for the future it belongs to
    basis_error: Ratio  # [day, contract]
    prior: Prior = static()


@struct
class Fit:
    """How a crowd did."""

    cost: Ratio  # []  -2 log posterior, up to a constant
    replayed: Replayed
    basis: Ratio  # [day, contract]


def fit(crowd: Crowd, record: Record, targets: Targets, z: Normal) -> Fit:
    """Replay the crowd moved to z [parameter] and judge it."""
    value = targets.prior.values(z)
    crowd = moved(crowd, of_crowd(value))
    imposed = replace(
        record.imposed,
        purchases=record.imposed.purchases * value["record.purchases"],
        refused=record.imposed.refused * value["record.refused"],
    )
    seen = replay(crowd, replace(record, imposed=imposed))
    wrong = (seen.returns - targets.returns) / targets.error
    drift = jnp.where(targets.after[:, None], seen.returns - targets.returns, 0.0).sum(axis=0)
    held = jnp.einsum("dqm,cq,dcm->dc", seen.relative - 1.0, targets.future, targets.slot)
    off = jnp.where(jnp.isfinite(targets.basis), held - targets.basis, 0.0) / targets.basis_error
    below = answered(crowd.names)
    crisis = jnp.log(jnp.stack([radius(crowd, b, 1.0) for b in below]) / RADIUS)
    calm = jnp.log(jnp.stack([radius(crowd, b, crowd.panic.calm) for b in below]))
    growth = jnp.concatenate([crisis, calm])
    cost = (
        jnp.sum(wrong**2)
        + jnp.sum((drift / targets.after_error) ** 2)
        + jnp.sum(off**2)
        + jnp.sum(z**2)
        + jnp.sum((jnp.maximum(growth, 0.0) / SOFT) ** 2)
    )
    return Fit(cost=jnp.where(jnp.isfinite(cost), cost, 1e9), replayed=seen, basis=held)


def answered(names: Names) -> list[int]:
    """Places of the buckets that the crowd answers for: all but the large one."""
    large = names.bucket(names.played("large"))
    return [place for place in range(len(names.buckets)) if place != large]


def radius(crowd: Crowd, bucket: int, mood: Ratio | float) -> Ratio:
    """Growth per day [] of a bucket's fall under its own panic: the spectral radius of the linear day.

    In each round: push = k psi / (M D) (persistence mom + r), less what is given back; D is the depth left
    after a fall of `DEEP`, beyond the threshold, with nobody else there. By powers of the map, normalised
    on the way.
    """
    impact, rounds = crowd.impact, crowd.rounds
    last = crowd.panic.threshold + crowd.panic.full
    thin = depth(impact, -jnp.minimum(jnp.asarray(DEEP, impact.impact.dtype), last))
    gain = mood * impact.impact[bucket] * crowd.panic.strength[bucket] / (rounds * thin)

    def one_day(state: Ratio, _: None) -> tuple[Ratio, Ratio]:
        memory, transient, fall = impact.persistence * state[0], state[1:], jnp.zeros_like(state[0])
        for _round in range(rounds):
            push = gain * (memory + fall)
            given = transient * impact.decay
            fall = fall + push - given.sum()
            transient = transient - given + impact.share * push
        after = jnp.concatenate([(memory + fall)[None], transient])
        size = jnp.abs(after).sum()
        return after / size, size

    start = jnp.concatenate([jnp.ones(1, gain.dtype), jnp.zeros_like(impact.share)])
    _, sizes = lax.scan(one_day, start, None, length=TURNS)
    return jnp.exp(jnp.log(sizes[TURNS // 2 :]).mean())
