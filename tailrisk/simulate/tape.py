"""The market of a chunk of paths, recorded once for all who trade in it without moving it.

With a crowd: returns, the held contract's returns and basis, limits and refusals are the crowd's. Without
one a future is its index and every order fills. Products and policies then live on the same days (common
random numbers).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..core import struct
from ..core.kernel import OPTIONS
from ..core.ready import ready
from ..core.units import Count, Normal, Ratio, ZScore
from ..core.width import NARROW, width
from ..products.market_day import MarketDay
from . import day, market_day
from .blocks import chunks, compiled
from .crowd import day as crowd_day
from .path import before, begin, draw, over_days, spreads, z_scores
from .world import World

SHARED = ("years", "rolled", "crystallised")
"""What the calendar alone decides, [day]."""
CHUNK = NARROW
"""A tape has whole multiples of so many paths, which a CPU records side by side."""
DAY = 120
"""Numbers of a path-day on a tape, and their copies."""


@struct
class Tape:
    """Every day of some paths, [day, ...]; ready for a scan."""

    days: MarketDay
    z: ZScore  # [day, detector, path]
    own: Normal | None = None  # [day, path]  shocks of unit scale that move a CTA, where the world has one
    crowd: crowd_day.Outcome | None = None  # at the end of the paths


def tapes(world: World, first: int, paths: int) -> Tape:
    """The tape of `paths` consecutive paths, a multiple of CHUNK, as NumPy arrays."""
    if paths % CHUNK:
        raise ValueError(f"a tape is a multiple of {CHUNK} paths, not {paths}")
    wide = width(paths, CHUNK, path_bytes(world))
    if wide == CHUNK:
        run = ready(partial(_tapes, chunk=CHUNK, calls=paths // CHUNK), world, np.uint32(first))
        return joined(jax.device_get(run(world, np.uint32(first))))
    return together([_wide(world, first + at, min(wide, paths - at)) for at in range(0, paths, wide)])


def path_bytes(world: World) -> float:
    """What one path of a tape takes."""
    return DAY * world.days * world.dtype.itemsize


def _wide(world: World, first: int, paths: int) -> Tape:
    return joined(jax.device_get(_tapes(world, np.uint32(first), chunk=paths, calls=1)))


def joined(parts: Tape) -> Tape:
    """Tapes [call, ..., chunk] side by side; what has no path axis is the same in all."""

    def one(field: NDArray[Any]) -> NDArray[Any]:
        side = np.moveaxis(field, 0, -2)
        return side.reshape(*side.shape[:-2], side.shape[-2] * side.shape[-1])  # no -1: a tape may be empty

    return _by_path(one, lambda field: field[0], parts)


def chosen(tape: Tape, places: NDArray[Any]) -> Tape:
    """The paths `places` (positions, or a mask [path]) of a tape."""
    return _by_path(lambda field: field[..., places], lambda field: field, tape)


def together(parts: list[Tape]) -> Tape:
    """Tapes of worlds that differ in parameters alone, path after path."""
    return _by_path(lambda *fields: np.concatenate(fields, axis=-1), lambda *fields: fields[0], *parts)


def _by_path(change: Callable[..., Any], same: Callable[..., Any], *tapes: Tape) -> Tape:
    """`change` of what has a path axis, `same` of what all paths share."""

    def one(place: Any, *fields: Any) -> Any:
        return (same if place[-1].name in SHARED else change)(*fields)

    return jax.tree_util.tree_map_with_path(one, *tapes)


@partial(jax.jit, static_argnames=("chunk", "calls"), compiler_options=OPTIONS)
def _tapes(world: World, first: Count, *, chunk: int, calls: int) -> Tape:
    return chunks(compiled(world, partial(record, world)), first, chunk, calls)


def record(world: World, path: Count) -> Tape:
    """The tape of the paths numbered `path` [path], uint32."""
    world = replace(world, funds=None)  # who trades on it is no part of the tape

    def one_day(
        state: day.State, shocks: day.Shocks
    ) -> tuple[day.State, tuple[MarketDay, Ratio, Normal | None]]:
        after, log_return = day.step(world, state, shocks)
        seen = market_day.free(log_return, world.names.underlying)
        if world.crowd is not None and state.crowd is not None and after.crowd is not None and shocks.crowd:
            seen = market_day.crowded(
                world.crowd, (state.crowd, after.crowd), jnp.expm1(log_return), shocks.crowd
            )
        seen = replace(seen, styles=None if after.styles is None else after.styles.today)
        return after, (seen, spreads(world, log_return), shocks.own)

    last, lived = over_days(one_day, begin(world, path), world.days, partial(draw, world, path))
    days, during, own = lived
    z = z_scores(world, before(world, path), during)
    crowd = None
    if world.crowd is not None and last.crowd is not None:
        crowd = crowd_day.outcome(world.crowd, last.crowd)
    return Tape(days=days, z=jnp.moveaxis(z, 1, 0), own=own, crowd=crowd)
