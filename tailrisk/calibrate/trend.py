"""A trend-following rule on futures: signs of past returns, scaled to a volatility, with no look ahead."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.calendar import YEAR
from .ladder import Array

MEMORY = 20
"""Days: centre of mass of each product's exponentially weighted variance, and the fewest it needs."""
BOOK = 60
"""Days over which the volatility of today's book is taken."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Horizons in trading days, and the volatility a year the book is scaled to."""

    horizons: tuple[int, ...] = (20, 40, 60)
    target: float = 0.11


def positions(returns: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Notional over equity of every product at the close of each day [day, product]; NaN before it can be.

        x_i = mean_h sign(sum of the last h log returns of i) / sigma_i,      w = target x / sd(x . r)

    sigma_i is exponentially weighted; sd is that of today's x over the last 60 days, about zero, annualised.
    Moskowitz, Ooi and Pedersen (2012), equation 5, with the several horizons of Hurst, Ooi and Pedersen
    (2017) and the scaling of the book. Day t's row uses returns to day t alone, and earns that of day t + 1.
    """
    known = returns.fillna(0.0)
    past = known.to_numpy()
    sign = np.mean([_sign(past, h) for h in rule.horizons], axis=0)
    variance = (returns**2).ewm(alpha=1 / (1 + MEMORY), min_periods=MEMORY).mean()
    x = sign / np.sqrt(variance.to_numpy())
    scale = np.full(len(x), np.nan)
    for day in range(max(rule.horizons), len(x)):
        gains = past[max(day - BOOK + 1, 0) : day + 1] @ x[day]
        scale[day] = np.sqrt(YEAR * (gains**2).mean())
    weight = rule.target * x / np.where(scale > 0, scale, np.nan)[:, None]
    return pd.DataFrame(weight, returns.index, returns.columns)


def _sign(returns: Array, horizon: int) -> Array:
    """Sign of the sum of the last `horizon` log returns [day, product], NaN on the days before."""
    level = np.cumsum(np.log1p(returns), axis=0)
    sign = np.full(returns.shape, np.nan)
    sign[horizon:] = np.sign(level[horizon:] - level[:-horizon])
    return sign


def earned(returns: pd.DataFrame, held: pd.DataFrame) -> pd.Series:
    """w_{t-1} . r_t, each day's return on the positions of the close before, once there are any. [day]."""
    gains = (held.shift() * returns.fillna(0.0)).sum(axis=1, skipna=False)
    return gains.dropna()
