"""Fitting a tilt: rounds of pilot paths, each drawn from the last round's law, thresholds rising."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.random import Stream
from ..market import process
from ..simulate.blocks import BLOCK
from ..simulate.world import World
from .blocks import traces
from .entropy import Elite, Law, mixture, refit
from .importance import Trace
from .score import Target, score
from .tilt import Tilt

Array = NDArray[np.float64]

FIRST = 2**31
"""Pilot paths are numbered from here on, so that none is a path of the run."""
ENOUGH = 100.0
"""Effective paths an elite has at least, before its threshold may rise further."""

MOST = 2000
"""Paths of an elite that are looked at, evenly spaced in score."""


@dataclass(frozen=True)
class Fitted:
    """A tilt and how it was come by."""

    law: Tilt
    reached: tuple[float, ...]  # [target]  threshold of the last elite
    complete: tuple[bool, ...]  # [target]  whether that is the threshold asked for
    rounds: int
    paths: int  # spent on it


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
    """A tilt for every target, by cross-entropy: Rubinstein & Kroese (2004).

    A round's threshold is the highest, up to the one asked for, whose elite is worth 100 paths; two rounds at
    the thresholds asked for end it, `rounds` at the latest. InputError: days drawn from history have no tilt.
    """
    if not process.tiltable(world.process):
        problem = "importance sampling of days drawn from history, whose law has no tilt"
        raise InputError("sampling.method", problem, 'splitting or plain paths, or market.process = "memory"')
    laws: list[Law | None] = [None] * len(targets)
    law, final = mixture(world, [], defensive, stream), 0
    reached, complete = [0.0] * len(targets), [False] * len(targets)
    paths, done = blocks * BLOCK, 0
    while done < rounds and final < 2:
        outcome, trace = traces(world, law, FIRST + done * paths, paths, chunk=chunk)
        for i, target in enumerate(targets):
            elite, reached[i], complete[i] = _elite(target, score(target, outcome), outcome.weight)
            laws[i] = refit(world, laws[i], _drawn(world, trace, elite, outcome.weight))
        law = mixture(world, [one for one in laws if one is not None], defensive, stream)
        done, final = done + 1, final + 1 if all(complete) else 0
    return Fitted(law, tuple(reached), tuple(complete), done, done * paths)


def _elite(target: Target, scores: Array, weight: Any) -> tuple[NDArray[np.intp], float, bool]:
    """(numbers of the elite, its threshold, whether that is the one asked for)."""
    weights = np.asarray(weight, np.float64)
    order = np.argsort(-scores, kind="stable")
    mass = np.cumsum(weights[order])
    enough = next((n for n in _sizes(len(order)) if _worth(weights[order[:n]]) >= ENOUGH), len(order)) - 1
    if target.threshold is not None:
        wanted = int((scores >= target.threshold).sum()) - 1
    else:
        assert target.level is not None
        wanted = int(np.searchsorted(mass, (1 - target.level) * mass[-1]))
    last = max(enough, wanted)
    return order[: last + 1], float(scores[order[last]]), wanted >= enough


def _sizes(paths: int) -> list[int]:
    """Sizes of an elite that are tried, a tenth apart."""
    steps = int(np.log(max(paths / ENOUGH, 1.0)) / np.log(1.1)) + 1
    return [int(ENOUGH * 1.1**k) for k in range(steps)]


def _truncated(weight: Array) -> Array:
    """Weights cut at sqrt(n) times their mean (Ionides, 2008): no path decides a fit, at the cost of a bias
    that the fitted law's own weights make up for."""
    return np.minimum(weight, np.sqrt(len(weight)) * weight.mean())


def _worth(weight: Array) -> float:
    """Effective number of paths after truncation."""
    cut = _truncated(weight)
    return float(cut.sum() ** 2 / (cut**2).sum())


def _drawn(world: World, trace: Trace, elite: NDArray[np.intp], weight: Any) -> Elite:
    elite = elite[:: -(-len(elite) // MOST)]
    own = _truncated(np.asarray(weight, np.float64)[elite])
    return Elite(
        weight=own * own.sum() / (own**2).sum(),
        state=np.asarray(trace.state)[:, elite],
        warmup=None if trace.warmup is None else np.asarray(trace.warmup)[:, elite],
        shock=np.asarray(trace.shock, np.float64)[..., elite],
        shifted=True,
        inverse_nu=0.0 if (nu := world.process.ladder.inverse_nu) is None else float(nu),
    )
