"""Paths that come to a loss or an event: plain ones, and weighted ones where those are too few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core import Fault, InputError
from ...core.random import Stream
from ...rare.blocks import blocks
from ...rare.pilot import fit
from ...rare.score import Fall, Loss, score
from ...rare.tilt import Tilt
from ...simulate.world import World

Array = NDArray[np.float64]
Target = Fall | Loss

ENOUGH = 200
"""Paths with the event below which they are drawn anew from a tilted law."""
MOST = 4096
"""Paths whose days are told; of more, those whose number is a multiple of k."""


@dataclass(frozen=True)
class Drawn:
    """Paths looked at: numbers, whether each came to the event, weights and their law, None if plain."""

    number: NDArray[np.uint32]  # [path]
    hit: NDArray[np.bool_]  # [path]
    weight: Array | None  # [path]  sums to one
    law: Tilt | None

    @property
    def method(self) -> str:
        """How they were drawn."""
        return "plain" if self.law is None else "importance"


def drawn(
    world: World,
    targets: Sequence[Target],
    stream: Stream,
    *,
    paths: int,
    chunk: int,
    method: str = "automatic",
) -> list[Drawn]:
    """For each target its paths: `paths` plain ones for all, and as many of its own tilt where too few came.

    method: plain, importance, or automatic. InputError: a target that no path reached, days drawn from
    history with importance; Fault: a path with a number that is not finite.
    """
    found: list[Drawn | None] = [None] * len(targets)
    if method != "importance":
        hits, _ = _simulated(world, targets, paths, chunk, None)
        found = [_thinned(hit, None, None) for hit in hits]
    if method != "plain":
        for k, target in enumerate(targets):
            before = found[k]
            if before is None or before.hit.sum() < ENOUGH:
                found[k] = _tilted(world, target, stream, paths, chunk) or before
    for target, one in zip(targets, found, strict=True):
        if one is None:
            problem = f"the law fitted to {_words(target)} gives weights that are not finite"
            raise InputError("--method", problem, "plain, with more paths: --set run.paths=")
        if not one.hit.any():
            problem = f"no path of {paths:,} came to {_words(target)}"
            raise InputError(target.name, problem, "a smaller loss, or more paths: --set run.paths=")
    return [one for one in found if one is not None]


def _tilted(world: World, target: Target, stream: Stream, paths: int, chunk: int) -> Drawn | None:
    """Paths of a law fitted to the target; None where a weight is not finite, or none of them came to it."""
    law = fit(world, (target,), stream, chunk=chunk).law
    hits, weight = _simulated(world, [target], paths, chunk, law)
    if weight is None or not np.isfinite(weight).all() or not hits[0].any():
        return None
    return _thinned(hits[0], weight, law)


def _simulated(
    world: World, targets: Sequence[Target], paths: int, chunk: int, law: Tilt | None
) -> tuple[list[NDArray[np.bool_]], Array | None]:
    """(whether each path came to each target, its weight)."""
    hits = [np.zeros(paths, bool) for _ in targets]
    weight = None if law is None else np.ones(paths)
    for first, outcome in blocks(world, paths, chunk=chunk, law=law):
        if np.asarray(outcome.fault).any():
            raise Fault("a path is at fault: a number is not finite, or the crowd's ledger does not close")
        here = slice(first, first + len(np.asarray(outcome.fault)))
        for hit, target in zip(hits, targets, strict=True):
            assert target.threshold is not None
            hit[here] = score(target, outcome) >= target.threshold
        if weight is not None:
            weight[here] = np.asarray(outcome.weight, np.float64)
    return hits, weight


def _thinned(hit: NDArray[np.bool_], weight: Array | None, law: Tilt | None) -> Drawn:
    step = max(-(-int(hit.sum()) // MOST), 1)
    number = np.arange(0, len(hit), step, dtype=np.uint32)
    own = None if weight is None else weight[::step] / weight[::step].sum()
    return Drawn(number, hit[::step], own, law)


def _words(target: Target) -> str:
    return f"{target.name} at {target.threshold:g}" if target.threshold is not None else target.name
