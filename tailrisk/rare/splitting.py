"""Multilevel splitting: paths that come nearer to the event are cloned, and count for less.

With levels l_1 < ... < l_M of the score so far, stage m starts n paths from the states in which paths of the
stage before first reached l_m, each with new randomness, and p_m of them reach l_{m+1}. The paths of stage m
that do not, with the weight p_0 ... p_{m-1} / n each, are together a sample of the whole law, whose weights
sum to one; for levels fixed beforehand every mean taken over it is unbiased (fixed effort: Garvels & Kroese,
1998; Cerou & Guyader, 2007). Clones of one ancestor are alike, so errors come from independent replicates.

A clone is a gather on the path axis, with a path number of its own: its draws from then on are fresh. Days
are simulated in step, a path resting until the day after its ancestor's crossing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from ..core import random, struct
from ..core.random import Stream
from ..core.units import Count, Ratio, ZScore
from ..simulate import day, path, window
from ..simulate.path import Outcome
from ..simulate.world import World
from ..tail import running
from .score import Fall, Target

Array = NDArray[np.float64]

REACHING = 0.2
"""Fraction of a pilot's paths that reach the next level."""
DEEPEST = 30
"""Levels a pilot looks for at most."""
STATE = 1000
"""Numbers of a path's state, with a crowd."""


@struct
class Walk:
    """Where a path is, and how near it has come."""

    state: day.State
    windows: tuple[window.State, ...]  # [detector]
    best: Ratio  # [path]  highest score so far


@struct
class Entry:
    """Where the paths of a stage begin: the evening of a day, and what was seen up to it."""

    walk: Walk
    day: Count  # [path]  zero is the eve
    spread: Ratio  # [day, detector, path]  warm-up first; what is after the entry's day is overwritten
    z: ZScore  # [detector, day, path]


@struct
class Stage:
    """How the paths of a stage ended, and where they reached the next level."""

    outcome: Outcome
    reached: Entry
    crossed: Count  # [path]  day of it, -1 for never
    best: Ratio  # [path]


def begin(world: World, target: Target, number: Count) -> Entry:
    """The eve of the first day of the paths numbered `number` [path], before any split."""
    before, dtype = path.before(world, number), world.dtype
    windows = tuple(window.init(d, before[:, k]) for k, d in enumerate(world.detectors))
    after = jnp.zeros((world.days, *before.shape[1:]), dtype)
    return Entry(
        walk=Walk(
            state=path.begin(world, number),
            windows=windows,
            best=jnp.full(number.shape, -jnp.inf, dtype),
        ),
        day=jnp.zeros(number.shape, jnp.int32),
        spread=jnp.concatenate([before, after]),
        z=jnp.zeros((len(world.detectors), world.days, number.shape[0]), dtype),
    )


@partial(jax.jit, static_argnames="target")
def stage(world: World, target: Target, entry: Entry, number: Count, level: Ratio) -> Stage:
    """Simulate the rest of the days from `entry` with the randomness of `number` [path]."""
    there = entry.walk.best >= level
    crossed = jnp.where(there, entry.day, -jnp.ones_like(entry.day))
    at, reached = entry.walk, entry.walk
    spread, seen, lead = entry.spread, entry.z, world.warmup
    length = min([path.SEGMENT, *(d.window for d in world.detectors)])
    for first in range(0, world.days, length):
        days = jnp.arange(first + 1, min(first + length, world.days) + 1, dtype=jnp.uint32)
        leaving = [spread[lead + first - d.lead :][: len(days), k] for k, d in enumerate(world.detectors)]
        inputs = (days.astype(jnp.int32), path.draw(world, number, days), tuple(leaving))
        live = partial(_day, world, target, entry.day, level)
        (at, reached, crossed), (spreads, z) = lax.scan(live, (at, reached, crossed), inputs)
        own = days.astype(jnp.int32)[:, None, None] > entry.day[None, None, :]
        place = slice(lead + first, lead + first + len(days))
        spread = spread.at[place].set(jnp.where(own, spreads, spread[place]))
        place = slice(first, first + len(days))
        seen = seen.at[:, place].set(jnp.where(own[:, 0][None], jnp.moveaxis(z, 0, 1), seen[:, place]))
    outcome = replace(path.finish(world, at.state, spread[:lead], spread[lead:]), z=seen)
    met = Entry(walk=reached, day=jnp.maximum(crossed, 0), spread=spread, z=seen)
    return Stage(outcome=outcome, reached=met, crossed=crossed, best=at.best)


