"""Factor returns and specific returns: one weighted regression a day, on exposures of the evening before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.names import STYLES
from ..data.panel import Panel
from .descriptors import WINDOW, usable
from .exposures import exposures, fit, regression_weight
from .membership import Membership, eligible
from .universe import Array

Progress = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Daily estimates; days without a regression are NaN."""

    styles: tuple[str, ...]  # [style]
    country: Array  # [day]  cap-weighted market less its styles, which are zero: the country factor
    style: Array  # [day, style]  factor returns of the whole cross-section
    within: Array  # [day, style]  of the same styles inside buckets
    bucket: Array  # [day, group]  mean return of each bucket, then of the stocks in none
    specific: Array  # [day, stock]  what buckets and styles inside them leave


def estimate(
    panel: Panel, raw: Mapping[str, Array], members: Membership, tell: Progress = lambda done, what: None
) -> Estimates:
    """Two regressions a day, weights sqrt(cap) to a ceiling, day t on exposures and members of t - 1:

        r = country + sum_s z_s phi_s + u                      (industries in place of country, if given)
        r = sum_b [i in b] m_b + sum_s (z_s - mean of b) psi_s + e

    The second is what a simulated ladder needs: bucket returns come from the ladder, psi says how much of a
    style return a stock earns beside its bucket. Starts when beta's window is full.
    """
    days, stocks = panel.cap.shape
    returns, able, bucket = usable(panel.returns), eligible(panel), members.bucket
    rows, buckets = [], len(members.names.buckets)
    specific = np.full((days, stocks), np.nan)
    for t in range(WINDOW + 1, days):
        if t % 20 == 0:
            tell(t / days, "factor returns")
        on = able[t - 1] & np.isfinite(returns[t])
        names, z = exposures({name: x[t - 1, on] for name, x in raw.items()}, panel.cap[t - 1, on])
        inside, industry = bucket[t - 1, on], industries(panel, on)
        row, left = one_day(returns[t, on], z, panel.cap[t - 1, on], inside, industry, buckets)
        specific[t, on] = left
        rows.append((t, names, row))
    seen = {name for _, names, _ in rows for name in names}
    return gathered(days, tuple(name for name in STYLES if name in seen), rows, specific, buckets)


def industries(panel: Panel, on: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """[stock] number of each stock's industry, or None."""
    if panel.industry is None:
        return None
    return np.unique(np.array(panel.industry)[on], return_inverse=True)[1]


def dummies(group: NDArray[np.integer]) -> Array:
    """[stock, group] one in its own column; only groups that occur."""
    return (group[:, None] == np.unique(group)).astype(float)


def one_day(
    returns: Array,
    z: Array,
    cap: Array,
    bucket: NDArray[np.int8],
    industry: NDArray[np.intp] | None,
    buckets: int,
) -> tuple[tuple[float, Array, Array, Array], Array]:
    """((country, phi, psi, m), e) of one day."""
    weight, styles = regression_weight(cap), z.shape[1]
    groups = np.ones((len(cap), 1)) if industry is None else dummies(industry)
    first = fit(np.hstack([groups, z]), returns, weight)
    country = float(cap @ (groups @ first[:-styles]) / cap.sum())

    inside = dummies(bucket)
    within = z - inside @ fit(inside, z, weight)
    second = fit(np.hstack([inside, within]), returns, weight)
    mean = np.full(buckets + 1, np.nan)
    mean[np.unique(bucket)] = second[:-styles]  # OUTSIDE, -1, is the last
    left = returns - inside @ second[:-styles] - within @ second[-styles:]
    return (country, first[-styles:], second[-styles:], mean), left


def gathered(
    days: int,
    styles: tuple[str, ...],
    rows: list[tuple[int, tuple[str, ...], tuple[float, Array, Array, Array]]],
    specific: Array,
    buckets: int,
) -> Estimates:
    """The days' rows as arrays, styles that a day lacked as NaN."""
    country, bucket = np.full(days, np.nan), np.full((days, buckets + 1), np.nan)
    style, within = np.full((days, len(styles)), np.nan), np.full((days, len(styles)), np.nan)
    for t, names, (market, phi, psi, mean) in rows:
        place = [styles.index(name) for name in names]
        country[t], style[t, place], within[t, place], bucket[t] = market, phi, psi, mean
    return Estimates(
        styles=styles, country=country, style=style, within=within, bucket=bucket, specific=specific
    )
