"""Search and sampling of a posterior that has no gradient worth following.

Triggers, price limits and knock-ins make the cost of a replay piecewise smooth; CMA-ES (Hansen, 2016,
arXiv 1604.00772; library `cmaes`) needs only its ranks, and the ensemble sampler `emcee` (Foreman-Mackey et
al., 2013) with differential-evolution moves (ter Braak, 2006) only its values. Both ask for many points at
once, which is what a batch of replays is good at.

A second cost, dear to know, may be added: the search then begins with the cheap one alone and goes on from
there in the directions of that one's posterior, and the sampler's proposal is the end of a chain of moves
under the cheap one, accepted by the dear one alone (surrogate transition: Liu, 2001, 9.4.3; delayed
acceptance: Christen and Fox, 2005).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import emcee
import numpy as np
from cmaes import CMA

from ...calibrate.ladder import Array

Cost = Callable[[Array], Array]
"""-2 log posterior [point] at standard normal coordinates [point, parameter]."""
Progress = Callable[[float, str], None]


NEAR = 0.4
"""First step of a search from a known point, in prior standard deviations."""
CLOSE = 0.3
"""The same on both costs, and of the walkers, in standard deviations of the cheap one's posterior."""
HOPELESS = 100.0
"""Cheap cost beyond the best sum at which a point is not worth the dear one."""
MANY = 2
"""Walkers a parameter at the least: differences of fewer than half of them do not span all directions."""
SHORT = 20
"""Rounds of a chain from which no autocorrelation can be told."""
DIFFERENCES = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]


@dataclass(frozen=True)
class Budget:
    """How long to look; a generation and a step are one batch of replays each."""

    starts: int = 12
    generations: int = 600
    population: int = 96
    walkers: int = 96
    steps: int = 3000
    members: int = 64
    shaping: int = 1000  # draws of the cheap posterior that give the shape of first steps with the dear one
    careful: int = 100  # generations with the dear cost, where there is one
    few: int = 24  # of their population
    moves: int = 30  # under the cheap cost, before the dear one is asked; steps are counted in them


@dataclass(frozen=True)
class Searched:
    """The best point of each start, best first."""

    points: Array  # [start, parameter]
    costs: Array  # [start]
    shape: Array | None = None  # [parameter, parameter]  of the posterior, as far as the cheap cost knows it


@dataclass(frozen=True)
class Sample:
    """Draws of the posterior and how well they mixed."""

    draws: Array  # [member, parameter]  of the posterior, evenly spaced
    costs: Array  # [member]
    posterior: Array  # [draw, parameter]  all that were not forgotten
    acceptance: float
    autocorrelation: float  # longest integrated time of any parameter, in steps
    effective: float  # draws that independent ones would be worth, of the parameter that mixes worst


def search(
    cost: Cost,
    dimension: int,
    budget: Budget,
    seed: int,
    tell: Progress,
    begin: Array | None = None,
    shape: Array | None = None,
) -> Searched:
    """CMA-ES from several random starts, and from `begin` [start, parameter]; the best third goes on.

    shape [parameter, parameter]: covariance of the first step from `begin`; None is the prior's. The same
    seed and beginnings give the same points.
    """
    climbers = [_Climber(cost, budget.population, seed, start, dimension) for start in range(budget.starts)]
    for number, point in enumerate([] if begin is None else begin):
        climbers.append(
            _Climber(cost, budget.population, seed, budget.starts + number, dimension, point, shape)
        )
    screening, kept = budget.generations // 3, max(budget.starts // 3, 1)
    total = len(climbers) * screening + kept * (budget.generations - screening)
    done = 0
    for climber in climbers:
        for _ in range(screening):
            climber.climb()
            done += 1
            tell(done / total, f"search, cost {climber.least:.0f}")
    climbers.sort(key=lambda climber: climber.least)
    for climber in climbers[:kept]:
        for _ in range(budget.generations - screening):
            climber.climb()
            done += 1
            tell(done / total, f"search, cost {climber.least:.0f}")
    climbers = sorted(climbers[:kept], key=lambda climber: climber.least)
    return Searched(
        points=np.array([climber.best for climber in climbers]),
        costs=np.array([climber.least for climber in climbers]),
    )


class _Climber:
    """One CMA-ES and the best it has seen."""

    def __init__(
        self,
        cost: Cost,
        population: int,
        seed: int,
        start: int,
        dimension: int,
        begin: Array | None = None,
        shape: Array | None = None,
    ) -> None:
        rng = np.random.default_rng([seed, start])
        self.cost, self.best, self.least = cost, np.zeros(dimension), np.inf
        first = NEAR if shape is None else CLOSE
        self.inner = CMA(
            mean=rng.normal(size=dimension) if begin is None else begin,
            sigma=1.0 if begin is None else first,
            cov=shape,
            population_size=population,
            seed=int(rng.integers(2**31)),
        )

    def climb(self) -> None:
        """One generation."""
        asked = np.stack([self.inner.ask() for _ in range(self.inner.population_size)])
        found = self.cost(asked)
        self.inner.tell([(x, float(value)) for x, value in zip(asked, found, strict=True)])
        if found.min() < self.least:
            self.best, self.least = asked[found.argmin()], float(found.min())


