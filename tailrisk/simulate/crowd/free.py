"""The crowd's free parameters: what a match may move, and where each sits among the arrays.

A factor multiplies what the config's files say, so that an edge that is switched off stays off; a share
replaces it. What belongs to a replay alone (how much of the ETF turnover was the state, how many sales were
refused) is not a property of the crowd and is not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import jax.numpy as jnp

from ...core.errors import InputError
from ...core.units import Ratio
from .world import Crowd

T = TypeVar("T")
Move = Callable[[Crowd, Ratio], Crowd]
FAST, SLOW = 0, 1
"""Components of the impact that is given back."""
SECOND, THIRD = 1, 2
"""Stages of the state's ladder that a rout of the small fires."""


def of_crowd(values: Mapping[str, T]) -> dict[str, T]:
    """What belongs to the crowd, and not to the record of an episode."""
    return {name: value for name, value in values.items() if not name.startswith("record.")}


def moved(crowd: Crowd, values: Mapping[str, Ratio]) -> Crowd:
    """The crowd with each named parameter moved; values [] by name of `parameters`.

    Raises InputError for a name this crowd does not have, such as a factor of a cohort that is not in it.
    """
    known = parameters(crowd)
    for name, value in values.items():
        if name not in known:
            raise InputError("crowd.ensemble", f"unknown parameter {name!r}", ", ".join(known))
        crowd = known[name](crowd, value)
    return crowd


def _put(place: str, change: Callable[[Any, Ratio], Any]) -> Move:
    """Replace the array at `place` ("part.field" or "part.part.field") by `change(array, value)`."""

    def along(record: Any, steps: list[str], value: Ratio) -> Any:
        old = getattr(record, steps[0])
        new = along(old, steps[1:], value) if len(steps) > 1 else change(old, value)
        return replace(record, **{steps[0]: new})

    return lambda crowd, value: along(crowd, place.split("."), value)


def _times(place: str, *rows: int) -> Move:
    """Multiply the array, or some of its rows, by the value."""
    if not rows:
        return _put(place, lambda array, value: array * value)
    return _put(place, lambda array, value: array.at[jnp.asarray(rows)].multiply(value, unique_indices=True))


def _set(place: str) -> Move:
    return _put(place, lambda array, value: jnp.broadcast_to(value, array.shape).astype(array.dtype))


def _fast(share: Ratio, value: Ratio) -> Ratio:
    """The slow share keeps its part of what the fast one leaves."""
    kept = share[SLOW] / (1.0 - share[FAST])
    return jnp.stack([value, kept * (1.0 - value)])


def _per_round(place: str, row: int | None = None) -> Move:
    """Lost in a day, spread over the rounds: 1 - (1 - daily)^(1 / rounds)."""

    def move(crowd: Crowd, value: Ratio) -> Crowd:
        in_round = 1.0 - (1.0 - value) ** (1.0 / crowd.rounds)
        set_row = lambda array, x: array.at[row].set(x) if row is not None else x  # noqa: E731
        return _put(place, set_row)(crowd, in_round)

    return move


FACTORS: dict[str, Move] = {
    "impact.evaporation": _times("impact.evaporation"),
    "panic.threshold": _times("panic.threshold"),
    "panic.full": _times("panic.full"),
    "panic.stamina": _times("panic.stamina"),
    "panic.tire": _times("panic.tire"),
    "followers.strength": _times("followers.following"),
    "followers.half": _times("followers.half"),
    "followers.sight": _times("followers.sight"),
    "followers.behind": _times("followers.behind"),
    "selling.momentum": _times("cohorts.triggers.momentum"),
    "selling.basis": _times("cohorts.triggers.basis"),
    "selling.redemption": _times("cohorts.redemption.slope"),
    "selling.participation": _times("cohorts.participation"),
    "substitution": _times("cohorts.substitution.out"),
    "basis.flow": _times("basis.flow"),
    "basis.fall": _times("basis.fall"),
    "basis.full": _times("basis.full"),
    "state.fall": _times("state.fall"),
    "state.rout": _times("state.rout"),
    "state.spread": _times("state.spread"),
    "state.second": _times("state.pace", SECOND),
    "state.second_first": _times("state.first", SECOND),
    "state.third": _times("state.pace", THIRD),
    "speculators": _times("speculators.strength"),
    "arbitrage": _put("arbitrage", lambda array, value: array * value),
}
"""What belongs to no one bucket or cohort."""
BUCKET_FACTORS = {"impact": "impact.impact", "panic": "panic.strength", "followers.half": "followers.half"}
"""`impact.micro` multiplies the bucket's row of the array; `followers.half_micro` likewise."""
MIDDLE = "impact.middle"
"""The impact of every bucket that is not the large, the small or the micro one, together."""
COHORT_FACTORS = {"assets": "cohorts.assets"}
"""`assets.dma` multiplies the cohort's row."""
RENAMED = {"assets.retail": "assets.margin_retail"}
"""Names in ensembles written before cohorts were found by theirs."""
SHARES: dict[str, Move] = {
    "impact.persistence": _set("impact.persistence"),
    "impact.least": _set("impact.least"),
    "impact.fast": _put("impact.share", _fast),
    "impact.slow": _put("impact.share", lambda share, value: share.at[SLOW].set(value * (1.0 - share[FAST]))),
    "impact.slow_decay": _per_round("impact.decay", SLOW),
    "limits.carried": _set("limits.carried"),
    "panic.calm": _set("panic.calm"),
    "panic.build": _set("panic.build"),
    "panic.relief": _set("panic.relief"),
    "followers.memory": _set("followers.memory"),
    "followers.memory_of_rout": _set("followers.memory_of_rout"),
    "basis.discount_pull": _per_round("basis.discount_pull"),
    "basis.premium_pull": _per_round("basis.premium_pull"),
}


def parameters(crowd: Crowd) -> dict[str, Move]:
    """Every free parameter of this crowd by name: of all, of each bucket, of each cohort."""
    names, found = crowd.names, {**FACTORS, **SHARES}
    for part, place in BUCKET_FACTORS.items():
        mark = "_" if "." in part else "."
        found |= {f"{part}{mark}{bucket}": _times(place, k) for k, bucket in enumerate(names.buckets)}
    for part, place in COHORT_FACTORS.items():
        found |= {f"{part}.{cohort}": _times(place, k) for k, cohort in enumerate(crowd.cohort_names)}
    ends = {names.role(role) for role in ("large", "small", "micro")}
    middle = [k for k, bucket in enumerate(names.buckets) if bucket not in ends]
    if middle:
        found[MIDDLE] = _times(BUCKET_FACTORS["impact"], *middle)
    return found | {old: found[new] for old, new in RENAMED.items() if new in found}
