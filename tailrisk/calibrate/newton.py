"""The last steps to the top of the likelihood, which EM stops short of.

EM stops about a thousandth of a standard error away, and starts that climb the same hill stop at as many
places, of which the last bits choose one. Newton's steps end at the top, whatever the start and the threads.
"""

import jax.numpy as jnp
import numpy as np

from .information import EDGE, derivatives, free, height, moved, places, slope, spread
from .ladder import Array, Observed
from .regimes import Regimes

STEPS = 6
"""With the first step's information: each leaves about a thousandth of the way to the top."""


def polished(observed: Observed, regimes: Regimes) -> Regimes:
    """The regimes at the top: x <- x + I^-1 g(x) from zero, g and I = -H as in `information.derivatives`.

    Moves on the edge are zero. The regimes as they were where I is not positive definite, or the steps do not
    rise: there is no top nearby.
    """
    where = free(regimes)
    gradient, hessian, _ = derivatives(observed, regimes, where)
    information = -(hessian + hessian.T) / 2
    if not (np.isfinite(information).all() and np.linalg.eigvalsh(information)[0] > 0):
        return regimes
    at, ways = np.linalg.solve(information, gradient), places(where)
    for _ in range(STEPS - 1):
        at = at + np.linalg.solve(information, np.asarray(slope(jnp.asarray(at), observed, regimes, ways)))
    low, high = (float(height(jnp.asarray(x), observed, regimes, ways)) for x in (0 * at, at))
    return settled(moved(regimes, spread(jnp.asarray(at), ways))) if high > low - SLACK else regimes


SLACK = 1e-6
"""Of log-likelihood, rounding."""


def settled(regimes: Regimes) -> Regimes:
    """The same with moves on the edge set to zero, as NumPy keeps them."""
    transition: Array = np.asarray(regimes.transition)
    transition = np.where(transition < EDGE, 0.0, transition)
    return Regimes(
        transition=jnp.asarray(transition / transition.sum(axis=1, keepdims=True)),
        mean=regimes.mean,
        scale=regimes.scale,
        nu=regimes.nu,
        student=regimes.student,
    )