def refine(
    cheap: Cost,
    dear: Cost,
    searched: Searched,
    budget: Budget,
    seed: int,
    tell: Progress,
    begin: Array | None = None,
) -> Searched:
    """CMA-ES on both costs from the best point of a search on the cheap one, and from `begin`.

    First steps are of the cheap posterior's shape. A point whose cheap cost alone is `HOPELESS` beyond the
    best sum so far is not asked for the dear one.
    """
    starts = searched.points[:1] if begin is None else np.concatenate([searched.points[:1], begin])
    shape = _shape(cheap, searched, budget, seed, tell)
    known = np.array([cheap(z[None])[0] + dear(z[None])[0] for z in starts])
    least = float(known.min())

    def both(z: Array) -> Array:
        nonlocal least
        total = np.array(cheap(z))
        near = total < least + HOPELESS
        total[near] += dear(z[near])
        least = min(least, float(total.min()))
        return total

    best = starts[[known.argmin()]]
    smaller = replace(budget, starts=0, generations=budget.careful, population=budget.few)
    climbed = search(both, searched.points.shape[1], smaller, seed, tell, best, shape)
    points, costs = np.concatenate([climbed.points, best]), np.append(climbed.costs, known.min())
    order = np.argsort(costs)
    return Searched(points=points[order], costs=costs[order], shape=shape)


def known_best(cheap: Cost, dear: Cost, point: Array, budget: Budget, seed: int, tell: Progress) -> Searched:
    """A known best point [parameter] as if a search on both costs had ended there, to sample around."""
    searched = Searched(points=point[None], costs=cheap(point[None]))
    shape = _shape(cheap, searched, budget, seed, tell)
    return Searched(points=point[None], costs=searched.costs + dear(point[None]), shape=shape)


def _shape(cheap: Cost, searched: Searched, budget: Budget, seed: int, tell: Progress) -> Array:
    """Covariance [parameter, parameter] of the cheap cost's posterior."""
    return np.cov(sample(cheap, searched, replace(budget, members=budget.shaping), seed, tell).draws.T)


class Surrogate(emcee.moves.DEMove):
    """Moves under the cheap cost from each walker, by differences of the other half, then one question.

    Reversible under exp(-cheap / 2), so what is left of the acceptance ratio of the sum is the dear cost's:
    the factor returned is the cheap cost's change.
    """

    def __init__(self, cheap: Cost, moves: int) -> None:
        super().__init__()
        self.cheap, self.moves = cheap, moves

    def get_proposal(self, sample: Array, complement: list[Array], random: Any) -> tuple[Array, Array]:
        """Where the chains end [walker, parameter], and log q(back) / q(there) [walker]."""
        at, cost = sample, self.cheap(sample)
        first = cost
        for _ in range(self.moves):
            asked, _ = super().get_proposal(at, complement, random)
            new = self.cheap(asked)
            taken = np.log(random.rand(len(at))) < -0.5 * (new - cost)
            at, cost = np.where(taken[:, None], asked, at), np.where(taken, new, cost)
        return at, 0.5 * (cost - first)


def sample(
    cost: Cost, searched: Searched, budget: Budget, seed: int, tell: Progress, dear: Cost | None = None
) -> Sample:
    """Draws of exp(-cost / 2) around what was found; the first half of the steps is forgotten.

    With a dear cost as well, of the sum. Effective draws are those of the second half over the longest
    integrated autocorrelation time, 0 where that cannot be told.
    """
    rng = np.random.default_rng([seed, budget.starts])
    walkers = max(budget.walkers, MANY * searched.points.shape[1])
    near = searched.points[searched.costs < searched.costs[0] + searched.points.shape[1]]
    begin = near[rng.integers(len(near), size=walkers)]
    step = (
        0.1 * np.eye(begin.shape[1]) if searched.shape is None else CLOSE * np.linalg.cholesky(searched.shape)
    )
    begin = begin + rng.normal(size=begin.shape) @ step.T
    each = 1 if dear is None else budget.moves
    rounds = max(budget.steps // each, 2)
    sampler = emcee.EnsembleSampler(
        walkers,
        searched.points.shape[1],
        lambda z: -0.5 * (cost(z) if dear is None else cost(z) + dear(z)),
        vectorize=True,
        moves=DIFFERENCES if dear is None else Surrogate(cost, budget.moves),
    )
    start = emcee.State(begin, random_state=np.random.RandomState(seed).get_state())
    steps = sampler.sample(start, iterations=rounds)
    for number, _ in enumerate(steps, 1):
        tell(number / rounds, f"sample, {sampler.acceptance_fraction.mean():.0%} accepted")
    half = rounds // 2
    chain, log = sampler.get_chain(discard=half), sampler.get_log_prob(discard=half)
    logging.getLogger("emcee").setLevel(logging.ERROR)  # a short chain is told by the time itself
    flat, values = chain.reshape(-1, chain.shape[-1]), -2.0 * log.reshape(-1)
    picked = spaced(len(flat), budget.members)
    time = _autocorrelation(chain)
    return Sample(
        draws=flat[picked],
        costs=values[picked],
        posterior=flat,
        acceptance=float(sampler.acceptance_fraction.mean()),
        autocorrelation=each * time,
        effective=len(flat) / time,
    )


def spaced(of: int, count: int) -> Array:
    """So many whole numbers below `of`, from the first to the last and evenly spaced."""
    return np.linspace(0, of - 1, count).astype(int)


def _autocorrelation(chain: Array) -> float:
    """Longest integrated time of any parameter of a chain [round, walker, parameter], in rounds.

    Infinite where the chain is too short to tell; a walker that never moved has none.
    """
    moved = (chain != chain[:1]).any(axis=(0, 2))
    if len(chain) < SHORT or not moved.any():
        return float("inf")
    return float(np.max(emcee.autocorr.integrated_time(chain[:, moved], quiet=True)))
