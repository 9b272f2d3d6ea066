"""Scenarios from the simulator: paths to factor returns over the horizon, and a universe's loadings on them.

r = X f + e,  f = (R_1, R_2 - R_1, ..., R_5 - R_4, style returns),  e specific, normal and independent
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..core import Fault, InputError
from ..core.kernel import OPTIONS
from ..core.units import Count
from ..core.width import NARROW, width
from ..simulate.blocks import BLOCK, compiled
from ..simulate.returns import Returns, returns
from ..simulate.world import World
from ..universe import Universe, factor_returns
from .arguments import many, number
from .conic import Array
from .labels import once
from .scenarios import Scenarios, of_factors, weights


@dataclass(frozen=True)
class Horizon:
    """What every path earned over `days`, and its importance weight.

    bucket: [bucket, path] simple; future: [future, path]; style: [style, path], in the order of `styles`;
    weight: [path] summing to one, None where all weigh the same.
    """

    bucket: Array
    future: Array
    style: Array
    styles: tuple[str, ...]
    days: int
    weight: Array | None = None

    @property
    def factors(self) -> Array:
        """The ladder in simple returns, then the styles [factor, path]."""
        return factor_returns(self.bucket, self.style)

    def part(self, chosen: NDArray[np.intp] | slice) -> "Horizon":
        """Some of the paths [chosen], their weights made to sum to one: a split of the sample."""
        weight = None if self.weight is None else self.weight[chosen] / self.weight[chosen].sum()
        cut = (self.bucket[:, chosen], self.future[:, chosen], self.style[:, chosen])
        return Horizon(*cut, self.styles, self.days, weight)


def simulate(
    world: World, paths: int, styles: Sequence[str], weight: ArrayLike | None = None, chunk: int = 4096
) -> Horizon:
    """Simulate `paths` paths of a world, with a crowd or without, over its horizon.

    styles: names of the styles the world simulates, in its order; weight: [path] of an importance sampler.
    Raises Fault where a path is not finite, InputError where the names are not those of the world's styles,
    or the weights are not one a path and summing to one.
    """
    count = int(number("", "paths", paths, "a whole number above zero", 1.0))
    said = weights(weight, count)
    names = _styles(world, styles)
    size = width(count, NARROW if world.crowd is not None else min(chunk, BLOCK))
    parts = [jax.device_get(_chunk(world, np.uint32(first), size=size)) for first in range(0, count, size)]
    whole = jax.tree.map(lambda *x: np.concatenate(x, axis=-1)[..., :count], *parts)
    if whole.fault.any():
        raise Fault(f"{int(whole.fault.sum()):,} of {count:,} paths are not finite or do not close")
    bucket, future = (np.asarray(x, dtype=np.float64) for x in (whole.bucket, whole.future))
    style = np.asarray(whole.style, dtype=np.float64)
    return Horizon(bucket, future, style, names, world.days, said)


def _styles(world: World, styles: Sequence[str]) -> tuple[str, ...]:
    """The names of a world's styles; refused where they are others, or in another order."""
    given = tuple(many("styles", styles, (), "the names of the styles"))
    theirs = () if world.styles is None else world.styles.names
    count = 0 if world.styles is None else len(world.styles.loading)
    if len(given) != count:
        raise InputError("styles", f"{len(given)} names", f"{count}, those the world simulates")
    if theirs and given != theirs:
        odd = next(name for name, own in zip(given, theirs, strict=True) if name != own)
        raise InputError("styles", f"{odd!r} is not in its place", f"in this order: {', '.join(theirs)}")
    once("styles", pd.Index(given))
    return given


def of_universe(
    universe: Universe, horizon: Horizon, *, specific: bool = True, futures: bool = False, seed: int = 0
) -> Scenarios:
    """Scenarios of a universe's stocks [stock], of IF, IC and IM behind them where `futures` is set.

    Specific risk grows with the square root of the days. A style of the universe that was not simulated
    earns nothing. InputError: as `of_factors`.
    """
    ladder = len(horizon.bucket)
    place = [horizon.styles.index(name) if name in horizon.styles else -1 for name in universe.styles]
    style = np.vstack([horizon.style, np.zeros((1, horizon.style.shape[1]))])[place]
    factors = factor_returns(horizon.bucket, style)
    exposures, own = universe.loading, universe.specific_sd * np.sqrt(horizon.days)
    if exposures.shape[1] != ladder + len(place):
        raise InputError("universe.loading", f"{exposures.shape[1]} factors", f"{ladder + len(place)}")
    if futures:
        held = len(horizon.future)
        factors = np.vstack([factors, horizon.future])
        wide = np.hstack([exposures, np.zeros((len(exposures), held))])
        exposures = np.vstack([wide, np.eye(held, wide.shape[1], wide.shape[1] - held)])
        own = np.append(own, np.zeros(held))
    sd = own if specific else None
    return of_factors(exposures, factors, horizon.weight, specific=sd, seed=seed)


@partial(jax.jit, static_argnames="size", compiler_options=OPTIONS)
def _chunk(world: World, first: Count, *, size: int) -> Returns:
    return compiled(world, partial(returns, world))(first + jnp.arange(size, dtype=jnp.uint32))
