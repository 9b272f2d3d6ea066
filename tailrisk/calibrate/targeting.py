"""The long-run variance by simulation: what the floor pulls to, so that histories are as wide as the data.

s^2 is linear in squared returns, so a factor's long-run variance is in proportion to w_0 v. Persistence near
one and heavy tails make its formula useless; the median of simulated histories says how far it is off.
"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..core import random
from ..core.units import Count, LogReturn
from ..market import ladder, memory, process, regimes
from .ladder import Array
from .memory import Fit
from .switching import Switching

HISTORIES, ROUNDS, BURN_IN = 64, 3, 500
BOUNDS = (0.2, 2.0)
"""Of the variance pulled to, over the data's."""


def targeted(
    fit: Fit,
    law: Switching,
    limit: tuple[float, ...] | None,
    days: int,
    seed: int,
    rows: Array | None = None,
) -> Array:
    """The variance [factor] that w_0 multiplies, so that the median history of `days` has the data's.

    rows [row, factor]: residuals that are drawn in place of the regimes'.
    """
    found = fit.variance.copy()
    for _ in range(ROUNDS):
        made = np.asarray(_spread(params(fit, law, limit, found, rows), _stream(seed), days=days))
        found = np.clip(found * fit.variance / np.median(made, axis=1), *np.outer(BOUNDS, fit.variance))
    return found


def params(
    fit: Fit,
    law: Switching,
    limit: tuple[float, ...] | None,
    long_run: Array,
    rows: Array | None = None,
) -> memory.Params:
    """The process of a fit, from the long-run variance [factor]; rows [row, factor] as in `targeted`."""
    count = len(fit.mean)
    weights = fit.value[:, 1:5].T
    inverse_nu = 0.0 if law.nu is None else 1 / law.nu
    root = np.linalg.cholesky(law.covariance) * np.sqrt(1 - 2 * inverse_nu)
    bound = np.full(count, np.nan) if limit is None else np.array(limit)
    still = jnp.zeros((count, 1))
    fixed = fit.constants
    state = memory.State(
        row=jnp.zeros(1, jnp.int32),
        square=jnp.asarray(np.broadcast_to(fit.variance[None, :, None], (len(fixed.decays), count, 1))),
        common=jnp.ones(1),
        trend=still,
        last=still,
    )
    made = memory.Params(
        filter=memory.Filter(
            mean=jnp.asarray(fit.mean),
            phi=jnp.asarray(fit.value[:, 0]),
            kappa=jnp.asarray(fit.kappa),
            weight=jnp.asarray(
                np.stack([(1 - weights.sum(axis=0)) * long_run, *weights[:3], weights[3] * fit.variance])
            ),
            leverage=jnp.asarray(fit.value[:, 5]),
            inverse=jnp.asarray(1 / (count * fit.variance)),
            cap=jnp.asarray(fixed.cap**2 * fit.variance),
            low=jnp.asarray(np.where(np.isnan(bound), -1e3, np.log1p(-np.nan_to_num(bound)))),
            high=jnp.asarray(np.where(np.isnan(bound), 1e3, np.log1p(np.nan_to_num(bound)))),
            decays=fixed.decays,
            common=fixed.common,
            trend=fixed.trend,
        ),
        regimes=regimes.Params(
            cumulative=jnp.asarray(np.cumsum(law.transition, axis=1)),
            start=jnp.asarray(np.cumsum(law.occupancy)),
        ),
        ladder=ladder.Params(
            affine=jnp.asarray(np.concatenate([law.mean[:, :, None], root], axis=2)),
            inverse_nu=jnp.asarray(inverse_nu) if inverse_nu else None,
        ),
        long_run=jnp.asarray(np.cumsum(law.occupancy)),
        start=state,
        past=state,
        stress=jnp.asarray(2.0),
    )
    return made if rows is None else _of_rows(made, rows)


def _of_rows(law: memory.Params, rows: Array) -> memory.Params:
    """The same filter, its residuals drawn singly from rows [row, factor]."""
    one, count = jnp.ones(1), rows.shape[1]
    return replace(
        law,
        regimes=regimes.Params(cumulative=jnp.ones((1, 1)), start=one),
        ladder=ladder.Params(affine=jnp.zeros((1, count, count + 1)), inverse_nu=None),
        long_run=one,
        days=memory.Days(rows=jnp.asarray(rows), leave=jnp.asarray(1.0)),
    )


def _stream(seed: int) -> random.Stream:
    return random.stream(seed, "targeting")


@partial(jax.jit, static_argnames="days")
def _spread(law: memory.Params, stream: random.Stream, *, days: int) -> LogReturn:
    """Variance of every factor in every history [factor, history]."""
    number = jnp.arange(HISTORIES, dtype=jnp.uint32)
    dtype = process.dtype(law)
    state = process.init(law, random.uniforms(stream, number, jnp.zeros_like(number), dtype))

    def one_day(
        carry: tuple[process.State, LogReturn, LogReturn], day: Count
    ) -> tuple[tuple[process.State, LogReturn, LogReturn], None]:
        state, total, square = carry
        uniform = random.uniforms(
            stream, number, jnp.broadcast_to(day, number.shape) + jnp.uint32(2**31), dtype
        )
        unit = random.unit_pairs(
            stream, number, day[None], process.pairs(law), process.inverse_nu(law), dtype
        )
        state, log_return, _ = process.step(law, state, process.Shocks(regime=uniform, ladder=unit[0]))
        factor = jnp.concatenate([log_return[:1], log_return[1:] - log_return[:-1]])
        counted = (day > BURN_IN).astype(dtype)
        return (state, total + counted * factor, square + counted * factor * factor), None

    zero = jnp.zeros((process.buckets(law), HISTORIES), dtype)
    whole = jnp.arange(1, days + BURN_IN + 1, dtype=jnp.uint32)
    (_, total, square), _ = lax.scan(one_day, (state, zero, zero), whole)
    return square / days - (total / days) ** 2
