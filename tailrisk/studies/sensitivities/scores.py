"""The derivative of the log density of a path as its law moves: what a likelihood ratio multiplies by.

The chain s_t has the chances P, a day's shocks are z, of d coordinates, a t with nu degrees of freedom, and
u = m_s + C_s z. With q = |z|^2, g = (nu + d) / (nu + q), one for a Gaussian, as P, m, C move by dP, dm, dC,

    score = sum over days  dP_ss' / P_ss'  +  g z' C^-1 (dm + dC z) - tr(C^-1 dC)

The prices that a crowd makes of it, and whatever else follows, do not move with the law: of a path that jumps
this is a derivative where moving the path is none (Glasserman, 2004, section 7.3).
"""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ...core import random
from ...core.units import Count, Ratio
from ...market import memory, process
from ...simulate import path
from ...simulate.day import Shocks, market
from ...simulate.world import World

Array = NDArray[np.float64]
AT_ONCE = 4096
"""Paths side by side."""
LAW = ("regimes.cumulative", "long_run", "ladder.affine")
"""Arrays of a process that a score is about; the long run is that of the days before the first."""
LEAST = 1e-12


def law(world: World) -> Any:
    """The process that paths are drawn from."""
    return world.process if world.crowd is None else world.crowd.process


def alone(down: World, up: World) -> bool:
    """Whether nothing of the world moves but the chain and the loadings of the law."""
    if not hasattr(law(up), "ladder") or not hasattr(law(up), "regimes"):
        return False
    return _rest(down) == _rest(up)


def _rest(world: World) -> list[bytes]:
    """Everything else, as bytes."""
    leaves = jax.tree_util.tree_flatten_with_path(world)[0]
    names = [(".".join(key.name for key in place if hasattr(key, "name")), leaf) for place, leaf in leaves]
    moving = {f"{front}process.{name}" for front in ("", "crowd.") for name in LAW}
    return [np.asarray(leaf).tobytes() for name, leaf in names if name not in moving]


def score(world: World, down: World, up: World, step: float, paths: int) -> Array:
    """Of the run's first paths [path], as the law goes from `down` to `up` in two steps."""
    (chain, loads), (less, below), (more, above) = map(_law, map(law, (world, down, up)))
    along = (more - less) / (2 * step), (above - below) / (2 * step)
    chance = np.where(chain > LEAST, along[0] / np.maximum(chain, LEAST), 0.0)
    back = np.linalg.inv(loads[:, :, 1:])
    drift = np.einsum("rij,rj->ri", back, along[1][:, :, 0])
    turn = back @ along[1][:, :, 1:]
    tables = [jnp.asarray(x, world.dtype) for x in (chance, drift, turn, np.trace(turn, axis1=1, axis2=2))]
    parts = [
        np.asarray(_scores(world, law(world), tables, first + np.arange(AT_ONCE, dtype=np.uint32)))
        for first in np.arange(0, paths, AT_ONCE, dtype=np.uint32)
    ]
    return np.concatenate(parts)[:paths].astype(np.float64)


def _law(it: Any) -> tuple[Array, Array]:
    """Chances [from, to], and mean and loadings of the factors [regime, factor, term]."""
    cumulative, affine = (np.asarray(x, np.float64) for x in (it.regimes.cumulative, it.ladder.affine))
    if not isinstance(it, memory.Params):  # rows are buckets, and a bucket is the sum of factors
        affine = np.diff(affine, axis=1, prepend=0.0)
    return np.diff(cumulative, axis=1, prepend=0.0), affine


@jax.jit
def _scores(world: World, it: Any, tables: list[Ratio], number: Count) -> Ratio:
    outside = replace(world, process=it, crowd=None, funds=None)
    factors = tables[1].shape[1]

    def one_day(carried: tuple[Any, Ratio], shocks: Shocks) -> tuple[tuple[Any, Ratio], None]:
        state, total = carried
        after, _, _ = market(outside, state, shocks)
        z = random.student(shocks.ladder, process.inverse_nu(it))[:factors]
        places = process.regime(it, state), process.regime(it, after)
        return (after, total + _day(tables, process.inverse_nu(it), places, z)), None

    start = path.begin(outside, number).process, jnp.zeros(number.shape, world.dtype)
    draws = partial(path.market_shocks, outside, number)
    return path.over_days(one_day, start, outside.days, draws)[0][1]


def _day(
    tables: list[Ratio], inverse_nu: Ratio | None, places: tuple[Count, Count], shock: list[Ratio]
) -> Ratio:
    """The score of one day [path]; places: the regimes of yesterday and of today [path]."""
    chance, drift, turn, trace = tables
    before, now = places
    z = jnp.stack(shock)
    q = (z * z).sum(axis=0)
    g = jnp.ones_like(q) if inverse_nu is None else (1 + inverse_nu * len(shock)) / (1 + inverse_nu * q)
    moved = drift[now].T + jnp.einsum("pij,jp->ip", turn[now], z)
    return chance[before, now] + g * (z * moved).sum(axis=0) - trace[now]
