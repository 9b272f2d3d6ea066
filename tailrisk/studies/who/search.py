"""Least and largest share of an actor among crowds that keep episode and ordinary years: profile likelihood.

    max +-share(y)  subject to  cost(y) + ordinary(y) <= limit,  error(y) <= tolerance

CMA-ES from the admitted member whose share is the most extreme, with a penalty on what is beyond a limit.
A search asks for the mean of what the actor adds first and last (four replays a point); ordinary years are
asked at the end, of the best points from the farthest back, and the share is Shapley's at what passes. The
set is explored from inside: the true one is at least as wide.
"""

from dataclasses import dataclass

import numpy as np
from cmaes import CMA

from ...calibrate.ladder import Array
from ..match.ordinary import Weather
from .crowds import FEW, Asked
from .shares import ends

STEP, SHRUNK, OWN_STEP = 0.6, 0.5, 0.3
"""First step over the ensemble's spread; part of a parameter's own spread in it; of what no member moves."""
COST_WEIGHT, ERROR_WEIGHT = 0.02, 1.0
"""Share a search gives up for a unit of cost beyond the limit, and for a point of error."""
GENERATIONS, CHECKS = 40, 5
"""Of a search, and the points of it that ordinary years are asked of."""
BLENDS = (0.25, 0.5, 0.75)
"""Of the way to its farthest, tried where none of its own passes."""


@dataclass(frozen=True)
class Limit:
    """What a crowd may cost to be admitted."""

    cost: float  # of episode and ordinary years together
    error: float  # mean absolute, of the event's days, points


@dataclass(frozen=True)
class Admitted:
    """A crowd that is: where it came from and what it costs."""

    source: str
    point: Array  # [coordinate]
    cost: float  # of the episode
    weather: float
    error: float


def members(
    asked: Asked, years: Weather, draws: Array, slack: float, error: float
) -> tuple[list[Admitted], Limit]:
    """Members of an ensemble that are admitted, the best first, and the limit: the best one's sum and slack.

    draws [member, parameter] in the match's coordinates; an equal one counts once. slack: of the sum of both
    costs; error: largest of the event, points.
    """
    _, first = np.unique(draws, axis=0, return_index=True)
    numbers = np.sort(first)
    own = np.zeros((len(numbers), asked.size - draws.shape[1]))
    points = np.concatenate([draws[numbers], own], axis=1)
    costs, errors = asked.costs(points)
    found = [
        Admitted(f"member {number}", point, cost, asked.weather(years, point), off)
        for number, point, cost, off in zip(numbers.tolist(), points, costs, errors, strict=True)
    ]
    found.sort(key=lambda one: one.cost + one.weather)
    limit = Limit(found[0].cost + found[0].weather + slack, max(error, found[0].error))
    return [one for one in found if admits(limit, one)], limit


def admits(limit: Limit, one: Admitted) -> bool:
    """Whether a crowd keeps the episode and ordinary years."""
    return one.cost + one.weather <= limit.cost and one.error <= limit.error


def extreme(
    asked: Asked,
    years: Weather,
    limit: Limit,
    start: Admitted,
    spread: Array,
    row: int,
    actor: int,
    sign: int,
    generations: int = GENERATIONS,
) -> Admitted | None:
    """The crowd with the largest share (sign 1) or least (-1) that a search finds; None where none passes.

    spread [coordinate, coordinate]: covariance of the first step; row: of what is divided.
    """
    cheap = Limit(limit.cost - start.weather, limit.error)
    search = CMA(
        mean=start.point, sigma=STEP, cov=spread, population_size=FEW, seed=2 * actor + (sign > 0) + 1
    )
    best: list[Admitted] = []
    top = -np.inf
    word = "largest" if sign > 0 else "least"
    for _ in range(generations):
        points = np.stack([search.ask() for _ in range(FEW)])
        costs, errors = asked.costs(points)
        aim = sign * share(asked, points, row, actor)
        beyond = np.maximum(costs - cheap.cost, 0.0), np.maximum(errors - cheap.error, 0.0)
        worth = np.nan_to_num(aim, nan=-1e3) - COST_WEIGHT * beyond[0] - ERROR_WEIGHT * beyond[1]
        search.tell([(point, -float(value)) for point, value in zip(points, worth, strict=True)])
        keeps = np.flatnonzero((beyond[0] == 0) & (beyond[1] == 0))
        if len(keeps) and aim[keeps].max() > top:
            k = keeps[aim[keeps].argmax()]
            top = float(aim[k])
            name = f"{word} of {asked.actors.names[actor]}"
            best.append(Admitted(name, points[k], float(costs[k]), np.nan, float(errors[k])))
    return _passing(asked, years, limit, [*_between(asked, start, best), *best])


def _between(asked: Asked, start: Admitted, best: list[Admitted]) -> list[Admitted]:
    """Crowds on the way from where a search began to the farthest it came, nearest first."""
    if not best:
        return []
    points = np.stack([start.point + part * (best[-1].point - start.point) for part in BLENDS])
    costs, errors = asked.costs(points)
    return [
        Admitted(best[-1].source, point, float(cost), np.nan, float(off))
        for point, cost, off in zip(points, costs, errors, strict=True)
    ]


def _passing(asked: Asked, years: Weather, limit: Limit, tried: list[Admitted]) -> Admitted | None:
    """The last of some crowds whose ordinary years are ordinary; of a search's own, `CHECKS` are asked."""
    own = np.unique(np.linspace(len(BLENDS), len(tried) - 1, CHECKS).astype(int)) if tried else []
    for number in [*reversed(own), *reversed(range(min(len(BLENDS), len(tried))))]:
        one = tried[number]
        if one.cost > limit.cost or one.error > limit.error:
            continue
        known = Admitted(one.source, one.point, one.cost, asked.weather(years, one.point), one.error)
        if admits(limit, known):
            return known
    return None


def share(asked: Asked, points: Array, row: int, actor: int) -> Array:
    """Mean of what an actor adds to a row first and last [point], at points [point, coordinate]."""
    count = len(asked.actors.names)
    alone = np.eye(count)[actor]
    there = np.stack([np.zeros(count), alone, 1.0 - alone, np.ones(count)])
    pairs = np.repeat(points, len(there), axis=0)
    value = asked.values(pairs, np.tile(there, (len(points), 1)))[:, row].reshape(len(points), len(there))
    return ends(*value.T)


def spread(admitted: list[Admitted], parameters: int) -> Array:
    """Covariance of first steps [coordinate, coordinate]: the members' own, drawn to its diagonal."""
    points = np.stack([one.point for one in admitted])[:, :parameters]
    size = admitted[0].point.shape[0]
    known = np.cov(points.T) if len(points) > 1 else np.zeros((parameters, parameters))
    known = (1.0 - SHRUNK) * known + SHRUNK * np.diag(np.diag(known)) + 0.01 * np.eye(parameters)
    found = OWN_STEP**2 * np.eye(size)
    found[:parameters, :parameters] = known
    return found
