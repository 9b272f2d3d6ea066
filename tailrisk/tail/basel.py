"""Basel's rules for the trading book: P&L attribution and the cascade of liquidity horizons.

Basel Committee (2019), MAR32 and MAR33. InputError everywhere: shapes that do not belong together, values
that are not finite.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .border import Array, finite
from .dated import series

SPEARMAN, KOLMOGOROV = (0.80, 0.70), (0.09, 0.12)
"""Edges of green and of red, MAR32.39 and table 2 there."""
HORIZONS = (10, 20, 40, 60, 120)
"""Days of the liquidity horizons, MAR33.4."""


@dataclass(frozen=True)
class Attribution:
    """Both statistics of the P&L attribution test, and the zone: the worse of the two."""

    spearman: float
    kolmogorov: float
    zone: str


def attribution(hypothetical: ArrayLike, theoretical: ArrayLike) -> Attribution:
    """Does the risk model's P&L follow the desk's? Rank correlation, and the largest gap of both laws.

    Green: Spearman above 0.80 and Kolmogorov-Smirnov below 0.09; red: below 0.70 or above 0.12; else amber
    (MAR32.39; Basel asks for the last 250 days). hypothetical, theoretical [day] in one unit.
    InputError: other days, fewer than two, a series that never moves.

    >>> pnl = np.random.default_rng(0).standard_normal(250)
    >>> attribution(pnl, 1.02 * pnl).zone
    'green'
    """
    one, other = series(hypothetical=hypothetical, theoretical=theoretical)
    if len(one) < 2:
        raise InputError("hypothetical", f"{len(one)} days", "two days or more")
    for name, values in (("hypothetical", one), ("theoretical", other)):
        if np.ptp(values) == 0:
            raise InputError(name, "never moves", "a P&L that differs from day to day")
    spearman = float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])
    every = np.concatenate([one, other])
    steps = [np.searchsorted(np.sort(x), every, side="right") / len(x) for x in (one, other)]
    gap = float(np.abs(steps[0] - steps[1]).max())
    green = spearman > SPEARMAN[0] and gap < KOLMOGOROV[0]
    red = spearman < SPEARMAN[1] or gap > KOLMOGOROV[1]
    return Attribution(spearman, gap, "red" if red else "green" if green else "amber")


def _ranks(values: Array) -> Array:
    """Ranks [day] from zero, the mean rank for those that are equal."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count + 1) / 2)[place])


def liquidity_cascade(
    expected_shortfall: ArrayLike, horizons: ArrayLike = HORIZONS, *, base: float = 10.0
) -> float:
    """ES = sqrt(sum_j (ES_j sqrt((H_j - H_{j-1}) / T))^2), H_0 = 0      MAR33.4, T = `base` days.

    ES_j is ES over T days when only the positions move whose horizon is H_j or longer; j = 1 is all of them.
    expected_shortfall [horizon] in any unit, horizons [horizon] in days, rising. InputError: other lengths,
    an ES below zero, horizons that do not rise from above zero, a base that is not above zero.

    >>> round(liquidity_cascade([0.03, 0.02], [10, 20]), 4)  # small caps alone lose 2 % in ten days
    0.0361
    """
    es, days = finite("expected_shortfall", expected_shortfall), finite("horizons", horizons)
    if es.ndim != 1 or es.shape != days.shape:
        raise InputError(
            "expected_shortfall", f"has shape {es.shape}", f"one for each of {len(days)} horizons"
        )
    if (es < 0).any():
        raise InputError("expected_shortfall", f"{float(es.min()):g}", "0 or above")
    if not (days[0] > 0 and (np.diff(days) > 0).all()):
        raise InputError("horizons", ", ".join(f"{day:g}" for day in days), "days that rise from above zero")
    if not base > 0:
        raise InputError("base", f"{base:g}", "days above zero")
    return math.sqrt(float((es**2 * np.diff(days, prepend=0.0) / base).sum()))
