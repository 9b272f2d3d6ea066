"""Fitting a tilt: rounds of pilot paths, each drawn from the last round's law, thresholds rising."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.random import Stream
from ..market import process
from ..simulate.blocks import BLOCK
from ..simulate.world import World
from .blocks import traces
from .entropy import mixture
from .score import Target, score
from .tilt import Tilt, untilted
from .ways import Climb, climb

Array = NDArray[np.float64]

FIRST = 2**31
"""Pilot paths are numbered from here on, so that none is a path of the run."""
OUTSET = 3
"""Times as many paths in the first round, which is of the world's own law, as in every other."""


@dataclass(frozen=True)
class Fitted:
    """A tilt and how it was come by."""

    law: Tilt
    reached: tuple[float, ...]  # [target]  threshold up to which every way that matters has a law
    complete: tuple[bool, ...]  # [target]  whether that is the threshold asked for
    rounds: int
    paths: int  # spent on it
    untilted: tuple[Array, ...] = ()  # [target]  scores [path] of pilots of the world's own law


def fit(
    world: World,
    targets: tuple[Target, ...],
    stream: Stream,
    *,
    defensive: float = 0.1,
    blocks: int = 2,
    rounds: int = 10,
    chunk: int = 4096,
) -> Fitted:
    """A tilt for every way to every target, by cross-entropy: Rubinstein & Kroese (2004).

    A round's threshold is for each way the highest, up to the one asked for, whose elite is worth 100 paths;
    two rounds at the thresholds asked for end it, `rounds` at the latest. The first round has OUTSET times
    `blocks`. Ways have as many pilots each, so that all climb; the tilt draws each by what it holds of the
    probability. InputError: days drawn from history have no tilt.
    """
    if not process.tiltable(world.process):
        problem = "importance sampling of days drawn from history, whose law has no tilt"
        raise InputError("sampling.method", problem, 'splitting or plain paths, or market.process = "memory"')
    climbs = [climb(world, target) for target in targets]
    law, final, done, spent = mixture(world, [], defensive, stream), 0, 0, 0
    scores: list[list[Array]] = [[] for _ in targets]
    while done < rounds and final < 2:
        paths = blocks * BLOCK * (1 if done else OUTSET)
        outcome, trace = traces(world, law, FIRST + spent, paths, chunk=chunk)
        own = np.asarray(_untilted(law, jnp.arange(paths, dtype=jnp.uint32) + np.uint32(FIRST + spent)))
        for one, seen in zip(climbs, scores, strict=True):
            one.round(world, outcome, trace)
            seen.append(score(one.target, outcome)[own])
        law = _mixed(world, climbs, defensive, stream, evenly=True)
        done, final, spent = done + 1, final + 1 if all(one.complete for one in climbs) else 0, spent + paths
    law = _mixed(world, climbs, defensive, stream, evenly=False)
    reached, complete = (tuple(getattr(one, name) for one in climbs) for name in ("reached", "complete"))
    return Fitted(law, reached, complete, done, spent, tuple(np.concatenate(seen) for seen in scores))


def _mixed(world: World, climbs: list[Climb], defensive: float, stream: Stream, *, evenly: bool) -> Tilt:
    """The mixture of every way's law, targets evenly, and the ways of each evenly or by its fractions."""
    some = [one for one in climbs if one.laws()]
    laws = [law for one in some for law in one.laws()]
    each = [[1 / len(one.laws())] * len(one.laws()) if evenly else one.fractions for one in some]
    return mixture(world, laws, defensive, stream, [part / len(some) for own in each for part in own])


_untilted = jax.jit(untilted)
