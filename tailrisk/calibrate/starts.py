"""Starts: days sorted into groups by a smoothed size of their moves, a different sorting for each start."""

import jax
import jax.numpy as jnp
import numpy as np

from .ladder import Array, Observed
from .regimes import Regimes

STAY = 0.95
"""Chance of staying in a regime at the start of the climb: a stay of twenty days."""

NU = 8.0
"""Degrees of freedom at the start of the climb."""


def filled(observed: Observed) -> Array:
    """The factors, with a combination shared equally among those it adds up (least norm). [day, factor]."""
    view = np.asarray(observed.view)
    seen = np.asarray(observed.moment)[:, 1 : 1 + view.shape[-1]]
    inverse = np.linalg.pinv(view)
    return np.einsum("tp,pij,tj->ti", np.asarray(observed.pattern), inverse, seen)


def groups(factors: Array, states: int, generator: np.random.Generator) -> Array:
    """A group 0..states-1 for each day, by quantile of its smoothed, randomly weighted squared move."""
    deviation = factors.std(axis=0)
    scaled = factors / np.where(deviation > 0, deviation, 1.0)
    size = scaled**2 @ generator.dirichlet(np.ones(factors.shape[1]))
    window = int(generator.choice([3, 5, 10, 20, 40]))
    smooth = np.convolve(np.log(size + 1e-3), np.ones(window) / window, mode="same")
    shares = np.cumsum(generator.dirichlet(np.full(states, 4.0)))[:-1]
    return np.searchsorted(np.quantile(smooth, shares), smooth)


def start(observed: Observed, states: int, student: bool, generator: np.random.Generator) -> Regimes:
    """Moments of each group, pulled a fifth of the way to those of all days so that none is singular."""
    factors = filled(observed)
    group = groups(factors, states, generator)
    whole = np.diag(np.diag(np.cov(factors.T, ddof=0).reshape(factors.shape[1], -1)))
    mean, scale = [], []
    for k in range(states):
        days = factors[group == k]
        days = days if len(days) > 1 else factors
        mean.append(0.8 * days.mean(axis=0) + 0.2 * factors.mean(axis=0))
        scale.append(0.8 * np.cov(days.T, ddof=0).reshape(whole.shape) + 0.2 * whole)
    leave = (1.0 - STAY) / max(states - 1, 1)
    transition = np.full((states, states), leave)
    np.fill_diagonal(transition, 1.0 - leave * (states - 1))
    shrink = (NU - 2.0) / NU if student else 1.0
    return Regimes(
        transition=jnp.asarray(transition),
        mean=jnp.asarray(np.stack(mean)),
        scale=jnp.asarray(np.stack(scale) * shrink),
        nu=jnp.asarray(np.float64(NU if student else np.inf)),
        student=student,
    )


def starts(observed: Observed, states: int, student: bool, number: int, seed: int) -> Regimes:
    """`number` starts, the i-th drawn from (seed, i) alone. Leading axis of every array: start."""
    each = [start(observed, states, student, np.random.default_rng([seed, i])) for i in range(number)]
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *each)
