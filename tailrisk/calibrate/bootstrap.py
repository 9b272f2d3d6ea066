"""Draws of a fit: the memory law refitted to days resampled in stationary blocks, one law a draw.

Blocks of geometric length (Politis and Romano, 1994) say how often a day counts, n_t. Means, variances and
the filter's Student likelihood are of the days as they were, each counted n_t times, so that no block begins
with another's volatility; regimes are fitted to the residuals of the resampled days, in their order. Where a
draw stands is the filter's run over the days themselves: a draw differs from the fit by its parameters alone.
"""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from scipy.optimize import minimize

from ..core.errors import InputError
from ..core.units import Flag, LogReturn, Ratio
from . import memory
from .ladder import Array, observe
from .memory import BOUNDS, Fit
from .memory_law import Law
from .regimes import Regimes
from .switching import LEAST_DAYS, Switching, climb, described, ordered, probabilities
from .targeting import targeted

BLOCK = 250.0
"""Mean days of a block: the slowest memory of the filter is a hundred days."""
MOST = 4
"""Resamples tried for a draw before it is refused: one may leave a regime without days."""


def resampled(days: int, generator: np.random.Generator, block: float = BLOCK) -> Array:
    """Days in their new order [day]: stationary blocks of mean length `block`, wrapped at the end."""
    fresh = generator.random(days) < 1 / block
    fresh[0] = True
    start = generator.integers(0, days, days)
    first = np.maximum.accumulate(np.where(fresh, np.arange(days), 0))
    return (start[first] + np.arange(days) - first) % days


def draws(
    law: Law,
    factors: Array,
    *,
    count: int,
    seed: int = 0,
    progress: Callable[[float], None] = lambda done: None,
) -> list[Law]:
    """`count` laws refitted to resampled days of factors [day, factor]. Raises InputError where none fits."""
    found = []
    for number in range(count):
        progress(number / count)
        found.append(_draw(law, factors, number, seed))
    return found


def _draw(law: Law, factors: Array, number: int, seed: int) -> Law:
    for attempt in range(MOST):
        generator = np.random.default_rng([seed, number, attempt])
        drawn = refitted(law, factors, resampled(len(factors), generator), seed)
        if drawn is not None:
            return drawn
    raise InputError(
        "--draws", f"draw {number} has a regime without days in {MOST} resamples", "longer data, or no draws"
    )


def refitted(law: Law, factors: Array, order: Array, seed: int = 0) -> Law | None:
    """The law of days in another order [day]; None where a regime is left without days."""
    counted = np.bincount(order, minlength=len(factors)).astype(float)
    fit = _filter(law.fit, factors, counted)
    run = memory.filtered(fit, factors)
    residuals = _residuals(law.residuals, run.residual, order)
    if residuals is None:
        return None
    wide = targeted(fit, residuals, law.limit, len(factors), seed)
    return Law(fit=fit, filtered=run, residuals=residuals, limit=law.limit, long_run=wide)


def moments(factors: Array, counted: Array) -> tuple[Array, Array]:
    """Mean and variance [factor] of factors [day, factor], of days that count `counted` [day] times."""
    weight, known = np.where(np.isfinite(factors), counted[:, None], 0.0), np.nan_to_num(factors)
    mean = (weight * known).sum(axis=0) / weight.sum(axis=0)
    return mean, (weight * (known - mean) ** 2).sum(axis=0) / weight.sum(axis=0)


def _filter(fit: Fit, factors: Array, counted: Array) -> Fit:
    """The filter of days that count `counted` [day] times, from where the fit is."""
    mean, variance = moments(factors, counted)
    moved = factors - mean
    shared = np.append(1.0, memory.common(moved, variance, fit.constants.common)[:-1])
    value = np.empty_like(fit.value)
    for i in range(len(mean)):
        args = memory._arguments(
            moved[:, i] / np.sqrt(variance[i]), shared, float(fit.kappa[i]), fit.constants
        )
        blank = len(args[0]) - len(counted)
        value[i] = _nearest(
            fit.value[i], (*args, jnp.asarray(np.pad(counted, (0, blank)))), fit.constants.floor
        )
    return replace(
        fit,
        mean=mean,
        variance=variance,
        value=value,
        error=np.full_like(value, np.nan),
        log_likelihood=np.nan,
    )


def _cost(
    theta: Ratio,
    moved: LogReturn,
    seen: Flag,
    shared: Ratio,
    kappa: Ratio,
    rates: Ratio | None,
    counted: Ratio,
) -> Ratio:
    """Minus the log likelihood of a factor, as `memory.cost`, of days that count `counted` [day] times."""
    centre, deviation, *_ = memory.run(theta, moved, seen, shared, kappa, rates)
    scale, inverse = theta[6], theta[7]
    nu = 1 / inverse
    z = (moved - centre) / (deviation * scale)
    height = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * jnp.log(nu * jnp.pi)
    density = height - (nu + 1) / 2 * jnp.log1p(z * z * inverse) - jnp.log(deviation * scale)
    return -jnp.where(seen, counted * density, 0.0).sum()


_slope = jax.jit(jax.value_and_grad(_cost))


def _nearest(start: Array, args: tuple[Ratio | None, ...], floor: float) -> Array:
    """The cheapest parameters from `start`, within the bounds and the floor of `memory.best`."""
    low, high = np.array(BOUNDS).T

    def height(x: Array) -> tuple[float, Array]:
        value, slope = _slope(jnp.asarray(x), *args)
        return float(value), np.asarray(slope)

    room = {"type": "ineq", "fun": lambda x: 1 - floor - x[1:5].sum(), "jac": lambda x: memory._SUM}
    found = minimize(
        height, start, jac=True, bounds=BOUNDS, constraints=[room], method="SLSQP", options={"ftol": 1e-6}
    )
    return np.clip(found.x if np.isfinite(found.fun) else start, low, high)


def _residuals(law: Switching, residual: Array, order: Array) -> Switching | None:
    """Regimes of the residuals [day, factor] in another order, climbed to from the fit's."""
    observed = observe(np.cumsum(residual[order], axis=1))
    begun = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], _regimes(law))
    climbed, reached, days = climb(observed, begun, lambda step: None)
    if not np.isfinite(reached[0]) or days[0].min() < LEAST_DAYS:
        return None
    found = ordered(jax.tree.map(lambda leaf: np.asarray(leaf)[0], climbed))
    drawn = described(observed, found, law.shocks, reached, with_errors=False)
    so_far = probabilities(observe(np.cumsum(residual, axis=1)), found)[1]
    return replace(drawn, filtered=np.asarray(so_far))


def _regimes(law: Switching) -> Regimes:
    """A fitted model as EM has it: the t scale in place of the covariance."""
    student = law.nu is not None
    narrow = 1.0 if law.nu is None else (law.nu - 2) / law.nu
    return Regimes(
        transition=jnp.asarray(np.maximum(law.transition, 1e-12)),
        mean=jnp.asarray(law.mean),
        scale=jnp.asarray(law.covariance * narrow),
        nu=jnp.asarray(np.float64(np.inf if law.nu is None else law.nu)),
        student=student,
    )
