"""The market when part of the managers follow: their cohorts in two, and a policy for one of each two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ...assemble.world import assemble
from ...config import Config
from ...config.crowd_files import Cohort
from ...core import InputError
from ...crowd import policy
from ...simulate.tape import Tape, tapes
from ...simulate.world import World
from ..crowd.runs import ROUT
from .wanted import Books, flat, wanted

Array = NDArray[np.float64]
FOLLOW = "_follow"
PACE = 1.0


@dataclass(frozen=True)
class When:
    """What sets a policy off."""

    trigger: float  # of momentum, small behind large; infinite is never
    date: int  # the day on which all trade; zero is none
    lasting: int  # days on which orders are renewed


def managers(config: Config, named: Sequence[str]) -> tuple[str, ...]:
    """The cohorts that may follow: those named, else all that are managed and hold more than small stocks.

    InputError: a config without a crowd, a cohort it has not.
    """
    files = config.attached.crowd
    if config.crowd is None or files is None:
        raise InputError(
            "config", "has no [crowd]", "a config whose crowd trades, such as crowd_feb2024.toml"
        )
    cohorts = files.participants.cohorts
    for name in named:
        if name not in cohorts:
            raise InputError("--cohort", repr(name), ", ".join(cohorts))
    small = files.participants.small
    return tuple(named) or tuple(name for name, one in cohorts.items() if _managed(one, small))


def _managed(one: Cohort, small: Sequence[str]) -> bool:
    """Neither levered retail nor a fund of the smallest stocks alone."""
    large = any(weight for bucket, weight in one.weights.items() if bucket not in small)
    return large and not (one.margin.enforced and not one.hedge)


def split(config: Config, cohorts: Sequence[str], share: float) -> Config:
    """The config with every one of some cohorts in two: `share` of it follows, the rest does not.

    The part of a day's volume that a cohort may sell is split too, so that two halves of it trade as it did.
    """
    files = config.attached.crowd
    assert files is not None
    halves: dict[str, Cohort] = {}
    matched = dict(files.matched)
    for name, one in files.participants.cohorts.items():
        if name not in cohorts:
            halves[name] = one
            continue
        halves[name] = _part(one, 1 - share, one.label)
        halves[name + FOLLOW] = _part(one, share, f"{one.label}, following")
        if f"assets.{name}" in matched:
            matched[f"assets.{name}{FOLLOW}"] = matched[f"assets.{name}"]
    participants = files.participants.model_copy(update={"cohorts": halves})
    new = files._replace(participants=participants, matched=matched)
    return config.attach(config.attached._replace(crowd=new))


def _part(one: Cohort, share: float, label: str) -> Cohort:
    sizes = {"assets": one.assets * share, "participation": one.participation * share}
    return one.model_copy(update={**sizes, "label": label})


def adopted(config: Config, kind: str, cohorts: Sequence[str], share: float, when: When) -> World:
    """The world in which that share follows; at zero the config's own, array for array.

    InputError: as in `wanted`.
    """
    if share == 0:
        return assemble(config)
    world = assemble(split(config, cohorts, share))
    crowd = world.crowd
    assert crowd is not None
    known = [np.asarray(getattr(crowd.cohorts, name), np.float64) for name in ("weights", "hedge", "mix")]
    weights, hedge, mix = known
    short = hedge[:, None] * mix
    follow = np.array([name.endswith(FOLLOW) for name in crowd.cohort_names])
    benchmark = np.asarray(crowd.cohorts.benchmark, np.float64)
    bare = flat(benchmark, short, config.names)
    made = wanted(kind, Books(weights[follow], short[follow], bare[follow]), config.names)

    def array(default: Array, own: Array) -> Any:
        full = np.array(default, np.float64)
        full[follow] = own
        return jnp.asarray(full, world.dtype)

    rule = policy.Params(
        follow=jnp.asarray(follow, world.dtype),
        weights=array(weights, made.weights),
        keep=array(np.ones(len(follow)), made.keep),
        short=array(short, made.short),
        rehedge=array(np.zeros(len(follow)), made.rehedge),
        trigger=jnp.asarray(when.trigger, world.dtype),
        date=jnp.asarray(when.date, jnp.int32),
        lasting=jnp.asarray(when.lasting, jnp.int32),
        pace=jnp.asarray(PACE, world.dtype),
        small=config.names.bucket(config.names.played("small")),
        large=config.names.bucket(config.names.played("large")),
    )
    return replace(world, crowd=replace(crowd, managers=rule))


@dataclass(frozen=True)
class Lived:
    """A market on some paths."""

    tape: Tape
    fired: NDArray[np.int64]  # [path]  the day the policy fired; zero is never
    rout: Array  # [path]  one where the micro-caps fell by ROUT in three days


def lived(config: Config, world: World, paths: int, when: When) -> Lived:
    """The first paths of a world, and when whoever looks at it would follow."""
    tape = tapes(world, 0, paths)
    crowd = tape.crowd
    assert crowd is not None
    rout = (np.asarray(crowd.worst_3_days) < -ROUT).astype(float)
    return Lived(tape, fired(config, world, np.asarray(tape.days.returns), when), rout)


def fired(config: Config, world: World, returns: NDArray[Any], when: When) -> NDArray[np.int64]:
    """The first morning [path] after a close with momentum of small behind large beyond the trigger, or date.

    returns [day, bucket, path]: as the cohorts see them, so that a fund outside trades with those inside.
    """
    assert world.crowd is not None
    names, persistence = config.names, np.asarray(world.crowd.impact.persistence)
    small, large = (names.bucket(names.played(role)) for role in ("small", "large"))
    momentum = np.zeros_like(returns[0])
    first = np.zeros(returns.shape[-1], np.int64)
    for day, today in enumerate(returns, start=1):
        lags = momentum[small] - momentum[large] <= -np.asarray(when.trigger, momentum.dtype)
        first = np.where((first == 0) & (lags | (day == when.date)), day, first)
        momentum = persistence * momentum + today
    return first
