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
"""First step over the ensemble's spread, and how it changes after a round that went on, and after another."""
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


@dataclass(frozen=True)
class Quest:
    """What is sought: the largest share (sign 1) or the least (-1) of an actor in a row."""

    asked: Asked
    years: Weather
    limit: Limit
    row: int
    actor: int
    sign: int

    def extreme(self, start: Admitted, spread: Array, rounds: int = ROUNDS) -> Admitted:
        """The admitted crowd that goes farthest; the start where none beats it.

        spread [coordinate, coordinate]: covariance of steps.
        """
        draw = np.random.default_rng([self.actor, self.sign > 0])
        factor, step, at = np.linalg.cholesky(spread), STEP, start
        top = float(self._aim(start.point[None])[0])
        for _ in range(rounds):
            cloud = at.point + step * draw.normal(size=(CLOUD, len(factor))) @ factor.T
            tried = self._tried(at, cloud)
            way = cloud[tried.worth.argsort()[-BEST:]].mean(axis=0) - at.point
            ahead = self._tried(at, at.point + np.outer(AHEAD, way))
            farther = self._farthest(tried.joined(ahead), top)
            step *= SHORTER if farther is None else LONGER
            at, top = farther or (at, top)
        return at

    def _farthest(self, tried: "_Tried", top: float) -> tuple[Admitted, float] | None:
        """Of points beyond `top`, the first whose ordinary years are ordinary, and how far it is."""
        beyond = [k for k in tried.aim.argsort()[::-1] if tried.inside[k] and tried.aim[k] > top]
        name = f"{'largest' if self.sign > 0 else 'least'} of {self.asked.actors.names[self.actor]}"
        for k in beyond[:CHECKS]:
            point, cost, error = tried.points[k], float(tried.costs[k]), float(tried.errors[k])
            one = Admitted(name, point, cost, self.asked.weather(self.years, point), error)
            if admits(self.limit, one):
                return one, float(tried.aim[k])
        return None

    def _aim(self, points: Array) -> Array:
        """The share [point], its sign turned for the least, at points [point, coordinate]."""
        return np.nan_to_num(self.sign * share(self.asked, points, self.row, self.actor), nan=-1e3)

    def _tried(self, at: Admitted, points: Array) -> "_Tried":
        """Points [point, coordinate] judged as if their ordinary years cost what those of `at` do."""
        costs, errors = self.asked.costs(points)
        aim, limit = self._aim(points), self.limit
        dear, far = np.maximum(costs + at.weather - limit.cost, 0.0), np.maximum(errors - limit.error, 0.0)
        worth = aim - COST_WEIGHT * dear - ERROR_WEIGHT * far
        return _Tried(points, costs, errors, aim, worth, (dear == 0) & (far == 0))


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
        """These and others."""
        names = [field.name for field in fields(self)]
        return _Tried(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))


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
