"""Many crowds at once: what each makes of the episode, what it costs, and what coalitions of it make.

A point is the match's coordinates and after them the logarithms of each cohort actor's own participation, in
units of `OWN`: the match moves all cohorts' as one, and by that prior alone a cohort of any size may sell as
much as a large one. Its cost is the match's and the square of what was let go.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ...calibrate.ladder import Array
from ...core.units import Normal, Ratio
from ...simulate.crowd.free import moved, of_crowd
from ...simulate.crowd.replay import Record
from ...simulate.crowd.world import Crowd
from ..match.moments import Targets, answered, fit
from ..match.ordinary import Weather
from ..match.prior import Prior
from ..match.run import Problem
from .actors import Actors, actors, everybody
from .fall import Rows, Windows, falls, rows

FEW, MANY = 32, 128
"""Points whose cost is asked, and replays, side by side: one program each, the last batch filled up."""


@dataclass(frozen=True)
class Asked:
    """The episode, its actors and what is divided among them."""

    posed: Problem
    actors: Actors
    rows: Rows

    @property
    def size(self) -> int:
        """Coordinates of a point."""
        return len(self.prior.names) + len(self.actors.rows)

    @property
    def prior(self) -> Prior:
        """What is believed of the match's coordinates."""
        return self.posed.prior

    def costs(self, points: Array) -> tuple[Array, Array]:
        """Cost [point] and mean absolute error of the event's days, in points of return [point].

        points [point, coordinate].
        """
        p = self.posed
        event = jnp.asarray(p.terms.event.holds(np.array(p.episode.days)))
        one = partial(_costs, self.actors, p.crowd, p.record, p.targets, event)
        found = _batched(one, FEW, points)
        return found[:, 0], 100.0 * found[:, 1]

    def values(self, points: Array, there: Array) -> Array:
        """Falls and losses [pair, row] at points [pair, coordinate] with the actors `there` [pair, actor]."""
        one = partial(_falls, self.actors, self.prior, self.rows.windows, self.posed.crowd, self.posed.record)
        return _batched(one, MANY, points, there)

    def coalitions(self, points: Array) -> Array:
        """The same with every coalition [point, coalition, row], at points [point, coordinate]."""
        every = np.asarray(everybody(len(self.actors.names)))
        pairs = np.repeat(points, len(every), axis=0)
        found = self.values(pairs, np.tile(every, (len(points), 1)))
        return found.reshape(len(points), len(every), -1)

    def weather(self, years: Weather, point: Array) -> float:
        """What ordinary years cost at a point [coordinate]."""
        count = len(self.prior.names)
        crowd = self.actors.paced(years.crowd, jnp.asarray(point[count:]))
        return float(replace(years, crowd=crowd).cost(point[None, :count])[0])


def asked(posed: Problem) -> Asked:
    """What is asked of an episode: falls from the day the crowd is let go, and from the event's first day."""
    terms, episode = posed.terms, posed.episode
    free, event, end = (episode.at(day) for day in (terms.free, terms.event.start, terms.event.end))
    divided = rows(posed.crowd, episode.days, episode.returns, free, event, end)
    return Asked(posed, actors(posed.crowd.cohort_names), divided)


def crowd_at(who: Actors, prior: Prior, crowd: Crowd, point: Normal) -> Crowd:
    """The crowd at a point [coordinate]; what moves the record alone is left out."""
    count = len(prior.names)
    return moved(who.paced(crowd, point[count:]), of_crowd(prior.values(point[:count])))


@partial(jax.jit, static_argnums=0)
def _costs(who: Actors, crowd: Crowd, record: Record, targets: Targets, event: Ratio, y: Normal) -> Ratio:
    """Cost and error [point, 2]."""
    below, count = jnp.asarray(answered(crowd.names)), len(targets.prior.names)

    def one(point: Normal) -> Ratio:
        own = point[count:]
        seen = fit(who.paced(crowd, own), record, targets, point[:count])
        off = jnp.abs(seen.replayed.returns - targets.returns)[:, below].mean(axis=1)
        return jnp.stack([seen.cost + jnp.sum(own**2), jnp.sum(off * event) / jnp.sum(event)])

    return jax.vmap(one)(y)


@partial(jax.jit, static_argnums=(0, 1))
def _falls(
    who: Actors, prior: Prior, windows: Windows, crowd: Crowd, record: Record, y: Normal, there: Ratio
) -> Ratio:
    """Falls and losses [pair, row]."""

    def one(point: Normal, present: Ratio) -> Ratio:
        value = prior.values(point[: len(prior.names)])
        imposed = replace(
            record.imposed,
            purchases=record.imposed.purchases * value["record.purchases"],
            refused=record.imposed.refused * value["record.refused"],
        )
        mine = crowd_at(who, prior, crowd, point)
        return falls(*who.without(mine, replace(record, imposed=imposed), present), windows)

    return jax.vmap(one)(y, there)


def _batched(one: Callable[..., Ratio], width: int, *arrays: Array) -> Array:
    """Rows of `one`, so many at a time; the last batch is filled up with its own last row."""
    found = []
    for start in range(0, len(arrays[0]), width):
        few = [x[start : start + width] for x in arrays]
        count = len(few[0])
        full = [np.concatenate([x, np.repeat(x[-1:], width - count, axis=0)]) for x in few]
        found.append(np.asarray(one(*(jnp.asarray(x) for x in full)), float)[:count])
    return np.concatenate(found)
