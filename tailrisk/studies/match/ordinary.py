"""Ordinary weather inside the search: what a crowd makes of years in which nothing happens.

    cost(z) = weight sum_targets ((statistic - middle) / (width / 4))^2 [ + misses of the episode and prior ]

A target's accepted range (configs/weather.toml) is taken as two standard deviations either way; beyond five
a miss goes on as its logarithm, since few years know some medians from two events. Every crowd lives the
same years, drawn once (common random numbers), so that differences between crowds are known far better than
either; what few years say beside many is known from one crowd, where the search begins, and added:

    statistic(z) = few(z) + many(z0) - few(z0)
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...calibrate.ladder import Array
from ...config import Config
from ...core.errors import InputError
from ...core.machine import cores
from ...core.units import Normal
from ...simulate.crowd.free import moved, of_crowd
from ...simulate.crowd.world import Crowd
from ..weather.config import Targets, check_books
from ..weather.measure import Books, statistics
from ..weather.simulated import CHUNK, Outside, Seen, Watched, check_years, courses, drawn, watched, weather
from ..weather.table import DAYS, books, table, wanted
from .prior import Prior, prior_of
from .search import Progress

MANY = 8
"""Times as many years that are simulated once, by one crowd: how far the few are off."""
EDGE = 2.0
"""Standard deviations from the middle of an accepted range to either end, and of a value not there."""
FARTHEST = 5.0
"""Standard deviations beyond which the square of a miss grows as its logarithm."""


@dataclass(frozen=True)
class Weather:
    """The years a crowd is judged by, and what it is judged on."""

    crowd: Crowd  # at its files' figures
    outside: list[Outside]  # a chunk of years an item
    watch: Watched
    books: Books
    targets: Targets
    weight: float
    shift: Mapping[str, float]  # by statistic: of many years less these, for one crowd
    prior: Prior

    def seen(self, z: Array) -> dict[str, float]:
        """Every statistic of the crowd at coordinates z [parameter]."""
        point = jnp.asarray(z, self.crowd.impact.impact.dtype)
        lives = [_lived(self.prior, self.crowd, point, chunk, self.watch) for chunk in self.outside]
        found = statistics(weather(lives), self.books)
        return {name: value + self.shift.get(name, 0.0) for name, value in found.items()}

    def cost(self, z: Array) -> Array:
        """Sum of squared misses of the targets, times the weight [point], at points [point, parameter].

        Points are asked side by side, a core each; what one costs does not depend on the others.
        """
        with ThreadPoolExecutor(cores()) as pool:
            return np.array(list(pool.map(self._cost, z)))

    def _cost(self, point: Array) -> float:
        return self.weight * sum(self.misses(self.seen(point)).values())

    def misses(self, seen: Mapping[str, float]) -> dict[str, float]:
        """Squared standardised miss by statistic."""
        return {name: miss(seen[name], *bounds) for name, bounds in self._wanted(seen).items()}

    def outliers(self, seen: Mapping[str, float]) -> int:
        """Statistics that lie outside what is accepted."""
        return sum(self.targets.target[name].off(seen[name]) > 0 for name in self._wanted(seen))

    def _wanted(self, seen: Mapping[str, float]) -> dict[str, tuple[float, float]]:
        return {name: (target.low, target.high) for name, target in wanted(self.targets, seen).items()}


@partial(jax.jit, static_argnums=0)
def _lived(prior: Prior, crowd: Crowd, z: Normal, given: Outside, watch: Watched) -> Seen:
    return courses(moved(crowd, of_crowd(prior.values(z))), given, watch)


def miss(value: float, low: float, high: float) -> float:
    """Squared standard deviations from the middle of an accepted range; `EDGE` of them for nan."""
    off = EDGE if value != value else abs(EDGE * (2 * value - low - high) / (high - low))
    return float(min(off, FARTHEST) ** 2 * (1 + 2 * np.log(max(off / FARTHEST, 1.0))))


def ordinary(
    config: Config, targets: Targets, years: int, weight: float, *, first: int = 0, like: Array | None = None
) -> Weather:
    """The weather of a config, its ensemble forgotten: `years` years from path number `first` on.

    like: coordinates [parameter] of the crowd from which the difference to `MANY` times as many years is
    known; None adds none. Raises InputError without a crowd.
    """
    check_books(config, targets)
    world = assemble(_of_years(config))
    assert world.crowd is not None

    watch, looked = watched(world), books(config, targets)
    few = Weather(
        world.crowd, drawn(world, years, first), watch, looked, targets, weight, {}, prior_of(config)
    )
    if like is None:
        return few
    here, there = few.seen(like), replace(few, outside=drawn(world, MANY * years, first)).seen(like)
    apart = {name: there[name] - here[name] for name in here}
    return replace(few, shift={name: by for name, by in apart.items() if np.isfinite(by)})


def _of_years(config: Config) -> Config:
    """The config with paths of a year from the long run, in single precision, its ensemble forgotten."""
    if config.attached.crowd is None:
        raise InputError("crowd", "no [crowd] block", "one: ordinary weather is what a crowd leaves of it")
    run = config.run.model_copy(update={"days": DAYS, "precision": "float32"})
    long = config.model_copy(
        update={"run": run, "market": config.market.model_copy(update={"start": "stationary"})}
    )
    long._attached = config.attached._replace(crowd=config.attached.crowd._replace(matched={}))
    return long


@dataclass(frozen=True)
class Judged:
    """The weather of an ensemble on years that no search has seen."""

    years: int
    weight: float  # of the squared misses in the search
    table: pd.DataFrame  # a row a target: the best member's, as `validate` shows it
    outside: tuple[int, ...]  # [member]  statistics outside what is accepted
    cost: tuple[float, ...]  # [member]  sum of squared misses


@dataclass(frozen=True)
class Years:
    """How ordinary weather enters a match."""

    targets: Targets
    count: int = CHUNK  # seen by every crowd that is asked
    weight: float = 1.0
    judging: int = 4 * CHUNK  # other years, by which each member is judged at the end

    def __post_init__(self) -> None:
        """Raises InputError for years that no chunk holds."""
        check_years(self.count, ", or 0 for the episode alone")

    def weather(self, config: Config, like: Array) -> Weather:
        """What the search asks."""
        return ordinary(config, self.targets, self.count, self.weight, like=like)

    def judged(self, config: Config, draws: Array, tell: Progress) -> Judged:
        """The members' weather [member, parameter] on years beyond those of the search."""
        fresh = ordinary(config, self.targets, self.judging, 1.0, first=MANY * self.count)
        seen = []
        for number, z in enumerate(draws, 1):
            seen.append(fresh.seen(z))
            tell(number / len(draws), "ordinary years")
        return Judged(
            years=self.judging,
            weight=self.weight,
            table=table(seen[0], self.targets),
            outside=tuple(fresh.outliers(each) for each in seen),
            cost=tuple(sum(fresh.misses(each).values()) for each in seen),
        )
