"""Laws of residuals that are drawn as rows: the fitted regimes, with Pareto tails, or with a skewed regime.

Rows are drawn singly, so a regime's stay of a day or two is lost: `as_regimes` is there to show what that
costs.
"""

from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar

from tailrisk.calibrate.switching import Switching
from tailrisk.tail.extreme import fit_pareto
from tailrisk.tail.heavy import FEWEST

Array = np.ndarray
ROWS = 16_384
WORST = 0.05
"""Share of a factor's residuals, on each side, that a Pareto tail takes the place of."""
SKEWS = (-0.6, 0.6)


def drawn(law: Switching, seed: int = 0) -> tuple[Array, Array]:
    """(residuals less their regime's mean [row, factor], regime [row]) of the fitted law."""
    rng = np.random.default_rng(seed)
    states, size = law.mean.shape
    chance = law.occupancy / law.occupancy.sum()
    regime = np.repeat(np.arange(states), np.diff(np.round(np.cumsum([0, *chance]) * ROWS).astype(int)))
    normal = rng.standard_normal((ROWS // 2, size))
    normal = np.concatenate([normal, -normal])[rng.permutation(ROWS)]  # centred
    root = np.linalg.cholesky(law.covariance)
    out = np.einsum("tij,tj->ti", root[regime], normal)
    if law.nu is not None:
        out *= np.sqrt((law.nu - 2) / rng.chisquare(law.nu, ROWS))[:, None]
    return out, regime


def as_regimes(law: Switching, residual: Array) -> Array:
    """Rows [row, factor] of the fitted law itself; residual [day, factor] is not looked at."""
    centred, regime = drawn(law)
    return centred + law.mean[regime]


def pareto(law: Switching, residual: Array) -> Array:
    """The same with each factor's tails, on both sides, of generalised Pareto laws of the residuals' own.

    The order of rows in a tail stays, so what falls together still does (McNeil and Frey, 2000, by factor).
    """
    rows = as_regimes(law, residual)
    mean = rows.mean(axis=0)
    for i, own in enumerate(residual.T):
        for side in (-1.0, 1.0):
            rows[:, i] = side * tailed(side * rows[:, i], side * own[np.isfinite(own)])
    return rows - rows.mean(axis=0) + mean


def tailed(x: Array, seen: Array) -> Array:
    """x [row], its upper WORST share put on the Pareto tail of `seen` [day], in the same order.

    The body ends where the tail begins: both are joined by scaling the tail to x's own quantile.
    """
    worst = max(WORST, (FEWEST + 2) / len(seen))
    fit = fit_pareto(seen, threshold=float(np.quantile(seen, 1 - worst)))
    edge = np.quantile(x, 1 - worst)
    beyond = np.flatnonzero(x > edge)
    rank = x[beyond].argsort().argsort()
    p = (len(beyond) - rank - 0.5) / len(beyond)  # P(more | in the tail)
    over = -np.log(p) if abs(fit.shape) < 1e-9 else (p**-fit.shape - 1) / fit.shape
    out = x.copy()
    out[beyond] = edge + fit.scale * over
    return out


def skewed(law: Switching, residual: Array) -> Array:
    """Rows of the fitted law, each factor of its last regime two-piece (Fernandez and Steel, 1998).

    The part below is stretched by 1 + g and that above by 1 - g; g by likelihood of the residuals weighted by
    the chance of the regime, then mean and variance are the regime's again.
    """
    centred, regime = drawn(law)
    last = regime == law.mean.shape[0] - 1
    for i in range(law.mean.shape[1]):
        known = np.isfinite(residual[:, i])
        sd = np.sqrt(law.covariance[-1, i, i])
        z = (residual[known, i] - law.mean[-1, i]) / sd
        g = asymmetry(z, law.smoothed[known, -1], law.nu)
        bent = two_piece(centred[last, i], g, law.nu)
        centred[last, i] = (bent - bent.mean()) / bent.std() * sd
    return centred + law.mean[regime]


def two_piece(x: Array, g: float, nu: float | None) -> Array:
    """x [row] in the same order, its law that of a t of 1 + g times the width below zero and 1 - g above."""
    unit = _unit(nu)
    p = (x.argsort().argsort() + 0.5) / len(x)
    below = (1 + g) * unit.ppf(np.minimum(p / (1 + g), 0.5))
    above = (1 - g) * unit.isf(np.minimum((1 - p) / (1 - g), 0.5))
    return np.where(p < (1 + g) / 2, below, above)


def asymmetry(z: Array, weight: Array, nu: float | None) -> float:
    """g of `two_piece`, about its mean -2 g E|x|, of z [day] that count `weight` [day]."""
    unit = _unit(nu)
    absolute = float(2 * unit.expect(lambda x: x, lb=0))

    def cost(g: float) -> float:
        mean = -2 * g * absolute
        side = np.where(z + mean < 0, 1 + g, 1 - g)
        return -float(weight @ unit.logpdf((z + mean) / side))

    return float(minimize_scalar(cost, bounds=SKEWS, method="bounded").x)


def _unit(nu: float | None) -> Any:
    """A t law of variance one."""
    return stats.norm() if nu is None else stats.t(nu, scale=np.sqrt((nu - 2) / nu))
