"""Forecasts of the memory process: one day in closed form, more by simulation from the filtered state.

y | regime k ~ t: place  slope . (m + a + s mean_k),  scale^2  (slope s)' S_k (slope s),  so a day's gain is a
mixture of t laws with the chances of the day's regime. Sums of days are simulated with the process itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray
from scipy import stats

from ...calibrate.ladder import ladder, observe
from ...calibrate.memory import Filtered, filtered
from ...calibrate.memory_law import Law, fit_law
from ...calibrate.regimes import Regimes
from ...calibrate.switching import probabilities
from ...calibrate.targeting import params
from ...core import random
from ...core.units import Count, LogReturn, Probability
from ...market import memory, process, regimes

Array = NDArray[Any]

PATHS = 8192
FITTED = partial(fit_law, with_long_run=False)
"""The long run of days ahead is the window's variance, so none is simulated."""
STEPS = 60
"""Halvings of an interval around a quantile."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Days forecast with one fit."""

    law: Law
    run: Filtered  # from the first row of the data to the last of the stretch
    chance: Array  # [row, regime]  after each row
    first: int
    end: int


def stretches(
    returns: Array,
    refits: list[int],
    starts: int,
    seed: int,
    fitted: Callable[..., Law] = FITTED,
) -> Iterator[Stretch]:
    """One for each row in `refits`; a fit sees rows before its own only. returns [row, bucket], log.

    fitted: `fit_law`, with other constants where they are asked about.
    """
    factors = ladder(returns)
    for first, end in pairwise([*refits, len(returns)]):
        law = fitted(factors[:first], starts=starts, seed=seed, with_errors=False)
        run = filtered(law.fit, factors[:end])
        yield Stretch(law=law, run=run, chance=filtered_chance(law, run), first=first, end=end)


def filtered_chance(law: Law, run: Filtered) -> Array:
    """P(regime | days so far) [row, regime] under the residuals' law."""
    return np.asarray(probabilities(observe(np.cumsum(run.residual, axis=1)), of_residuals(law))[1])


def of_residuals(law: Law) -> Regimes:
    """The residuals' law as the likelihood takes it."""
    found = law.residuals
    student = found.shocks == "student"
    nu = np.inf if found.nu is None else found.nu
    return Regimes(
        transition=jnp.asarray(found.transition),
        mean=jnp.asarray(found.mean),
        scale=jnp.asarray(found.covariance * ((nu - 2) / nu if student else 1.0)),
        nu=jnp.asarray(nu),
        student=student,
    )


def ahead(stretch: Stretch) -> Array:
    """P(regime on the day | every day before it) [day, regime] of the stretch's days."""
    return stretch.chance[stretch.first - 1 : stretch.end - 1] @ stretch.law.residuals.transition


def one_day(stretch: Stretch, slope: Array, tails: list[float]) -> Array:
    """VaR and ES [2, level, day] of minus the gain slope . r, r [bucket] log returns."""
    law, run, days = stretch.law.residuals, stretch.run, slice(stretch.first, stretch.end)
    tilt = slope @ np.tril(np.ones((len(slope),) * 2))  # on factors
    weight = ahead(stretch)
    loading = tilt * run.deviation[days]  # [day, factor]
    middle = (tilt * (stretch.law.fit.mean + run.centre[days])).sum(axis=1)
    if stretch.law.rows is not None:
        return of_rows(middle, loading, stretch.law.rows, tails)
    place = middle[:, None] + loading @ law.mean.T
    spread = 1.0 if law.nu is None else np.sqrt((law.nu - 2) / law.nu)
    scale = np.sqrt(np.einsum("ti,kij,tj->tk", loading, law.covariance, loading)) * spread
    return np.moveaxis(np.array([lower(weight, place, scale, law.nu, tail) for tail in tails]), 1, 0)


def of_rows(middle: Array, loading: Array, rows: Array, tails: list[float]) -> Array:
    """VaR and ES [2, level, day] of minus middle + loading . u, u any of rows [row, factor].

    middle [day], loading [day, factor]; tails are lower probabilities.
    """
    counts = [max(round(tail * len(rows)), 1) for tail in tails]
    out = np.empty((2, len(tails), len(middle)))
    for day, (centre, one) in enumerate(zip(middle, loading, strict=True)):
        gain = centre + rows @ one
        worst = np.sort(np.partition(gain, max(counts) - 1)[: max(counts)])
        for a, count in enumerate(counts):
            out[:, a, day] = -worst[count - 1], -worst[:count].mean()
    return out


