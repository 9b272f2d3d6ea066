"""Whole forecasts judged by draws from them: PIT, CRPS, its tail, the energy score.

Draws are [draw, day], what came [day], losses positive; several series at once [draw, day, series] and
[day, series]. InputError everywhere: shapes that do not belong together, values that are not finite.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtri

from ..core import InputError
from .backtest import Verdict
from .border import Array, finite


def pit(losses: ArrayLike, draws: ArrayLike) -> Array:
    """(draws below the loss + 1/2 of those equal + 1/2) / (draws + 1) [day]: uniform where they are its law.

    losses [day], draws [draw, day] in one unit. InputError: other shapes.

    >>> pit([0.0], [[-1.0], [1.0], [2.0]])
    array([0.375])
    """
    loss, drawn = _fitting(losses, draws)
    below = (drawn < loss).sum(axis=0) + 0.5 * (drawn == loss).sum(axis=0)
    return np.asarray((below + 0.5) / (len(drawn) + 1))


def berkowitz(uniform: ArrayLike) -> Verdict:
    """PIT through the normal quantile, z_t = m + r z_{t-1} + e_t, against (0, 0, 1) ~ chi-square(3).

    Berkowitz (2001), equation 5, the first day given; uniform [day] in (0, 1). InputError: values outside,
    fewer than ten days.

    >>> berkowitz(np.random.default_rng(0).random(500)).p_value > 0.05
    True
    """
    u = finite("uniform", uniform)
    if u.ndim != 1 or len(u) < 10 or not ((u > 0) & (u < 1)).all():
        raise InputError("uniform", f"has shape {u.shape}", "ten days or more of values in (0, 1)")
    z = ndtri(u)
    now, x = z[1:], np.stack([np.ones(len(z) - 1), z[:-1]])
    line, *_ = np.linalg.lstsq(x.T, now, rcond=None)
    variance = float(((now - line @ x) ** 2).mean())
    statistic = float((now**2).sum() - len(now) * (1 + math.log(variance)))
    return Verdict(statistic, float(chdtrc(3, max(statistic, 0.0))))


def crps(losses: ArrayLike, draws: ArrayLike) -> Array:
    """E|X - L| - E|X - X'| / 2 over all pairs of draws [day]      Gneiting & Raftery (2007), equation 21.

    losses [day], draws [draw, day] in one unit, that of the score. InputError: other shapes.

    >>> crps([0.0], [[-1.0], [1.0]])
    array([0.5])
    """
    loss, drawn = _fitting(losses, draws)
    m = len(drawn)
    ordered = np.sort(drawn, axis=0)
    rank = (2 * np.arange(1, m + 1) - m - 1)[:, None]
    return np.asarray(np.abs(drawn - loss).mean(axis=0) - (rank * ordered).sum(axis=0) / m**2)


def tail_crps(losses: ArrayLike, draws: ArrayLike, *, threshold: float) -> Array:
    """CRPS with weight on losses beyond a threshold alone [day]: that of max(X, t) and max(L, t).

    Gneiting & Ranjan (2011); Allen, Ginsbourger & Ziegel (2023). losses [day], draws [draw, day] in one unit.
    InputError: other shapes.

    >>> tail_crps([0.0], [[-1.0], [1.0]], threshold=2.0)
    array([0.])
    """
    loss, drawn = _fitting(losses, draws)
    return crps(np.maximum(loss, threshold), np.maximum(drawn, threshold))


def energy_score(losses: ArrayLike, draws: ArrayLike) -> Array:
    """E||X - L|| - E||X - X'|| / 2 over all pairs of draws [day]      Gneiting & Raftery (2007), equation 22.

    losses [day, series], draws [draw, day, series] in one unit. InputError: other shapes.

    >>> energy_score([[0.0, 0.0]], [[[3.0, 4.0]], [[3.0, 4.0]]])
    array([5.])
    """
    loss, drawn = _fitting(losses, draws, axes=2)
    near = np.linalg.norm(drawn - loss, axis=-1).mean(axis=0)
    apart = np.zeros(loss.shape[0])
    for one in drawn:
        apart += np.linalg.norm(drawn - one, axis=-1).mean(axis=0)
    return np.asarray(near - apart / len(drawn) / 2)


def _fitting(losses: ArrayLike, draws: ArrayLike, axes: int = 1) -> tuple[Array, Array]:
    """(losses, draws) as finite arrays whose shapes belong together."""
    loss, drawn = finite("losses", losses), finite("draws", draws)
    if loss.ndim != axes or drawn.shape[1:] != loss.shape or not len(drawn):
        wanted = "[draw, day] for losses [day]" if axes == 1 else "[draw, day, series] for [day, series]"
        raise InputError("draws", f"have shape {drawn.shape}, losses {loss.shape}", wanted)
    return loss, drawn