Carry = tuple[Walk, Walk, Count]


def _day(
    world: World,
    target: Target,
    entered: Count,
    level: Ratio,
    carry: Carry,
    today: tuple[Count, day.Shocks, tuple[Ratio, ...]],
) -> tuple[Carry, tuple[Ratio, ZScore]]:
    """One day of every path that has begun, and the first crossing of the level."""
    (before, reached, crossed), (number, shocks, leaving) = carry, today
    state, log_return = day.step(world, before.state, shocks)
    spreads, windows, z = path.spreads(world, log_return), [], []
    for k, detector in enumerate(world.detectors):
        after, score = window.step(detector, before.windows[k], spreads[k], leaving[k])
        windows.append(after)
        z.append(score)
    seen = jnp.stack(z) if z else jnp.zeros_like(spreads)
    best = jnp.maximum(before.best, _score(target, state, seen))
    lived = number > entered
    at = _where(lived, Walk(state=state, windows=tuple(windows), best=best), before)
    now = lived & (at.best >= level) & (crossed < 0)
    return (at, _where(now, at, reached), jnp.where(now, number, crossed)), (spreads, seen)


def _score(target: Target, state: day.State, z: ZScore) -> Ratio:
    """Today's score [path]; a path's is the highest of its days."""
    if isinstance(target, Fall):
        return target.sign * z[target.detector]
    books = state.absolute if target.view == 0 else state.excess
    return running.losses(books)[target.measure, target.product]


def _where(flag: Ratio, new: Walk, old: Walk) -> Walk:
    return jax.tree.map(lambda a, b: jnp.where(jnp.broadcast_to(flag, a.shape), a, b), new, old)


@jax.jit
def clones(reached: Entry, parent: Count) -> Entry:
    """The entries of the next stage: a gather of `parent` [path] on the path axis."""
    return jax.tree.map(lambda x: x[..., parent], reached)


def parents(crossed: NDArray[np.int32], offset: float) -> NDArray[np.int32]:
    """Who is cloned [path]: each path that crossed equally often, up to one, by systematic resampling.

    crossed [path]: the day a path crossed, below zero if it did not; offset: a uniform; the expected number
    of clones is the same for every crossing.
    """
    found, paths = np.flatnonzero(crossed >= 0), len(crossed)
    places = np.floor((np.arange(paths) + offset) * (len(found) / paths)).astype(np.intp)
    return found[np.minimum(places, len(found) - 1)].astype(np.int32)


@struct
class Replicate:
    """One independent run of every stage: a weighted sample of the whole law."""

    outcome: Outcome  # weight [path] sums to one
    reached: tuple[float, ...]  # fraction of each stage's paths that reached the next level
    path_days: int


@dataclass
class _Run:
    """A replicate under way."""

    weight: float = 1.0  # of all paths of its stage
    ended: list[tuple[Outcome, float]] = field(default_factory=list)  # and what each of them counts for
    reached: list[float] = field(default_factory=list)
    over: bool = False

    def met(self, outcome: Outcome, crossed: NDArray[np.int32], *, last: bool) -> None:
        """A stage: its outcome [.., path] and the day of each path's crossing [path]."""
        stay, paths = np.flatnonzero(crossed < 0), len(crossed)
        self.ended.append((jax.tree.map(itemgetter((..., stay)), outcome), self.weight / paths))
        self.reached.append(1 - len(stay) / paths)
        self.over = last or not self.reached[-1]
        self.weight *= self.reached[-1]

    def replicate(self, world: World, paths: int) -> Replicate:
        """All its stages, of so many paths each."""
        outcomes, weights = zip(*self.ended, strict=True)
        joined = jax.tree.map(lambda *x: np.concatenate(x, axis=-1), *outcomes)
        each = [np.full(out.fault.shape, w) for out, w in zip(outcomes, weights, strict=True)]
        spent = len(self.reached) * paths * world.days
        spent += paths * (0 if world.history is not None else world.warmup)
        return Replicate(
            outcome=replace(joined, weight=np.concatenate(each)),
            reached=tuple(self.reached),
            path_days=spent,
        )


