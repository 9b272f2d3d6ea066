"""Moments of a universe: what a synthetic one is drawn from, and no stock's own figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .exposures import fit
from .universe import Array, Universe

KNOTS = (0.0002, 0.002, 0.01, 0.03, 0.06, 0.16, 0.37, 0.6, 0.78, 0.92, 0.98, 0.998)
"""Fractions of the names that are larger, at which the law of caps bends."""
SIZES = ("size", "non_linear_size")
"""Styles that the caps decide."""


@dataclass(frozen=True, kw_only=True)
class Pay:
    """What factors pay a stock beside its bucket."""

    gain: Array  # [style]  slope of the style's return inside buckets on the style return
    outside: float  # part of the step to the last bucket that a stock in no bucket earns


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Parameters of a synthetic universe."""

    source: str  # name of the panel
    date: str
    styles: tuple[str, ...]  # [style]
    log_cap: Array  # [knot]  log yuan at KNOTS; linear in log rank between: Pareto pieces
    style: Array  # [other, 3]  other styles on one, size and non-linear size
    style_covariance: Array  # [other, other]  of what those leave
    log_specific: Array  # [1 + style]  log specific deviation per day on one and the styles
    log_specific_sd: float  # of what they leave
    log_turnover: Array  # [1 + style]  log (average daily amount / cap) on one and the styles
    log_turnover_sd: float
    circulating: Array  # [group]  mean circulating share of the cap, by bucket, then in none
    circulating_sd: Array  # [group]
    pay: Pay

    @property
    def others(self) -> tuple[str, ...]:
        """Styles that caps do not decide, in order."""
        return tuple(name for name in self.styles if name not in SIZES)


def moments(universe: Universe, circulating: Array, pay: Pay) -> Moments:
    """The moments of a universe of real stocks; circulating [stock] over cap, NaN where unknown."""
    names, z = universe.styles, universe.style
    size = z[:, [names.index(name) for name in SIZES]]
    others = z[:, [k for k, name in enumerate(names) if name not in SIZES]]
    slope, left = explained(size, others)
    specific, specific_left = explained(z, np.log(universe.specific_sd))
    known = universe.adv > 0
    turnover, turnover_left = explained(z[known], np.log(universe.adv[known] / universe.cap[known]))
    mean, deviation = by_group(circulating, universe.bucket, len(universe.names.buckets))
    return Moments(
        source=universe.label,
        date=universe.date,
        styles=names,
        log_cap=quantiles(np.log(universe.cap)),
        style=slope.T,
        style_covariance=np.atleast_2d(np.cov(left.T)),
        log_specific=specific,
        log_specific_sd=float(specific_left.std()),
        log_turnover=turnover,
        log_turnover_sd=float(turnover_left.std()),
        circulating=mean,
        circulating_sd=deviation,
        pay=pay,
    )


def explained(on: Array, values: Array) -> tuple[Array, Array]:
    """(coefficients on one and the columns [1 + column, ..], what they leave), each stock counting once."""
    design = np.column_stack([np.ones(len(on)), on])
    coefficient = fit(design, values, np.ones(len(on)))
    return coefficient, values - design @ coefficient


def quantiles(log_cap: Array) -> Array:
    """Log caps at KNOTS from the largest down, linear in log rank between stocks."""
    down = np.sort(log_cap)[::-1]
    place = (np.arange(len(down)) + 0.5) / len(down)
    return np.interp(np.log(KNOTS), np.log(place), down)


def by_group(values: Array, bucket: NDArray[np.int8], buckets: int) -> tuple[Array, Array]:
    """Mean and deviation by bucket, then of the stocks in none; one and zero where nobody is known."""
    mean, deviation = np.ones(buckets + 1), np.zeros(buckets + 1)
    for group in range(-1, buckets):
        inside = values[(bucket == group) & np.isfinite(values)]
        if len(inside):
            mean[group], deviation[group] = inside.mean(), inside.std()
    return mean, deviation
