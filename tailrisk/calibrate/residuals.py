"""The law of the filtered residuals: regimes of shocks that come and go within days, fitted by EM.

A slow regime of residuals is a break of correlations seen once (from 2019 on in A-shares): it fits better and
forecasts worse. So starts sort single days by the size of their moves, and of the maxima they climb to the
likeliest is taken whose shock regime lasts LASTING days at most.
"""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from .ladder import Array, observe
from .regimes import Regimes
from .starts import NU, filled
from .switching import LEAST_DAYS, Switching, climb, described, fit_switching, ordered

LASTING = 10.0
"""Mean days of a stay in the last regime, at most."""
STAY, RETURN = 0.8, 0.4
"""Chance of staying in the first regime and in the others where the climb starts."""


def start(factors: Array, states: int, student: bool, generator: np.random.Generator) -> Regimes:
    """Moments of groups of single days, by size of the move: falls count for more in some starts."""
    size = factors**2 @ generator.dirichlet(np.ones(factors.shape[1]))
    tilt = factors @ generator.dirichlet(np.ones(factors.shape[1]))
    size = size * (1.0 + generator.uniform(0, 0.6) * (tilt < 0))
    shares = 1.0 - np.cumsum(generator.uniform(0.1, 0.35, states - 1))[::-1]
    group = np.searchsorted(np.quantile(size, np.clip(shares, 0.05, 0.95)), size)
    spread = np.diag(factors.var(axis=0))
    mean = np.stack([factors[group == k].mean(axis=0) for k in range(states)])
    scale = np.stack([0.8 * np.cov(factors[group == k].T, ddof=0) + 0.2 * spread for k in range(states)])
    stay = np.append(STAY, np.full(states - 1, RETURN))
    transition = np.repeat((1 - stay)[:, None], states, axis=1) / max(states - 1, 1)
    np.fill_diagonal(transition, stay if states > 1 else 1.0)
    return Regimes(
        transition=jnp.asarray(transition),
        mean=jnp.asarray(mean),
        scale=jnp.asarray(scale * ((NU - 2) / NU if student else 1.0)),
        nu=jnp.asarray(np.float64(NU if student else np.inf)),
        student=student,
    )


def fit_residuals(
    residual: Array,
    *,
    states: int = 2,
    shocks: str = "student",
    number: int = 6,
    seed: int = 0,
    with_errors: bool = True,
    progress: Callable[[int], None] = lambda step: None,
    most_nu: float | None = None,
) -> Switching:
    """Regimes of residuals u [day, factor], NaN where missing; one law where no start finds shocks.

    most_nu: most degrees of freedom, fewer than fitted at the fitted covariance; errors are then NaN.
    The factors seen on a day are the first ones, or all: what the ladder's views can say.
    """
    observed = observe(np.cumsum(residual, axis=1))
    student = shocks == "student"
    factors = filled(observed)
    each = [start(factors, states, student, np.random.default_rng([seed, i])) for i in range(number)]
    begun = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *each)
    climbed, reached, days = climb(observed, begun, progress)
    found = chosen(climbed, reached, days)
    if found is None:
        return fit_switching(observed, states=1, shocks=shocks, number=1, seed=seed)
    found = found if most_nu is None else heavier(found, most_nu)
    return described(observed, found, shocks, reached, with_errors=with_errors and most_nu is None)


def heavier(law: Regimes, most_nu: float) -> Regimes:
    """The same covariances with at most so many degrees of freedom; polishing would undo it."""
    nu = float(law.nu)
    if not law.student or nu <= most_nu:
        return law
    scale = law.scale * (nu / (nu - 2)) * ((most_nu - 2) / most_nu)
    return replace(law, scale=scale, nu=jnp.asarray(most_nu))


def chosen(climbed: Regimes, reached: Array, days: Array) -> Regimes | None:
    """The likeliest of the sound starts whose last regime is one of shocks, if any."""
    best, height = None, -np.inf
    for i, value in enumerate(reached):
        if not np.isfinite(value) or days[i].min() < LEAST_DAYS or value <= height:
            continue
        regimes = ordered(jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], climbed))
        stay = float(regimes.transition[-1, -1])
        if len(regimes.transition) == 1 or stay <= 1 - 1 / LASTING:
            best, height = regimes, float(value)
    return best