def replicates(
    world: World, target: Target, levels: tuple[float, ...], stream: Stream, which: Sequence[int], paths: int
) -> list[Replicate]:
    """The replicates numbered `which`, side by side, with `paths` paths a stage and fixed levels, rising.

    The paths of stage m of replicate k are numbered from (k (M + 1) + m) paths on, M levels.
    """
    runs, stages = [_Run() for _ in which], len(levels) + 1
    places = [slice(k * paths, (k + 1) * paths) for k in range(len(runs))]
    entry: Entry | None = None
    for m in range(stages):
        numbers = [_numbers(index * stages + m, paths) for index in which]
        number = jnp.concatenate(numbers)
        entry = _begin(world, target, number) if entry is None else entry
        level = levels[m] if m < len(levels) else np.inf
        done = stage(world, target, entry, number, jnp.asarray(level, world.dtype))
        outcome, crossed = jax.tree.map(np.asarray, done.outcome), np.asarray(done.crossed)
        parent = np.arange(len(crossed), dtype=np.int32)
        for run, at, own in zip(runs, places, numbers, strict=True):
            if not run.over:
                part = jax.tree.map(itemgetter((..., at)), outcome)
                run.met(part, crossed[at], last=m == len(levels))
            if not run.over:
                offset = random.uniforms(stream, own[:1], jnp.full(1, m, jnp.uint32), world.dtype)
                parent[at] = at.start + parents(crossed[at], float(offset[0]))
        if all(run.over for run in runs):
            break
        entry = clones(done.reached, jnp.asarray(parent))
    return [run.replicate(world, paths) for run in runs]


def replicate(
    world: World, target: Target, levels: tuple[float, ...], stream: Stream, index: int, paths: int
) -> Replicate:
    """Replicate number `index` alone, as `replicates` has it."""
    return replicates(world, target, levels, stream, (index,), paths)[0]


def path_bytes(world: World) -> float:
    """About what a path of a stage takes: spreads and z of every day, where it is, where it crossed."""
    days = (world.warmup + 2 * world.days) * len(world.detectors)
    return 2 * world.dtype.itemsize * (days + STATE)


_begin = jax.jit(begin, static_argnames="target")


def _numbers(block: int, paths: int) -> Count:
    return np.uint32(block * paths) + jnp.arange(paths, dtype=jnp.uint32)


def levels_for(
    world: World, target: Target, threshold: float, stream: Stream, paths: int
) -> tuple[float, ...]:
    """Levels below `threshold`, each reached by a fifth of the paths that reached the one before.

    From a pilot, whose paths are numbered from 2^31 on; a level that no longer rises is the last.
    """
    levels: list[float] = []
    entry: Entry | None = None
    for m in range(DEEPEST):
        number = np.uint32(2**31) + _numbers(m, paths)
        entry = _begin(world, target, number) if entry is None else entry
        dtype = world.dtype
        best = np.asarray(stage(world, target, entry, number, jnp.asarray(np.inf, dtype)).best, np.float64)
        level = float(np.quantile(best, 1 - REACHING))
        if level >= threshold or (levels and level <= levels[-1]):
            break
        levels.append(level)
        done = stage(world, target, entry, number, jnp.asarray(level, dtype))
        offset = random.uniforms(stream, number[:1], jnp.zeros(1, jnp.uint32), dtype)
        entry = clones(done.reached, jnp.asarray(parents(np.asarray(done.crossed), float(offset[0]))))
    return tuple(levels)
