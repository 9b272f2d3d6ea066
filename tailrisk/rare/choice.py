"""Plain or weighted paths, or splitting: which knows the targets better for the same work, by pilots."""

from dataclasses import dataclass

import numpy as np

from ..simulate.blocks import BLOCK
from ..simulate.world import World
from .blocks import traces
from .missed import SUSPECT, apart, note
from .pilot import FIRST, Fitted
from .repeats import Estimate
from .score import Target, score

GAIN = 1.5
"""Weighted paths must be this many times better for every target to be chosen."""


@dataclass(frozen=True)
class Choice:
    """A method, why, and the paths spent on finding out."""

    method: str  # "plain", "importance" or "splitting"
    reason: str
    gains: tuple[float, ...]  # [target]  plain variance over weighted variance, for as many paths
    paths: int
    missed: tuple[float, ...] = ()  # [target]  standard errors by which the tilt says too little


def choose(
    world: World,
    targets: tuple[Target, ...],
    fitted: Fitted,
    *,
    chunk: int,
    free: bool,
    blocks: int = 1,
    trial: Estimate | None = None,
) -> Choice:
    """The method for a run, from pilot paths of their own drawn from a fitted tilt.

    For P of the target: gain = p (1 - p) / Var(weight 1{target}). Both methods live the same days, so gain is
    also that of variance times path-days; time is left out, for it would make the numbers depend on the
    machine. free: False keeps importance sampling whatever the pilot says. trial: a few replicates of
    splitting, for one target that is an event.
    """
    outcome, _ = traces(world, fitted.law, FIRST + fitted.paths, blocks * BLOCK, chunk=chunk)
    weight = np.asarray(outcome.weight, np.float64)
    gains, missed = [], []
    for target, reached, untilted in zip(targets, fitted.reached, fitted.untilted, strict=True):
        scores = score(target, outcome)
        hit = scores >= reached
        missed.append(apart(untilted, scores, weight, reached))
        p, variance = float(np.mean(weight * hit)), float(np.var(weight * hit))
        gains.append(p * (1 - p) / variance if variance > 0 else 0.0)
    worst = int(np.argmin(gains))
    unfinished = [target.name for target, done in zip(targets, fitted.complete, strict=True) if not done]
    better = gains[worst] >= GAIN and not unfinished and max(missed) < SUSPECT
    said = "; ".join(f"{t.name} {gain:.3g} times" for t, gain in zip(targets, gains, strict=True))
    reason = f"variance of plain paths over that of weighted ones, for as many path-days: {said}"
    if unfinished:
        reason += f"; the tilt never reached {', '.join(unfinished)}"
    reason += "".join(note(target.name, errors) for target, errors in zip(targets, missed, strict=True))
    if not free:
        reason = f"asked for; {reason}"
    elif not better:
        reason += f"; weighted paths must gain {GAIN:g} times for every target"
    method, paths = "importance" if better or not free else "plain", fitted.paths + blocks * BLOCK
    if free and trial is not None:
        split = trial.gain(world.days + world.warmup)
        reason += f"; by splitting {split:.3g} times, from {len(trial.probability)} replicates"
        if split >= max(GAIN, gains[worst] * better):
            method = "splitting"
        paths += trial.paths + trial.pilot_paths
    elif free:
        reason += "; splitting is for one event alone"
    return Choice(method, reason, tuple(gains), paths, tuple(missed))
