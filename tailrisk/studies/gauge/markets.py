"""Simulated markets whose crowd is known: years from the long run, by member of the ensemble and size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...assemble.crowd import crowd as crowd_of
from ...assemble.world import assemble
from ...config import Config, load
from ...core.errors import InputError
from ...simulate.world import World
from ..crowd.runs import edited
from ..weather.simulated import CHUNK, Watched, courses, outside, weather
from ..weather.table import DAYS
from .seen import ROLES

Array = np.ndarray[Any, np.dtype[np.float64]]
SIZES = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Times the crowd's books: funds' assets and snowballs."""
Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Markets:
    """Years of daily returns and discount, and the crowd that each had."""

    returns: Array  # [year, day, bucket]  simple
    discount: Array  # [year, day]  annualised, at a month; positive below spot
    market: Array  # [year]  number of the member and size it had
    member: Array  # [year]
    size: Array  # [year]

    def roles(self, config: Config) -> Array:
        """Returns of ROLES [year, day, role]."""
        return self.returns[:, :, [config.names.bucket(config.names.played(role)) for role in ROLES]]


def simulated(
    source: str, overrides: Sequence[str], *, years: int, members: int, future: str | None, tell: Tell
) -> tuple[Config, Markets]:
    """The config and `years` years, `CHUNK` of each market, members in turn, each with the next of SIZES.

    members: of the crowd's ensemble, the first so many. future: whose discount is read; None is the
    market's. InputError: a config without a crowd or an ensemble, more members than it has, years that are no
    multiple of CHUNK, a future or a role that the market lacks.
    """
    own = [*overrides, "market.start=stationary", f"run.days={DAYS}"]
    config = load(source, own)
    check(config, years, members)
    world, names = assemble(config), config.names
    watch = Watched(future=names.future(future or names.played("discount")), detector=None)
    chunks = years // CHUNK
    parts, about = [], []
    crowds: dict[int, Any] = {}
    for k in range(chunks):
        member, size = k % members, SIZES[(k + k // members) % len(SIZES)]
        tell(k / chunks, f"market {k + 1} of {chunks}")
        if member not in crowds:
            crowds[member] = _crowd(load(source, [*own, f"crowd.member={member}"]), world)
        here = sized(replace(world, crowd=crowds[member]), size)
        numbers = jnp.arange(k * CHUNK, (k + 1) * CHUNK, dtype=jnp.uint32)
        assert here.crowd is not None
        parts.append(courses(here.crowd, outside(world, numbers, watch), watch))
        about.append((k, member, size))
    days = weather(parts)
    assert days.discount is not None
    market, member_of, size_of = (np.repeat(column, CHUNK) for column in zip(*about, strict=True))
    return config, Markets(days.returns, days.discount, market, member_of, size_of)


def check(config: Config, years: int, members: int) -> None:
    """InputError: what `simulated` refuses of a config and counts."""
    if config.crowd is None or config.crowd.ensemble is None:
        raise InputError("crowd", "no [crowd] with an ensemble", "a config with one: the crowd must be known")
    files = config.attached.crowd
    there = 0 if files is None else files.members
    if not 2 <= members <= there:
        raise InputError("--members", f"{members}", f"2 to {there}, the members of the ensemble")
    if years % CHUNK or years < 2 * members * CHUNK:
        allowed = f"a multiple of {CHUNK}, at least {2 * CHUNK} a member: {2 * members * CHUNK}"
        raise InputError("--years", f"{years}", allowed)


def sized(world: World, size: float) -> World:
    """The world whose crowd has `size` times its books."""
    for place in ("cohorts.assets", "snowball.notional"):
        world = edited(world, place, lambda old: old * jnp.asarray(size, old.dtype))
    return world


def _crowd(config: Config, world: World) -> Any:
    """The crowd of a config in the world's own law and precision."""
    return crowd_of(config, world.process, lambda values: jnp.asarray(values, world.dtype))
