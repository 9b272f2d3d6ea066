"""Ways to a target: each has a law of its own in the mixture and climbs to the target at its own pace.

With a crowd a fall comes in two ways, by one shock out of calm and by a rout. One law fitted to both is
drawn to the one that needs less, and leaves the other to the few paths of the untilted law, whose weights
are large and which a run may never draw: its error knows nothing of them. So paths are told apart by whether
fear had hold, the elite of each way is its own, and weights are against the mixture of all (the balance
heuristic of Veach and Guibas, 1995), which needs no label and is unbiased whatever the labels are.
"""

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from ..simulate.path import Outcome
from ..simulate.world import World
from .entropy import Elite, Law, refit
from .importance import Trace
from .score import Fall, Target, score
from .tilt import TAKEN

Array = NDArray[np.float64]
Index = NDArray[np.intp]

ENOUGH = 100.0
"""Effective paths an elite has at least, before its threshold may rise further."""
POOLED = 3
"""Rounds whose paths an elite is taken from, the last ones: each has weights of its own, and they are valid
together. The first round is only taken where there is no other."""
FEWEST = 10
"""Paths of a way from which a law is fitted at all."""
NEAREST = 4000
"""Paths of a way that are kept of a round."""
MOST = 2000
"""Paths of the elites of a target that are looked at, evenly spaced in score."""
LEAST = 0.1
"""Of a target's tilted paths, drawn from the law of each of its ways at least."""
NEGLIGIBLE = 0.05
"""Of the target's probability, that may lie in ways whose law has not come as far."""


@dataclass(frozen=True)
class Pool:
    """Paths of a round that went one way, the nearest of them."""

    scores: Array  # [path]
    weight: Array  # [path]
    trace: Trace  # [.., path]


@dataclass
class Way:
    """One way to a target: the law fitted to it so far, the threshold of its last elite, its last rounds."""

    law: Law | None = None
    threshold: float = -np.inf
    rounds: list[Pool] = field(default_factory=list)
    tilted: bool = False  # whether those are of a law that was fitted to this way

    def refit(self, world: World, new: Pool, wanted: float, most: int) -> None:
        """Fit the law to the elite of the last rounds, the new one among them."""
        self.rounds = [*(self.rounds[1 - POOLED :] if self.tilted else []), new]
        self.tilted = self.law is not None
        scores = np.concatenate([one.scores for one in self.rounds])
        weight = np.concatenate([one.weight for one in self.rounds])
        elite, self.threshold = _elite(scores, weight, wanted)
        self.law = refit(world, self.law, _drawn(world, _joined(self.rounds), elite, weight, most))


@dataclass
class Climb:
    """A target, every way to it, and how far the pilots have come."""

    target: Target
    ways: list[Way]
    reached: float = -np.inf  # threshold up to which no way that matters is without a law
    complete: bool = False  # whether that is the threshold asked for
    fractions: list[float] = field(default_factory=list)  # of the ways that have a law, summing to one

    def laws(self) -> list[Law]:
        """The laws of its ways, as far as there are any."""
        return [way.law for way in self.ways if way.law is not None]

    def round(self, world: World, outcome: Outcome, trace: Trace) -> None:
        """Refit every way to its elite among the paths of a round."""
        scores, weight = score(self.target, outcome), np.asarray(outcome.weight, np.float64)
        label, wanted = _label(self.target, outcome, trace), _wanted(self.target, scores, weight)
        most = MOST // len(self.ways)
        for k, way in enumerate(self.ways):
            own = np.flatnonzero(label == k)
            if len(own) >= FEWEST:
                near = own[np.argsort(-scores[own], kind="stable")[:NEAREST]]
                way.refit(world, Pool(scores[near], weight[near], _of(trace, near)), wanted, most)
        self._measure(scores, weight, label, wanted)

    def _measure(self, scores: Array, weight: Array, label: Index, wanted: float) -> None:
        """How far the ways have come together, and their fractions there, by scores of paths [path]."""

        def mass(level: float) -> Array:
            return np.asarray(np.bincount(label, weight * (scores >= level), len(self.ways)), np.float64)

        come = np.array([way.threshold for way in self.ways])
        levels = sorted({float(level) for level in come if np.isfinite(level)}, reverse=True)
        self.reached = next(
            (level for level in levels if mass(level)[come < level].sum() <= NEGLIGIBLE * mass(level).sum()),
            -np.inf,
        )
        self.complete = bool(levels) and self.reached >= wanted
        fitted = [way.law is not None for way in self.ways]
        there = mass(float(come[fitted].min()))[fitted] if any(fitted) else np.zeros(0)
        fractions = np.maximum(there / max(there.sum(), 1e-300), LEAST)
        self.fractions = list(fractions / fractions.sum())


def _of(trace: Trace, paths: Index) -> Trace:
    return jax.tree.map(lambda x: np.asarray(x)[..., paths], trace)


def _joined(rounds: list[Pool]) -> Trace:
    return jax.tree.map(lambda *x: np.concatenate(x, axis=-1), *(one.trace for one in rounds))


def climb(world: World, target: Target) -> Climb:
    """The foot of a target: a fall with a crowd has two ways, without fear and with it, all else one.

    A loss is a matter of many days and its elite of one kind: two laws gain less there than one.
    """
    two = world.crowd is not None and isinstance(target, Fall)
    return Climb(target, [Way() for _ in range(1 + two)])


def _label(target: Target, outcome: Outcome, trace: Trace) -> Index:
    """The way of each path [path]: 1 where fear had hold on the day of a fall, else 0."""
    afraid = np.asarray(trace.fear) >= TAKEN
    if not isinstance(target, Fall):
        return np.zeros(afraid.shape[1], np.intp)
    day = (target.sign * np.asarray(outcome.z[target.detector])).argmax(axis=0)
    return np.asarray(afraid[day, np.arange(afraid.shape[1])], np.intp)


def _wanted(target: Target, scores: Array, weight: Array) -> float:
    """The threshold asked for: the target's own, or the quantile at its level by weighted scores [path]."""
    if target.threshold is not None:
        return target.threshold
    assert target.level is not None
    order = np.argsort(-scores, kind="stable")
    mass = np.cumsum(weight[order])
    last = int(np.searchsorted(mass, (1 - target.level) * mass[-1]))
    return float(scores[order[min(last, len(order) - 1)]])


def _elite(scores: Array, weight: Array, wanted: float) -> tuple[Index, float]:
    """(numbers of the elite, its threshold): the highest up to the one wanted that enough paths reach."""
    order = np.argsort(-scores, kind="stable")
    ahead = weight[order]
    enough = next((n for n in _sizes(len(order)) if _worth(ahead[:n]) >= ENOUGH), len(order))
    beyond = int((scores >= wanted).sum())
    size = min(max(enough, beyond), len(order))
    return order[:size], wanted if beyond >= enough else float(scores[order[size - 1]])


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


def _drawn(world: World, trace: Trace, elite: Index, weight: Any, most: int) -> Elite:
    elite = elite[:: -(-len(elite) // most)]
    own = _truncated(weight[elite])
    return Elite(
        weight=own * own.sum() / (own**2).sum(),
        state=np.asarray(trace.state)[:, elite],
        warmup=None if trace.warmup is None else np.asarray(trace.warmup)[:, elite],
        shock=np.asarray(trace.shock, np.float64)[..., elite],
        shifted=True,
        inverse_nu=0.0 if (nu := world.process.ladder.inverse_nu) is None else float(nu),
        fear=None if world.crowd is None else np.asarray(trace.fear)[:, elite],
    )
