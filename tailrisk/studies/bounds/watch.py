"""The same paths week by week: what each week earned, and what a manager could see at its first close.

The regime is that of Markov-switching regimes fitted to the data, filtered on the path: a manager has them,
whatever process simulates, and does not see the simulated one. Gauges of the crowd are the discount of IM
at a month, the crowd's small-cap stock and its stock over equity.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ...config.calibrated import Fitted
from ...core import struct
from ...core.arrays import accumulate, take
from ...core.kernel import OPTIONS
from ...core.units import Count, LogReturn, Ratio
from ...core.width import NARROW, width
from ...crowd import cohorts
from ...market import basis
from ...simulate import day
from ...simulate.blocks import compiled
from ...simulate.path import begin, draw, over_days
from ...simulate.tape import path_bytes
from ...simulate.world import World
from ...universe import Universe
from ...universe.universe import factor_returns

WEEK = 5
GAUGES = ("discount", "assets", "leverage")
TRAIL = 20


@struct
class Days:
    """What is kept of every day, [day, ...]."""

    log_return: LogReturn  # [bucket, path]
    future: Ratio  # [future, path]  of a held contract, over the start
    style: Ratio  # [style, path]  sum of daily returns so far
    gauge: Ratio  # [gauge, path]  GAUGES; none without a crowd


@dataclass(frozen=True)
class Weeks:
    """factors: [week, factor, path] with IF, IC, IM behind; crisis: [week, path] filtered probability of the
    worst regime at the close before the week; gauges: by name, [week, path] at that close.
    """

    factors: np.ndarray
    crisis: np.ndarray
    gauges: dict[str, np.ndarray]


@partial(jax.jit, static_argnames="size", compiler_options=OPTIONS)
def _chunk(world: World, first: Count, *, size: int) -> Days:
    return compiled(world, partial(_days, world))(first + jnp.arange(size, dtype=jnp.uint32))


def _days(world: World, path: Count) -> Days:
    assert world.styles is not None
    names = world.names

    def one_day(carried: tuple[day.State, Ratio], shocks: day.Shocks) -> tuple[tuple[day.State, Ratio], Days]:
        before, earned = carried
        after, log_return = day.step(world, before, shocks)
        assert after.styles is not None
        earned = earned + after.styles.today
        if after.crowd is None:
            future, gauge = jnp.exp(take(after.price, names.underlying)), jnp.zeros((0, path.shape[0]))
        else:
            future, gauge = after.crowd.future, _gauge(world, after.crowd)
        return (after, earned), Days(log_return=log_return, future=future, style=earned, gauge=gauge)

    flat = jnp.zeros((world.styles.loading.shape[0], path.shape[0]), world.dtype)
    return over_days(one_day, (begin(world, path), flat), world.days, partial(draw, world, path))[1]


def _gauge(world: World, crowd: day.crowd_day.State) -> Ratio:
    """[gauge, path]."""
    assert world.crowd is not None
    books, first = crowd.cohorts, world.crowd.cohorts
    held = accumulate(books.holdings)
    start = accumulate(first.assets[:, None] * first.weights)
    names = world.names
    small_caps = tuple(names.bucket(names.played(role)) for role in ("small", "micro"))
    small = accumulate(take(held, small_caps)) / accumulate(take(start, small_caps))
    leverage = accumulate(held) / jnp.maximum(accumulate(cohorts.equity(books)), 1e-6)
    watched = world.names.future(world.names.played("discount"))
    discount = -basis.monthly(world.crowd.basis, crowd.basis.dislocation)[watched]
    return jnp.stack([discount, small, leverage])


def watch(world: World, fitted: Fitted, universe: Universe, paths: int) -> Weeks:
    """Every path of the world, the first decision on the eve."""
    size = width(paths, NARROW, path_bytes(world))
    parts = [jax.device_get(_chunk(world, np.uint32(first), size=size)) for first in range(0, paths, size)]
    days = jax.tree.map(lambda *x: np.concatenate(x, axis=-1)[..., :paths].astype(np.float64), *parts)
    ends = np.arange(WEEK - 1, world.days, WEEK)

    def weekly(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The level at each end, and at the end before."""
        return level[ends], np.concatenate([level[:1] * 0, level[ends[:-1]]])

    now, before = weekly(np.cumsum(days.log_return, axis=0))
    bucket = np.expm1(now - before)
    now, before = weekly(np.log(days.future))
    future = np.expm1(now - before)
    now, before = weekly(days.style)
    factors = np.stack([factor_returns(b, s) for b, s in zip(bucket, now - before, strict=True)])
    crisis = filtered(days.log_return, fitted)
    micro, large = (world.names.bucket(world.names.played(role)) for role in ("micro", "large"))
    trail = np.cumsum(days.log_return[:, micro] - days.log_return[:, large], axis=0)
    trail[TRAIL:] = trail[TRAIL:] - trail[:-TRAIL]
    gauges = {"fall": -seen(trail, ends, 0.0)}
    for k in range(days.gauge.shape[1]):
        gauges[GAUGES[k]] = seen(days.gauge[:, k], ends, float(np.median(days.gauge[0, k])))
    start_crisis = float(np.array(fitted.filtered)[-1])
    return Weeks(np.concatenate([factors, future], axis=1), seen(crisis, ends, start_crisis), gauges)


def seen(series: np.ndarray, ends: np.ndarray, first: float) -> np.ndarray:
    """A daily series [day, path] at the close before each week; `first` on the eve."""
    return np.concatenate([np.full((1, series.shape[1]), first), series[ends[:-1]]])


def filtered(log_return: np.ndarray, fitted: Fitted) -> np.ndarray:
    """P(worst regime | returns so far) [day, path]: the forward filter, Hamilton (1989)."""
    factors = np.concatenate([log_return[:, :1], np.diff(log_return, axis=1)], axis=1)
    mean, covariance = np.array(fitted.mean), np.array(fitted.covariance)
    roots = np.linalg.inv(np.linalg.cholesky(covariance))
    law = np.repeat(np.array(fitted.filtered)[:, None], log_return.shape[2], axis=1)
    moves, found = np.array(fitted.transition).T, []
    for today in factors:
        law = moves @ law
        z = np.einsum("kij,kjp->kip", roots, today[None] - mean[:, :, None])
        like = -0.5 * (z**2).sum(axis=1) + np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)[:, None]
        law = law * np.exp(like - like.max(axis=0))
        law /= law.sum(axis=0)
        found.append(law[-1])
    return np.stack(found)