def lower(weight: Array, place: Array, scale: Array, nu: float | None, tail: float) -> tuple[Array, Array]:
    """VaR and ES [day] at lower probability `tail` of mixtures [day, regime] of t laws, as losses."""
    unit = stats.norm if nu is None else stats.t(nu)
    low, high = (place + scale * unit.ppf(p) for p in (tail / 1e3, 0.5))
    low, high = low.min(axis=1), high.max(axis=1)
    for _ in range(STEPS):
        middle = (low + high) / 2
        below = (weight * unit.cdf((middle[:, None] - place) / scale)).sum(axis=1) < tail
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    z = (high[:, None] - place) / scale
    reach = unit.pdf(z) * (1.0 if nu is None else (nu + z * z) / (nu - 1))
    inside = (weight * (place * unit.cdf(z) - scale * reach)).sum(axis=1)
    return -high, -inside / tail


def over_days(stretch: Stretch, slopes: Array, horizon: int, tails: list[float], seed: int) -> Array:
    """VaR and ES [2, level, target, day] of sums of `horizon` days, slopes [target, bucket].

    PATHS paths from each evening's filtered state, the same shocks for all of them; the long run is the fit's
    own, as in the filter, for days ahead are few.
    """
    found = stretch.law
    law = params(found.fit, found.residuals, found.limit, found.fit.variance, found.rows)
    counts = [max(round(tail * PATHS), 1) for tail in tails]
    out = np.empty((2, len(tails), len(slopes), stretch.end - stretch.first))
    for i, row in enumerate(range(stretch.first - 1, stretch.end - 1)):
        total = np.asarray(
            _simulated(law, stand(stretch, row), jnp.asarray(stretch.chance[row]), seed=seed, days=horizon)
        )
        gain = np.sort(slopes @ total, axis=1)
        for a, count in enumerate(counts):
            out[0, a, :, i], out[1, a, :, i] = -gain[:, count - 1], -gain[:, :count].mean(axis=1)
    return out


def stand(stretch: Stretch, row: int) -> memory.State:
    """The filtered state at the close of a row, as one path; what a missing factor left is its long run's."""
    run = stretch.run
    return memory.State(
        row=jnp.zeros(1, jnp.int32),
        square=jnp.asarray(run.square[row])[:, :, None],
        common=jnp.asarray(run.common[row])[None],
        trend=jnp.asarray(run.trend[row])[:, None],
        last=jnp.asarray(run.last[row])[:, None],
    )


@partial(jax.jit, static_argnames=("seed", "days"))
def _simulated(
    law: memory.Params, start: memory.State, chance: Probability, *, seed: int, days: int
) -> LogReturn:
    """Sums of log returns [bucket, path]."""
    stream, dtype = random.stream(seed, "backtest"), process.dtype(law)
    number = jnp.arange(PATHS, dtype=jnp.uint32)
    first = random.uniforms(stream, number, jnp.zeros_like(number), dtype)
    state: memory.State = jax.tree.map(lambda x: jnp.broadcast_to(x, (*x.shape[:-1], PATHS)), start)
    regime = regimes.init(jnp.cumsum(chance), first)

    def one_day(
        carry: tuple[process.State, LogReturn], day: Count
    ) -> tuple[tuple[process.State, LogReturn], None]:
        state, total = carry
        now = jnp.broadcast_to(day, number.shape)
        uniform = random.uniforms(stream, number, now + jnp.uint32(2**31), dtype)
        unit = random.unit_pairs(
            stream, number, day[None], process.pairs(law), process.inverse_nu(law), dtype
        )
        state, log_return, _ = process.step(law, state, process.Shocks(regime=uniform, ladder=unit[0]))
        return (state, total + log_return), None

    zero = jnp.zeros((process.buckets(law), PATHS), dtype)
    ahead = jnp.arange(1, days + 1, dtype=jnp.uint32)
    return lax.scan(one_day, (process.with_regime(law, state, regime), zero), ahead)[0][1]
