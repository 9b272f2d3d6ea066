"""Conformal bounds on a loss: what a forecast of VaR becomes by its own past errors, weighted by regime.

Errors of the past e_s = L_s - v_s, weights w_s in [0, 1], today's own at infinity with weight one:

    b_t = v_t + min { q : sum_{s<t} w_s 1{e_s <= q} >= a (1 + sum_{s<t} w_s) },

and P(L_t <= b_t) >= a for every n where the errors are exchangeable with these weights (Tibshirani, Barber,
Candes & Ramdas 2019; Barber, Candes, Ramdas & Tibshirani 2023); with equal weights it is
ceil(a (n + 1)) / (n + 1) if no two errors are equal. By regime, w_s = p_s' p_t / p_t' p_t, cut at one, p the
chances of the regimes as filtered before each day: with regimes that are known, the bound of those days
alone, and coverage in each. Schmitt (2026), arXiv 2602.03903, has kernels in place of these chances. Series
are [day], losses positive.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .border import Array, finite
from .dated import as_given, dated
from .sample import Level, exact_level

ROOM = 2**22
"""Numbers compared at once, in a block of days."""


@dataclass(frozen=True)
class Bounds:
    """b_t - v_t, and (sum w)^2 / sum w^2, the days that the weights are worth; [day], Series where given.

    A buffer is infinite where the past has too little weight for the level.
    """

    buffer: Any
    days: Any


def buffers(
    losses: ArrayLike,
    value_at_risk: ArrayLike,
    *,
    level: Level,
    regimes: ArrayLike | None = None,
    half_life: float | None = None,
) -> Bounds:
    """What to add to each day's VaR, from the days before it; add it to ES too.

    losses, value_at_risk [day] in one unit; regimes [day, regime] chances before each day, rows sum to one;
    half_life: days in which a weight halves, None for none.
    InputError: other days, chances that are none, a half-life that is not above zero.

    >>> found = buffers(np.arange(39.0), np.zeros(39), level=0.95)
    >>> float(found.buffer[18]), float(found.buffer[19]), float(found.buffer[38])  # of 18, 19 and 38 days
    (inf, 18.0, 37.0)
    """
    days, expected = dated(losses=losses, value_at_risk=value_at_risk)
    if half_life is not None and not half_life > 0:
        raise InputError("half_life", f"{half_life:g}", "above zero, or None")
    error, a = days.values - expected.values, float(exact_level(level))
    chance = None if regimes is None else chances(regimes, len(error))
    order = np.argsort(error, kind="stable")
    ranked = np.append(error[order], np.inf)
    n = len(error)
    buffer, worth = np.empty(n), np.zeros(n)
    step = max(ROOM // max(n, 1), 1)
    for first in range(0, n, step):
        today = np.arange(first, min(first + step, n))
        weight = _weights(today, order, chance, half_life)
        total = weight.sum(axis=1)
        square = (weight**2).sum(axis=1)
        worth[today] = np.divide(total**2, square, out=np.zeros(len(today)), where=square > 0)
        need = a * (1 + total)[:, None] - 1e-12 * (1 + total)[:, None]
        reached = np.cumsum(weight, axis=1) >= need
        place = np.where(reached.any(axis=1), reached.argmax(axis=1), n)
        buffer[today] = ranked[place]
    return Bounds(as_given(buffer, days), as_given(worth, days))


def chances(regimes: ArrayLike, days: int) -> Array:
    """Chances of regimes [day, regime] of so many days.

    InputError: another shape, numbers below zero, rows that do not sum to one.
    """
    p = finite("regimes", regimes)
    if p.ndim != 2 or len(p) != days:
        raise InputError("regimes", f"have shape {p.shape}", f"[day, regime] of {days} days")
    if (p < 0).any() or (np.abs(p.sum(axis=1) - 1) > 1e-6).any():
        raise InputError("regimes", "are no chances on some day", "0 or more, rows that sum to one")
    return p


def _weights(today: Any, order: Any, chance: Array | None, half_life: float | None) -> Array:
    """w [today, day in the order of errors], zero from today on."""
    before = order < today[:, None]
    weight = before.astype(np.float64)
    if half_life is not None:
        weight *= 0.5 ** (np.maximum(today[:, None] - order, 0) / half_life)
    if chance is not None:
        now = chance[today]
        like = now @ chance[order].T / (now**2).sum(axis=1, keepdims=True)
        weight *= np.minimum(like, 1.0)
    return weight
