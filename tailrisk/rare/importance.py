"""Paths drawn from a tilted law: the same day, other odds, and the weight that makes up for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import jax.numpy as jnp

from ..core import random, struct
from ..core.units import Count, Normal, Ratio
from ..market import memory, process
from ..simulate import day, path
from ..simulate.path import Outcome
from ..simulate.world import World
from . import tilt
from .tilt import Tilt

S = TypeVar("S")


@struct
class Trace:
    """What was drawn, for the fit of the next tilt; [day, ...] with the eve first for states."""

    state: Count  # [day, path]  the regime; one more is a crisis with fear, where that is tilted
    warmup: Count | None  # [day, path]  None where history fills the windows
    shock: Normal  # [day, shock, path]
    fear: Count  # [day, path]  `tilt.CALM` to `tilt.AFRAID`


@struct
class Today:
    """A day's shocks, the uniform that may move the phase on, and that day's chances."""

    shocks: day.Shocks
    move: Ratio  # [path]
    leave: Ratio  # [phase]


def outcome(world: World, law: Tilt, number: Count) -> Outcome:
    """Losses, spread z and weight of the paths numbered `number` [path], uint32, drawn from `law`."""
    return traced(world, law, number)[0]


def traced(world: World, law: Tilt, number: Count) -> tuple[Outcome, Trace]:
    """As `outcome` of the paths numbered `number` [path], and the regimes and shocks that were drawn."""
    return watched(world, law, number, lambda at: None)[:2]


def watched(
    world: World, law: Tilt, number: Count, see: Callable[[day.State], S]
) -> tuple[Outcome, Trace, S]:
    """As `traced` of the paths numbered `number` [path], and what `see` sees of every evening, [day, ...]."""
    mixture, warmup, before, warm = _before(world, law, tilt.init(law, number), number)
    start = path.begin(world, number, warm)
    if warm is None or not process.continues(world.process):
        uniform = path.eve(world.streams.regimes, number, law.share.dtype)
        mixture, regime = tilt.eve(law.start, world.process.regimes.start, mixture, uniform)
        start = replace(start, process=process.with_regime(world.process, start.process, regime))
    regime = process.regime(world.process, start.process)

    def one_day(
        state: tuple[day.State, tilt.State], today: Today
    ) -> tuple[tuple[day.State, tilt.State], tuple[Ratio, tuple[Count, Normal, Count], S]]:
        at, mixture = state
        mixture, shocks, now, fear = tilt.step(
            law,
            world.process.regimes,
            mixture,
            _state(world, at),
            today.move,
            today.leave,
            today.shocks,
            _fear(world, at),
        )
        at, log_return = day.step(world, at, shocks)
        shock = jnp.stack(
            random.student(shocks.ladder, world.process.ladder.inverse_nu)[: process.buckets(world.process)]
        )
        return (at, mixture), (path.spreads(world, log_return), (now, shock, fear), see(at))

    def draw(days: Count) -> Today:
        leave = law.leave[days.astype(jnp.int32) - 1]
        return Today(shocks=path.draw(world, number, days), move=tilt.moves(law, number, days), leave=leave)

    (at, mixture), (during, drawn, seen) = path.over_days(one_day, (start, mixture), world.days, draw)
    states, shock, fear = drawn
    weight = jnp.exp(tilt.log_weight(mixture))
    result = replace(path.finish(world, at, before, during), weight=weight)
    trace = Trace(state=jnp.concatenate([regime[None], states]), warmup=warmup, shock=shock, fear=fear)
    return result, trace, seen


def _state(world: World, at: day.State) -> Count:
    """Yesterday's state of the tilt [path]; where fear is tilted it is of crises alone."""
    regime = process.regime(world.process, at.process)
    if at.crowd is None or not tilt.fear_is_a_state(world):
        return regime
    return regime + at.crowd.panic.fear.astype(regime.dtype)


def _fear(world: World, at: day.State) -> tilt.Fear | None:
    """What is known of fear the evening before [path]; None without a crowd."""
    chance = tilt.nominal_fear(world)
    if chance is None or world.crowd is None or at.crowd is None:
        return None
    law, cause = world.crowd.process, None
    if isinstance(law, memory.Params) and isinstance(at.process, memory.State):
        cause = at.process.common >= law.stress
    return tilt.Fear(chance=chance, afraid=at.crowd.panic.fear, cause=cause)


def _before(
    world: World, law: Tilt, mixture: tilt.State, number: Count
) -> tuple[tilt.State, Count | None, Ratio, process.State | None]:
    """The mixture after the days before the first, their regimes [day, path], their spreads, the process."""
    if world.history is not None or not world.detectors:
        return mixture, None, path.before(world, number), None
    uniform = path.eve(world.streams.warmup_regimes, number, law.share.dtype)
    mixture, regime = tilt.eve(law.warmup_start, world.process.long_run, mixture, uniform)

    def one_day(
        state: tuple[process.State, tilt.State], shocks: day.Shocks
    ) -> tuple[tuple[process.State, tilt.State], tuple[Ratio, Count]]:
        at, mixture = state
        before = process.regime(world.process, at)
        mixture, edge = tilt.warm(law, world.process.regimes, mixture, before, shocks.regime)
        at, log_return, _ = day.market(world, at, replace(shocks, regime=edge))
        return (at, mixture), (path.spreads(world, log_return), process.regime(world.process, at))

    start = process.with_regime(world.process, process.long_run(world.process, uniform), regime)
    (warm, mixture), (before, seen) = path.over_days(
        one_day, (start, mixture), world.warmup, lambda days: path.warmup_shocks(world, number, days)
    )
    return mixture, jnp.concatenate([regime[None], seen]), before, warm
