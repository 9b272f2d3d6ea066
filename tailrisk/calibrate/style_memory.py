"""Memory of what styles earn beyond the ladder, and the law of what is left in each regime of the ladder.

Loadings follow what was seen where that pays (style_loadings). The filter is the ladder's, its common
variance the ladder's own; the residuals' covariances are means over days weighted by the smoothed chance of a
regime, and their degrees of freedom maximise the likelihood.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import digamma

from ..market.styles import SLOW
from . import memory, style_loadings
from .ladder import Array
from .memory import CAP, NAMES, Filtered, Fit
from .memory_law import Law
from .style_loadings import Loadings
from .styles import Overlay

NU = (3.0, 60.0)


@dataclass(frozen=True, kw_only=True)
class StyleLaw:
    """A fitted memory of styles."""

    fit: Fit
    filtered: Filtered
    covariance: Array  # [regime, style, style]
    nu: float
    weight: Array  # [style, source]
    loadings: Loadings | None  # None: one loading for every day describes the data as well


def fit_styles(
    law: Law, overlay: Overlay, factors: pd.DataFrame, styles: pd.DataFrame, *, with_errors: bool = True
) -> StyleLaw:
    """The memory of style returns [day, style] less the overlay, on the days the ladder has too."""
    common = factors.dropna().index.intersection(styles.index)
    rows, factor = factors.index.get_indexer(common), factors.loc[common].to_numpy()
    on_ladder = factor @ overlay.loading.T + overlay.intercept
    residual = styles.loc[common, list(overlay.names)].to_numpy() - on_ladder
    eve = np.maximum(rows - 1, 0)
    before, slow = law.filtered.common[eve], law.filtered.square[eve, SLOW]
    moving = style_loadings.fit(residual, factor, slow, before, with_errors=with_errors)
    residual = moving.residual if moving.pays else residual
    found = memory.fit(residual, with_errors=with_errors, shared=before)
    run = memory.filtered(found, residual, shared=before)
    chance = law.residuals.smoothed[rows]
    covariance = np.einsum("tk,ti,tj->kij", chance, run.residual, run.residual)
    covariance /= chance.sum(axis=0)[:, None, None]
    weights = found.value[:, 1:5]
    return StyleLaw(
        fit=found,
        filtered=run,
        covariance=covariance,
        nu=freedom(run.residual, covariance, chance),
        weight=np.column_stack([1 - weights.sum(axis=1), weights]),
        loadings=moving if moving.pays else None,
    )


def freedom(u: Array, covariance: Array, chance: Array) -> float:
    """Degrees of freedom of t laws with these covariances, days weighted by `chance` [day, regime].

    Where the likelihood's slope in nu is zero, found to rounding; at a bound of NU where it does not turn.
    """
    distance = np.stack([np.einsum("ti,ij,tj->t", u, np.linalg.inv(one), u) for one in covariance], axis=1)
    d = u.shape[1]

    def slope(nu: float) -> float:
        flat = digamma((nu + d) / 2) - digamma(nu / 2) - d / (nu - 2)
        bent = (nu + d) * distance / ((nu - 2) * (nu - 2 + distance)) - np.log1p(distance / (nu - 2))
        return float((chance * (flat + bent)).sum())

    low, high = NU
    if slope(low) <= 0 or slope(high) >= 0:
        return low if slope(low) <= 0 else high
    return float(brentq(slope, low, high, xtol=1e-12))


def described(law: StyleLaw) -> Iterator[str]:
    """The [styles.memory] block."""
    from .document import number, table

    yield "[styles.memory]  # of what is left beyond the ladder; market/styles.py; per day"
    yield from table("variance", law.fit.variance, "[style] of the window")
    yield from table("phi", law.fit.value[:, 0], "[style]")
    yield from table("kappa", law.fit.kappa, "[style] set, not fitted")
    yield from table("weight", law.weight, "[style, source] long run, decays .80, .94, .99, common")
    yield from table("leverage", law.fit.value[:, 5], "[style]")
    yield f"cap = {number(CAP)}  # deviations"
    yield f"nu = {number(law.nu)}  # degrees of freedom of the residuals"
    yield from table(
        "covariance", law.covariance, "[regime, style, style] of residuals, by the ladder's regime"
    )
    yield from table("square", law.filtered.square[-1], "[horizon, style] after the last day")
    yield from table("trend", law.filtered.trend[-1], "[style]")
    yield from table("last", law.filtered.last[-1], "[style]")
    if law.loadings is not None:
        yield from adaptive(law.loadings)
    yield "[styles.memory.error]  # standard errors; nan: on a bound"
    for k, name in enumerate(NAMES):
        yield from table('"' + name + '"', law.fit.error[:, k], "[style]")


def adaptive(loadings: Loadings) -> Iterator[str]:
    """The [styles.memory.adaptive] block."""
    from .document import height, number, row, table

    gain, persistence = loadings.value
    yield "[styles.memory.adaptive]  # loadings follow each day's errors and come back; market/styles.py"
    yield f"gain = {number(gain)}  # of a day's error"
    yield f"persistence = {number(persistence)}  # of a shift, per day"
    yield f"error = {row(loadings.error)}  # standard errors of the two; nan: on a bound"
    yield f"gained = {height(loadings.gained)}  # log likelihood over one loading for every day"
    yield from table("shift", loadings.shift[-1], "[style, factor] of the loadings after the last day")
