"""Least and largest share of an actor among crowds that keep episode and ordinary years: profile likelihood.

    max +-share(y)  subject to  cost(y) + ordinary(y) <= limit,  error(y) <= tolerance

An evolution strategy from the admitted member whose share is the most extreme: the mean of the best of a
cloud around the best crowd so far says where to go. A cloud asks for the mean of what the actor adds first
and last (four replays a point), with a penalty on what is beyond a limit; ordinary years, a hundred times as
dear, are asked of the few that are farthest, and only who passes is gone on from. The share reported is
Shapley's. The set is explored from inside: the true one is at least as wide.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ...calibrate.ladder import Array
from ..match.ordinary import Weather
from .crowds import Asked
from .shares import ends

STEP, LONGER, SHORTER = 0.3, 1.3, 0.6
"""First step over the ensemble's spread, and how it changes after a round that went on, and one that did not."""
CLOUD, BEST, AHEAD = 96, 16, (0.5, 1.0, 2.0, 4.0)
"""Points around the best so far, those whose mean says where to go, and how far along that is tried."""
ROUNDS, CHECKS = 16, 2
"""Of a search, and points of a round that ordinary years are asked of, at most."""
COST_WEIGHT, ERROR_WEIGHT = 0.02, 1.0
"""Share a search gives up for a unit of cost beyond the limit, and for a point of error."""
SHRUNK, OWN_STEP = 0.5, 1.0
"""Part of a parameter's own spread in the cloud's; the spread of an actor's own participation, in `OWN`."""


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
    rounds: int = ROUNDS,
) -> Admitted:
    """The admitted crowd with the largest (sign 1) or least (-1) share found; the start where none beats it.

    spread [coordinate, coordinate]: covariance of steps; row: of what is divided.
    """
    draw, factor = np.random.default_rng([actor, sign > 0]), np.linalg.cholesky(spread)
    word, step = ("largest" if sign > 0 else "least"), STEP
    at, top = start, float(sign * share(asked, start.point[None], row, actor)[0])
    for _ in range(rounds):
        cloud = at.point + step * draw.normal(size=(CLOUD, asked.size)) @ factor.T
        tried = _tried(asked, limit, at, cloud, row, actor, sign)
        best = tried.worth.argsort()[-BEST:]
        way = cloud[best].mean(axis=0) - at.point
        ahead = at.point + np.outer(AHEAD, way)
        both = tried.joined(_tried(asked, limit, at, ahead, row, actor, sign))
        found = None
        for k in [k for k in both.aim.argsort()[::-1] if both.inside[k] and both.aim[k] > top][:CHECKS]:
            point = both.points[k]
            one = Admitted(
                f"{word} of {asked.actors.names[actor]}",
                point,
                float(both.costs[k]),
                asked.weather(years, point),
                float(both.errors[k]),
            )
            if admits(limit, one):
                found, top = one, float(both.aim[k])
                break
        step *= LONGER if found else SHORTER
        at = found or at
    return at


@dataclass(frozen=True)
class _Tried:
    """Points and what is cheap to know of them."""

    points: Array  # [point, coordinate]
    costs: Array  # [point]  of the episode
    errors: Array  # [point]
    aim: Array  # [point]  the share, its sign turned for the least
    worth: Array  # [point]  less the penalty for what is beyond a limit
    inside: NDArray[np.bool_]  # [point]

    def joined(self, other: "_Tried") -> "_Tried":
        names = [field.name for field in fields(self)]
        return _Tried(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))


def _tried(
    asked: Asked, limit: Limit, at: Admitted, points: Array, row: int, actor: int, sign: int
) -> _Tried:
    """Points [point, coordinate] judged as if their ordinary years cost what those of `at` do."""
    costs, errors = asked.costs(points)
    aim = np.nan_to_num(sign * share(asked, points, row, actor), nan=-1e3)
    dear, far = np.maximum(costs + at.weather - limit.cost, 0.0), np.maximum(errors - limit.error, 0.0)
    inside = (dear == 0) & (far == 0)
    return _Tried(points, costs, errors, aim, aim - COST_WEIGHT * dear - ERROR_WEIGHT * far, inside)


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
