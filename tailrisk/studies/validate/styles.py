"""Style factors beside histories of the model's: memory, tails by horizon, and company with the ladder.

A history's days are of the calm four fifths or of the unquiet fifth by the ladder's common variance on the
evening before: by what stress was there, whichever the law.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import lax
from numpy.typing import NDArray

from ...assemble.styles import overlaid
from ...config import Config
from ...core import random
from ...core.errors import InputError
from ...core.units import Count, LogReturn, Ratio
from ...data.prices import read_styles
from ...market import process, styles
from ...simulate import day as days_of
from ...simulate.world import World
from .further import common
from .statistics import Statistic, correlations, sums

Array = NDArray[Any]

QUANTILES = (0.01, 0.05, 0.99)
HORIZONS = (1, 20, 60)
UNQUIET = 0.8
BURN_IN = 250
LEAST = 250


def read(path: Path, config: Config, days: pd.DatetimeIndex, until: str) -> tuple[Array, Array]:
    """Returns [day, style] of the calibrated styles, and where their days are among `days` [day].

    Raises InputError for a style the file lacks, or too few days in common.
    """
    overlay = config.calibrated.styles
    assert overlay is not None
    found = read_styles(path)
    missing = [name for name in overlay.names if name not in found]
    if missing:
        raise InputError(
            str(path), f"no column {missing[0]}", f"the styles of market.calibrated: {overlay.names}"
        )
    shared = days.intersection(pd.DatetimeIndex(found[found.index <= pd.Timestamp(until)].index))
    if len(shared) < LEAST:
        raise InputError(str(path), f"{len(shared)} days in common with the closes", f"at least {LEAST}")
    return found.loc[shared, list(overlay.names)].to_numpy(), days.get_indexer(shared)


def histories(config: Config, world: World, days: int, count: int) -> tuple[Array, Array]:
    """Style returns [day, style, history], and the ladder's log returns [day, bucket, history] with them."""
    overlay = config.calibrated.styles
    assert overlay is not None
    array = partial(jnp.asarray, dtype=world.dtype)
    law = overlaid(config, overlay, list(overlay.names), lambda x: array(np.asarray(x, np.float64)))
    ladder, style = _histories(replace(world, styles=law), days=days + BURN_IN, count=count)
    return np.asarray(style, np.float64)[BURN_IN:], np.asarray(ladder, np.float64)[BURN_IN:]


@partial(jax.jit, static_argnames=("days", "count"))
def _histories(world: World, *, days: int, count: int) -> tuple[LogReturn, Ratio]:
    law, overlay, dtype = world.process, world.styles, world.dtype
    assert overlay is not None
    path = jnp.arange(count, dtype=jnp.uint32)
    start = process.long_run(
        law, random.uniforms(world.streams.warmup_regimes, path, jnp.zeros_like(path), dtype)
    )
    pairs = (overlay.loading.shape[0] + 1) // 2
    nu = None if overlay.memory is None else overlay.memory.ladder.inverse_nu

    def one_day(
        state: tuple[process.State, styles.State], day: Count
    ) -> tuple[tuple[process.State, styles.State], tuple[LogReturn, Ratio]]:
        now, streams = jnp.broadcast_to(day, path.shape), world.streams
        shocks = days_of.Shocks(
            regime=random.uniforms(streams.warmup_regimes, path, now, dtype),
            ladder=random.unit_pairs(
                streams.warmup_ladder, path, day[None], process.pairs(law), process.inverse_nu(law), dtype
            )[0],
            styles=random.unit_pairs(streams.styles, path, day[None], pairs, nu, dtype)[0],
            own=None,
            crowd=None,
        )
        after, log_return, _ = days_of.market(world, state[0], shocks)
        style = days_of.styled(world, state[0], state[1], after, log_return, shocks)
        return (after, style), (log_return, style.today)

    begun = (start, styles.init(overlay, count))
    return lax.scan(one_day, begun, jnp.arange(1, days + 1, dtype=jnp.uint32))[1]


def statistics(returns: Array, ladder: Array, names: tuple[str, ...]) -> list[Statistic]:
    """All of them, of styles' returns [day, style, history] on the ladder's days [day, bucket, history]."""
    before = np.concatenate([np.ones((1, ladder.shape[2])), common(ladder)[:-1]])
    unquiet = before >= np.quantile(before, UNQUIET, axis=0)
    with_ = {
        "the largest bucket": ladder[:, 0],
        "the smallest less the largest": ladder[:, -1] - ladder[:, 0],
    }
    found = []
    for k, name in enumerate(names):
        found += list(alone(name, returns[:, k]))
        found += list(company(name, returns[:, k], with_, unquiet))
    return found


def alone(series: str, r: Array) -> Iterator[Statistic]:
    """Of one style [day, history]."""
    centred = r - r.mean(axis=0)
    sd = centred.std(axis=0)
    yield Statistic(series, "moments", "standard deviation", sd)
    yield Statistic(series, "moments", "skewness", (centred**3).mean(axis=0) / sd**3)
    yield Statistic(series, "moments", "kurtosis", (centred**4).mean(axis=0) / sd**4)
    yield Statistic(series, "trends", "autocorrelation of r at lag 1", correlations(r, r, 1)[0])
    ratio = sums(r, 20).var(axis=0) / (20 * r.var(axis=0))
    yield Statistic(series, "trends", "variance ratio, 20 d", ratio)
    size = np.abs(centred)
    at = correlations(size, size, 30)
    for low, high in ((1, 1), (2, 10), (11, 30)):
        lags = f"lag {low}" if low == high else f"lags {low}-{high}"
        name = f"autocorrelation of |r|, {lags}"
        yield Statistic(series, "volatility clusters", name, at[low - 1 : high].mean(axis=0))
    for days in HORIZONS:
        for share, value in zip(QUANTILES, np.quantile(sums(centred, days), QUANTILES, axis=0), strict=True):
            yield Statistic(
                series, f"quantiles, {days} d", f"{100 * share:g} % quantile over {days} d", value
            )


def company(series: str, r: Array, others: dict[str, Array], unquiet: Array) -> Iterator[Statistic]:
    """Correlations with the ladder on calm days and on unquiet ones."""
    for label, days in (("calm", ~unquiet), ("unquiet", unquiet)):
        for name, other in others.items():
            value = correlated(r, other, days)
            about = f"correlation with {name}, {label} days"
            yield Statistic(series, f"with the ladder, {label} days", about, value)


def correlated(x: Array, y: Array, days: Array) -> Array:
    """Correlation [history] of x with y [day, history] over the days that are true [day, history]."""
    count = days.sum(axis=0)
    x, y = (np.where(days, z - (z * days).sum(axis=0) / count, 0.0) for z in (x, y))
    return (x * y).sum(axis=0) / np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
