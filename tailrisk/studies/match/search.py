"""Search and sampling of a posterior that has no gradient worth following.

Triggers, price limits and knock-ins make the cost of a replay piecewise smooth; CMA-ES (Hansen, 2016,
arXiv 1604.00772; library `cmaes`) needs only its ranks, and the ensemble sampler `emcee` (Foreman-Mackey et
al., 2013) with differential-evolution moves (ter Braak, 2006) only its values. Both ask for many points at
once, which is what a batch of replays is good at.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import emcee
import numpy as np
from cmaes import CMA

from ...calibrate.ladder import Array

Cost = Callable[[Array], Array]
"""-2 log posterior [point] at standard normal coordinates [point, parameter]."""
Progress = Callable[[float, str], None]


NEAR = 0.4
"""First step of a search from a known point, in prior standard deviations."""


@dataclass(frozen=True)
class Budget:
    """How long to look; a generation and a step are one batch of replays each."""

    starts: int = 12
    generations: int = 600
    population: int = 96
    walkers: int = 96
    steps: int = 3000
    kept: int = 64


@dataclass(frozen=True)
class Found:
    """The best point of each start, best first."""

    points: Array  # [start, parameter]
    costs: Array  # [start]


@dataclass(frozen=True)
class Sample:
    """Draws of the posterior and how well they mixed."""

    draws: Array  # [draw, parameter]
    costs: Array  # [draw]
    acceptance: float
    autocorrelation: float  # longest integrated time of any parameter, in steps


def search(
    cost: Cost, dimension: int, budget: Budget, seed: int, tell: Progress, begin: Array | None = None
) -> Found:
    """CMA-ES from several random starts, and from `begin` [start, parameter]; the best third goes on.

    The same seed and beginnings give the same points.
    """
    climbers = [_Climber(cost, budget.population, seed, start, dimension) for start in range(budget.starts)]
    for number, point in enumerate([] if begin is None else begin):
        climbers.append(_Climber(cost, budget.population, seed, budget.starts + number, dimension, point))
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
    return Found(
        points=np.array([climber.best for climber in climbers]),
        costs=np.array([climber.least for climber in climbers]),
    )


class _Climber:
    """One CMA-ES and the best it has seen."""

    def __init__(
        self, cost: Cost, population: int, seed: int, start: int, dimension: int, begin: Array | None = None
    ) -> None:
        rng = np.random.default_rng([seed, start])
        self.cost, self.best, self.least = cost, np.zeros(dimension), np.inf
        self.inner = CMA(
            mean=rng.normal(size=dimension) if begin is None else begin,
            sigma=1.0 if begin is None else NEAR,
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


def sample(cost: Cost, found: Found, budget: Budget, seed: int, tell: Progress) -> Sample:
    """Draws of exp(-cost / 2) around what was found; the first half of the steps is forgotten."""
    rng = np.random.default_rng([seed, budget.starts])
    near = found.points[found.costs < found.costs[0] + found.points.shape[1]]
    begin = near[rng.integers(len(near), size=budget.walkers)]
    begin = begin + 0.1 * rng.normal(size=begin.shape)
    sampler = emcee.EnsembleSampler(
        budget.walkers,
        found.points.shape[1],
        lambda z: -0.5 * cost(z),
        vectorize=True,
        moves=[(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)],
    )
    start = emcee.State(begin, random_state=np.random.RandomState(seed).get_state())
    steps = sampler.sample(start, iterations=budget.steps)
    for step, _ in enumerate(steps, 1):
        tell(step / budget.steps, f"sample, {sampler.acceptance_fraction.mean():.0%} accepted")
    half = budget.steps // 2
    chain, log = sampler.get_chain(discard=half), sampler.get_log_prob(discard=half)
    logging.getLogger("emcee").setLevel(logging.ERROR)  # a short chain is told by the time itself
    times = emcee.autocorr.integrated_time(chain, quiet=True)
    flat, values = chain.reshape(-1, chain.shape[-1]), -2.0 * log.reshape(-1)
    picked = np.linspace(0, len(flat) - 1, budget.kept).astype(int)
    return Sample(
        draws=flat[picked],
        costs=values[picked],
        acceptance=float(sampler.acceptance_fraction.mean()),
        autocorrelation=float(np.max(times)),
    )
