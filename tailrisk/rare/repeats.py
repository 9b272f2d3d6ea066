"""The odds of one event by splitting: independent replicates, because clones of one ancestor are alike."""

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ..core.random import Stream
from ..core.width import width
from ..simulate.world import World
from .score import Fall
from .splitting import levels_for, path_bytes
from .splitting import replicates as side_by_side

Array = NDArray[np.float64]

TRIAL, TRIED_FROM = 8, 1000
"""Replicates a choice of method is made from, and the first of their numbers, so that no run repeats one."""


@dataclass(frozen=True)
class Estimate:
    """What each replicate makes of an event; a mean over them is unbiased, and so is their variance."""

    event: str
    probability: Array  # [replicate]  that a path has the event
    days: Array  # [replicate]  mean number of its days in a path
    seen: int  # clones that had it
    levels: tuple[float, ...]  # of the score, below the event's own
    paths: int  # of all stages and replicates; the pilot's apart
    pilot_paths: int
    path_days: int  # warm-up included, without the pilot

    def gain(self, days: int) -> float:
        """Variance times path-days of plain paths of so many days over those of these; nan if unseen."""
        p, variance = float(self.probability.mean()), float(self.probability.var(ddof=1))
        if variance == 0:
            return float("nan")
        return p * (1 - p) * days / (variance * self.path_days / len(self.probability))


def estimate(
    world: World, target: Fall, stream: Stream, *, replicates: int, paths: int, first: int = 0
) -> Estimate:
    """Replicates numbered from `first`, `paths` a stage, between levels from a pilot.

    Raises ValueError for a target without a threshold: levels must lead somewhere known beforehand.
    """
    if target.threshold is None:
        raise ValueError("splitting needs a threshold")
    levels = levels_for(world, target, target.threshold, stream, paths)
    chance, days, seen, lived, spent = [], [], 0, 0, 0
    every = range(first, first + replicates)
    side = width(replicates * paths, paths, path_bytes(world)) // paths
    groups = [every[k : k + side] for k in range(0, replicates, side)]
    found = (side_by_side(world, target, levels, stream, group, paths) for group in groups)
    for done in chain.from_iterable(found):
        hits = target.sign * np.asarray(done.outcome.z[target.detector]) >= target.threshold
        weight, often = np.asarray(done.outcome.weight, np.float64), hits.sum(axis=0)
        chance.append(float(weight[often > 0].sum()))
        days.append(float(weight @ often))
        seen, lived = seen + int((often > 0).sum()), lived + len(done.reached) * paths
        spent += done.path_days
    pilot = (2 * len(levels) + 1) * paths
    return Estimate(
        target.name, np.asarray(chance), np.asarray(days), seen, levels, lived, pilot, path_days=spent
    )
