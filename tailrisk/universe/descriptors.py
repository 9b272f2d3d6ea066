"""What a style is measured by: raw descriptors of every stock on every day, from its past alone.

Barra CNE5 in outline (Orr and Mashtalir 2012; Menchero, Orr and Wang 2011, appendix A), on total cap:

    size                 log cap
    beta, residual_volatility   slope and residual deviation of returns on the cap-weighted market, 252 days,
                         half-life 63
    momentum             sum of log returns over 504 days less the last 21, half-life 126
    liquidity            0.35 log of a month's turnover + 0.35 of a quarter's, monthly, + 0.30 of a year's
    book_to_price_ratio, earning_yield, growth, leverage   the panel's columns, where it has them

Barra's residual volatility also holds total volatility and the year's range; here it is the deviation alone.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from ..data.panel import Panel
from .universe import Array

WINDOW, HALF_LIFE = 252, 63
MOMENTUM_WINDOW, MOMENTUM_HALF_LIFE, MOMENTUM_LAG = 504, 126, 21
MONTH, MONTHS = 21, ((1, 0.35), (3, 0.35), (12, 0.30))
LEAST = 60
"""Returns below which beta, residual volatility and momentum of a stock are unknown."""
LARGEST = 0.22
"""Returns beyond this (listing days, the end of a long suspension) are left out everywhere."""


def descriptors(panel: Panel) -> dict[str, Array]:
    """Name -> [day, stock] at the close; NaN where unknown. Non-linear size is made with the exposures."""
    returns = usable(panel.returns)
    slope, residual = market_line(returns, market(returns, panel.cap))
    found = {
        "beta": slope,
        **panel.fundamentals,
        "liquidity": liquidity(panel.turnover),
        "momentum": momentum(returns),
        "residual_volatility": residual,
        "size": np.log(panel.cap),
    }
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def usable(returns: Array) -> Array:
    """Returns, NaN where they are beyond LARGEST."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(returns) < LARGEST, returns, np.nan)


def market(returns: Array, cap: Array) -> Array:
    """[day] return of all stocks by the cap of the day before; the first day has none: zero."""
    weight = np.where(np.isfinite(returns[1:]) & np.isfinite(cap[:-1]), cap[:-1], 0.0)
    return np.append(0.0, (weight * np.nan_to_num(returns[1:])).sum(axis=1) / weight.sum(axis=1))


def weighted(values: Array, window: int, half_life: float) -> Array:
    """sum_{j<window} 2^(-j / half_life) x_{t-j}, down the days."""
    decay = 0.5 ** (1 / half_life)
    entering = values.copy()
    entering[window:] -= decay**window * values[:-window]
    return np.asarray(lfilter([1.0], [1.0, -decay], entering, axis=0))


def moving(values: NDArray[Any], window: int) -> Array:
    """Sum over the last `window` days."""
    total = np.cumsum(values, axis=0, dtype=np.float64)
    total[window:] -= total[:-window].copy()
    return total


def market_line(returns: Array, whole: Array) -> tuple[Array, Array]:
    """Slope and residual standard deviation [day, stock] of returns on the market's [day], weighted."""
    known = np.isfinite(returns)
    y, m = np.nan_to_num(returns), whole[:, None]
    count, sx, sy, sxx, sxy, syy = (
        weighted(x, WINDOW, HALF_LIFE) for x in (known * 1.0, known * m, y, known * m * m, y * m, y * y)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = sxx / count - (sx / count) ** 2
        slope = (sxy / count - sx * sy / count**2) / spread
        residual = np.sqrt(np.maximum(syy / count - (sy / count) ** 2 - slope**2 * spread, 0.0))
    few = moving(known * 1.0, WINDOW) < LEAST
    return masked(slope, few), masked(residual, few)


def momentum(returns: Array) -> Array:
    """Weighted sum of log returns over two years, the last month left out. [day, stock]"""
    known = np.isfinite(returns)
    total = weighted(np.log1p(np.nan_to_num(returns)), MOMENTUM_WINDOW, MOMENTUM_HALF_LIFE)
    few = moving(known * 1.0, MOMENTUM_WINDOW) < LEAST
    late = np.full_like(total, np.nan)
    late[MOMENTUM_LAG:] = masked(total, few)[:-MOMENTUM_LAG]
    return late


def liquidity(turnover: Array) -> Array:
    """Weighted log turnover per month over one, three and twelve months; at least half a month known."""
    known = np.isfinite(turnover)
    top, bottom = np.zeros_like(turnover), np.zeros_like(turnover)
    for months, weight in MONTHS:
        count = moving(known * 1.0, months * MONTH)
        total = moving(np.nan_to_num(turnover), months * MONTH)
        enough = (count >= MONTH // 2) & (total > 1e-9)
        monthly = np.log(np.where(enough, total * MONTH, 1.0) / np.where(enough, count, 1.0))
        top += weight * np.where(enough, monthly, 0.0)
        bottom += weight * enough
    return masked(top / np.maximum(bottom, 1e-9), bottom == 0)


def masked(values: Array, unknown: NDArray[np.bool_]) -> Array:
    return np.where(unknown | ~np.isfinite(values), np.nan, values)
