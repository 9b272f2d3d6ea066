"""Days of a market with a crowd, as a seller meets them: prices, stocks at the lower limit, the future."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...assemble.world import assemble
from ...config import load
from ...core.errors import Fault, InputError
from ...core.names import Names
from ...simulate import day, path
from ...simulate.crowd import day as crowd_day
from ...simulate.world import World
from .config import Paths

Array = np.ndarray[Any, np.dtype[np.float64]]
CHUNK = 512


@dataclass(frozen=True)
class Days:
    """What a seller meets from his first day on."""

    returns: Array  # [day, bucket, path]  simple
    limit_down: Array  # [day, bucket, path]  fraction of stocks at the lower limit at the close
    futures: Array  # [day, future, path]  simple, rolls and basis included

    @property
    def paths(self) -> int:
        """How many there are."""
        return self.returns.shape[2]

    def some(self, chosen: Any) -> "Days":
        """The chosen paths, a slice or indices [path]."""
        return Days(self.returns[..., chosen], self.limit_down[..., chosen], self.futures[..., chosen])


def days(source: Paths) -> tuple[Days, Names]:
    """The days a book is sold on, and the market's names.

    InputError: a config without a crowd, or fewer than 100 paths that have the day to begin after.
    """
    begins = source.begin != "first day"
    length = source.window + (60 if begins else 0)
    config = load(source.config, [*source.overrides, f"run.days={length}"])
    if config.crowd is None:
        raise InputError(
            "paths.config", repr(source.config), "a config with a crowd: such as crowd_feb2024.toml"
        )
    world, parts = assemble(config), []
    for first in range(0, source.paths, CHUNK):
        numbers = jnp.arange(first, first + CHUNK, dtype=jnp.uint32)
        part = Days(*(np.asarray(x, np.float64) for x in _days(world, numbers)))
        if not all(np.isfinite(getattr(part, name)).all() for name in _FIELDS):
            raise Fault("a return is not a finite number")
        parts.append(_after_limits(part, source, config.names) if begins else part)
    whole = Days(*(np.concatenate([getattr(p, name) for p in parts], axis=2) for name in _FIELDS))
    if whole.paths < 100:
        problem = f"only {whole.paths} of {source.paths} paths have such a day in their first 60"
        raise InputError("paths.limits", problem, "at least 100: more paths, or market.start=crisis")
    return whole, config.names


_FIELDS = ("returns", "limit_down", "futures")


def _after_limits(part: Days, source: Paths, names: Names) -> Days:
    """The window after the first day with as many stocks of CSI 2000 at the limit, of paths that have it."""
    low, high = source.limits
    down = part.limit_down[:60, names.bucket(source.watched)]
    hit = (down >= low) & (down <= high)
    chosen, first = np.flatnonzero(hit.any(axis=0)), hit.argmax(axis=0)
    if not len(chosen):
        return Days(*(getattr(part, f)[: source.window, :, :0] for f in _FIELDS))
    cut = [
        np.stack(
            [getattr(part, f)[first[p] + 1 : first[p] + 1 + source.window, :, p] for p in chosen], axis=2
        )
        for f in _FIELDS
    ]
    return Days(*cut)


@jax.jit
def _days(world: World, numbers: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    crowd = world.crowd
    assert crowd is not None

    def one(state: Any, shocks: day.Shocks) -> tuple[Any, tuple[jax.Array, ...]]:
        process, before = state
        after, exogenous, stress = day.outside(world, process, shocks)
        assert shocks.crowd is not None
        now, seen = crowd_day.step(crowd, before, stress, jnp.exp(exogenous) - 1.0, shocks.crowd)
        return (after, now), (seen.returns, seen.limit_down, now.future / before.future - 1.0)

    start = path.begin(world, numbers)
    draws = partial(path.draw, world, numbers)
    _, seen = path.over_days(one, (start.process, start.crowd), world.days, draws)
    return seen[0], seen[1], seen[2]
