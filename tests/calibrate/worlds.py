"""Known regimes and days drawn from them with NumPy, for tests that ask whether they are found again."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from tailrisk.calibrate.regimes import Regimes

Array = NDArray[Any]


def regimes(states: int, factors: int, *, student: bool = True, nu: float = 6.0, seed: int = 1) -> Regimes:
    """Regimes with skewed means, correlated scales growing from calm to crisis, unequal stays."""
    generator = np.random.default_rng(seed)
    mean = generator.normal(0.0, 1e-3, (states, factors)) - 1e-3 * np.arange(states)[:, None]
    scale = np.empty((states, factors, factors))
    for k in range(states):
        root = np.tril(generator.normal(0.0, 0.3, (factors, factors)), -1) + np.eye(factors)
        size = 0.006 * 2.2**k * np.linspace(1.0, 0.4, factors)
        scale[k] = (size[:, None] * root) @ (size[:, None] * root).T
    transition = generator.dirichlet(np.ones(states), states) * 0.08 + 0.92 * np.eye(states)
    return Regimes(
        transition=jnp.asarray(transition),
        mean=jnp.asarray(mean),
        scale=jnp.asarray(scale),
        nu=jnp.asarray(np.float64(nu)),
        student=student,
    )


def draw(world: Regimes, days: int, seed: int) -> Array:
    """Factors [day, factor] of a path of regimes that starts uniformly."""
    generator = np.random.default_rng(seed)
    transition, mean = np.asarray(world.transition), np.asarray(world.mean)
    root = np.linalg.cholesky(np.asarray(world.scale))
    nu, states = float(world.nu), len(transition)
    state, out = int(generator.integers(states)), []
    for _ in range(days):
        mix = np.sqrt(nu / generator.chisquare(nu)) if world.student else 1.0
        out.append(mean[state] + mix * root[state] @ generator.normal(size=mean.shape[1]))
        state = int(generator.choice(states, p=transition[state]))
    return np.array(out)


def returns(factors: Array) -> Array:
    """Log returns of the buckets: sums up the ladder. [day, factor] -> [day, bucket]."""
    return np.cumsum(factors, axis=1)


def gaps(values: Array, column: int, days: int) -> Array:
    """The same with one bucket missing on the first days."""
    out = values.copy()
    out[:days, column] = np.nan
    return out
