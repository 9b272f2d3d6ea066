"""Loadings of styles that follow what was seen: a gain and a persistence, common to styles, by likelihood.

Errors of one loading for every day go through the recursion of market/styles.py; what is left of each style
is Student-t in the deviations of a filter (calibrate/memory.py), and the sum over styles of log densities, a
composite likelihood, is maximised over (g, p). The filter is where the search of a factor's starts: one
fitted to each style moves g by .001. Errors are those of Godambe (1960), H^-1 J H^-1, since styles are
correlated.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from ..core.units import LogReturn, Ratio
from ..market.styles import Adaptive, adapt
from . import memory
from .ladder import Array

BOUNDS = ((0.0, 0.5), (0.0, 0.999))
"""Of the gain and the persistence."""
STARTS = ((0.02, 0.98), (0.05, 0.9))
UNIT = 0.01
"""Of gain and persistence, in a step of the search."""
NEWTON = 3
"""Steps to the top of the likelihood, so that another number of threads gives the same digits."""
STEP = 1e-4
"""Of differences of slopes; a parameter this close to a bound sits on it and has no error."""


@dataclass(frozen=True, kw_only=True)
class Loadings:
    """Fitted adaptive loadings, and the recursion run over the window."""

    value: Array  # [2]  gain, persistence
    error: Array  # [2]  standard errors; NaN on a bound
    residual: Array  # [day, style]  what they leave of style returns
    shift: Array  # [day, style, factor]  off their long run, after each day
    gained: float  # log likelihood over one loading for every day

    @property
    def pays(self) -> bool:
        """Whether two parameters more have the better BIC (Schwarz, 1978)."""
        return 2 * self.gained > len(self.value) * np.log(len(self.residual))


def fit(
    residual: Array, factor: Array, variance: Array, shared: Array, *, with_errors: bool = True
) -> Loadings:
    """The adaptive loadings under which errors of one loading [day, style] are likeliest.

    factor [day, factor], log returns; variance [day, factor], theirs, and shared [day], the ladder's common
    variance, as of the evening before.
    """
    data = tuple(map(jnp.asarray, (residual, factor, variance)))
    law = jnp.asarray(shared), jnp.asarray(residual.std(axis=0))

    def slopes(x: Array) -> tuple[float, Array]:
        height, slope = _slopes(jnp.asarray(x), data, law)
        return float(np.asarray(height).sum()), np.asarray(slope)

    value, height = best(slopes)
    left, shift = followed(jnp.asarray(value), *data)
    return Loadings(
        value=value,
        error=errors(value, slopes) if with_errors else np.full(2, np.nan),
        residual=np.asarray(left),
        shift=np.asarray(shift),
        gained=height - slopes(np.zeros(2))[0],
    )


@jax.jit
def followed(x: Ratio, residual: Ratio, factor: LogReturn, variance: LogReturn) -> tuple[Ratio, Ratio]:
    """What loadings leave [day, style], and their shifts [day, style, factor] after each day."""
    shape = (residual.shape[1], factor.shape[1])
    law = Adaptive(gain=x[0], persistence=x[1], start=jnp.zeros(shape))

    def day(shift: Ratio, today: tuple[Ratio, ...]) -> tuple[Ratio, tuple[Ratio, Ratio]]:
        style, moved, known = today
        left = style - (shift * moved[None]).sum(axis=1)
        after = adapt(law, shift[:, :, None], moved[:, None], known[:, None], left[:, None])[:, :, 0]
        return after, (left, after)

    return jax.lax.scan(day, law.start, (residual, factor, variance))[1]


@jax.jit
def _slopes(x: Ratio, data: tuple[Ratio, ...], law: tuple[Ratio, ...]) -> tuple[Ratio, Ratio]:
    """Log densities [day], summed over styles, and their slopes [day, 2] in gain and persistence."""
    shared, deviation = law
    theta, kappa = jnp.asarray(memory.STARTS[0]), jnp.asarray(memory.KAPPA)

    def heights(x: Ratio) -> tuple[Ratio, Ratio]:
        unit = followed(x, *data)[0] / deviation[None]
        seen = jnp.ones(unit.shape[0], bool)

        def one(moved: Ratio) -> Ratio:
            return memory.densities(theta, moved, seen, shared, kappa, None, unroll=1)

        each = jax.vmap(one, in_axes=1)(unit).sum(axis=0)
        return each, each

    slope, height = jax.jacfwd(heights, has_aux=True)(x)
    return height, slope


Slopes = Callable[[Array], tuple[float, Array]]


def best(slopes: Slopes) -> tuple[Array, float]:
    """The likeliest gain and persistence [2] of all starts, to rounding, and the log likelihood."""

    def cost(unit: Array) -> tuple[float, Array]:
        height, slope = slopes(unit * UNIT)
        return -height, -slope.sum(axis=0) * UNIT

    bounds = np.array(BOUNDS) / UNIT
    found = [
        minimize(cost, np.array(start) / UNIT, jac=True, bounds=bounds, method="L-BFGS-B") for start in STARTS
    ]
    value = min(found, key=lambda one: float(one.fun)).x * UNIT
    for _ in range(NEWTON if inside(value) else 0):
        value = value + np.linalg.solve(bend(value, slopes), slopes(value)[1].sum(axis=0))
    return value, slopes(value)[0]


def inside(value: Array) -> bool:
    """Whether gain and persistence [2] are off their bounds."""
    low, high = np.array(BOUNDS).T
    return bool(((value > low + STEP) & (value < high - STEP)).all())


def bend(value: Array, slopes: Slopes) -> Array:
    """Minus the second derivatives of the log likelihood [2, 2], by differences of its slopes."""
    ends = [slopes(value + step)[1] - slopes(value - step)[1] for step in STEP * np.eye(2)]
    second = -np.array([end.sum(axis=0) for end in ends]) / (2 * STEP)
    return np.asarray((second + second.T) / 2)


def errors(value: Array, slopes: Slopes) -> Array:
    """Standard errors [2] by the sandwich of daily slopes; NaN, both, where one is on a bound."""
    if not inside(value):
        return np.full(2, np.nan)
    daily = slopes(value)[1]
    inverse = np.linalg.inv(bend(value, slopes))
    return np.sqrt(np.diag(inverse @ (daily.T @ daily) @ inverse))
