"""Ordinary weather as a config's crowd makes it: paths of a year from the long run, day by day.

What comes from outside is drawn once and is the same for every crowd, so two crowds are compared on common
random numbers and a crowd costs its own days alone: `tailrisk match` asks for thousands.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ...core import static, struct
from ...core.errors import InputError
from ...core.names import Names
from ...core.units import Count, Flag, Ratio, Yuan, ZScore
from ...market import basis, spread
from ...simulate import day, path
from ...simulate.crowd import day as crowd_day
from ...simulate.crowd.world import Crowd
from ...simulate.world import World
from .measure import Weather

CHUNK = 128


@struct
class Watched:
    """What is looked at: the future whose discount is read, and the spread whose z, if any."""

    future: int = static()
    detector: spread.Params | None = static()


@struct
class Outside:
    """What comes from outside on some paths, whatever the crowd."""

    stress: Flag  # [day, path]
    exogenous: Ratio  # [day, bucket, path]  simple returns had nobody traded
    before: Ratio  # [lead, path]  the watched spread on the days before the first; empty without one
    today: crowd_day.Today  # [day, ...]


@struct
class Seen:
    """What a crowd made of it."""

    returns: Ratio  # [day, bucket, path]  simple
    discount: Ratio  # [day, path]  annualised, of the watched future at a month; positive
    z: ZScore  # [day, path]  of the watched spread; empty without one
    fired: Count  # [stage, path]  times a stage fired
    spent: Yuan  # [path]


def watched(world: World) -> Watched:
    """The future and the spread that play these roles in the world's market."""
    future = world.names.future(world.names.played("discount"))
    return Watched(future=future, detector=watched_spread(world.detectors, world.names))


def watched_spread(detectors: Sequence[spread.Params], names: Names) -> spread.Params | None:
    """The first of these that is the one-day spread of the role's bucket over the large one; None without."""
    pair = names.bucket(names.played("spread")), names.bucket(names.played("large"))
    fit = (one for one in detectors if (one.small, one.large) == pair and one.days == 1 and one.mean_removed)
    return next(fit, None)


def simulated(world: World, paths: int) -> Weather:
    """The days of `paths` paths of a world with a crowd."""
    assert world.crowd is not None
    watch = watched(world)
    return weather([courses(world.crowd, each, watch) for each in drawn(world, paths)])


def drawn(world: World, paths: int, first: int = 0) -> list[Outside]:
    """What comes from outside on `paths` paths from number `first` on, a chunk an item."""
    watch = watched(world)
    starts = range(first, first + paths, CHUNK)
    return [outside(world, jnp.arange(start, start + CHUNK, dtype=jnp.uint32), watch) for start in starts]


def check_years(years: int, otherwise: str = "") -> None:
    """Raises InputError for years that no whole chunks hold; otherwise: what else is allowed."""
    if years % CHUNK or years < CHUNK:
        raise InputError("years", f"{years}", f"a multiple of {CHUNK}{otherwise}")


def weather(parts: list[Seen]) -> Weather:
    """The days of chunks, one after the other, as what `statistics` counts."""
    found = jax.device_get(parts)

    def joined(name: str) -> np.ndarray:
        rows = np.concatenate([getattr(part, name) for part in found], axis=-1)
        return np.moveaxis(rows, -1, 0).astype(np.float64)

    z = joined("z")
    return Weather(
        returns=joined("returns"),
        discount=joined("discount"),
        fired=joined("fired"),
        spent=joined("spent"),
        z=z if z.size else None,
    )


@jax.jit
def outside(world: World, numbers: Count, watch: Watched) -> Outside:
    """What comes from outside on the paths of these numbers [path]."""
    assert world.crowd is not None
    warm, before = path.warmed(world, numbers)

    def one_day(state: day.process.State, shocks: day.Shocks) -> tuple[day.process.State, tuple[Ratio, Flag]]:
        state, log_return, stress = day.outside(world, state, shocks)
        return state, (jnp.exp(log_return) - 1.0, stress)

    start, shocks = path.first(world, numbers, warm), partial(path.market_shocks, world, numbers)
    _, (exogenous, stress) = path.over_days(one_day, start, world.days, shocks)
    return Outside(
        stress=stress,
        exogenous=exogenous,
        before=_lead(world, before, watch.detector),
        today=crowd_day.draw(world.crowd, numbers, jnp.arange(1, world.days + 1, dtype=jnp.uint32)),
    )


def _lead(world: World, before: Ratio, detector: spread.Params | None) -> Ratio:
    """The watched spread's days before the first [lead, path], of all detectors' [day, detector, path]."""
    if detector is None:
        return jnp.zeros((0, before.shape[-1]), before.dtype)
    return before[world.warmup - detector.lead :, world.detectors.index(detector)]


@jax.jit
def courses(crowd: Crowd, given: Outside, watch: Watched) -> Seen:
    """The days of some paths with this crowd in them."""

    def one_day(
        state: crowd_day.State, today: tuple[Flag, Ratio, crowd_day.Today]
    ) -> tuple[crowd_day.State, tuple[Ratio, Ratio, Flag]]:
        after, seen = crowd_day.step(crowd, state, *today)
        discount = -basis.monthly(crowd.basis, after.basis.dislocation)[watch.future]
        return after, (seen.returns, discount, (after.ladder.age > 0) & (state.ladder.age == 0))

    start = crowd_day.init(crowd, given.stress.shape[-1])
    last, (returns, discount, fired) = lax.scan(one_day, start, (given.stress, given.exogenous, given.today))
    return Seen(
        returns=returns,
        discount=discount,
        z=_z(watch.detector, given.before, returns),
        fired=fired.sum(axis=0),
        spent=last.bought.sum(axis=0),
    )


def _z(detector: spread.Params | None, before: Ratio, returns: Ratio) -> ZScore:
    if detector is None:
        return before
    return spread.z(
        detector, jnp.concatenate([before, returns[:, detector.small] - returns[:, detector.large]])
    )
