"""What can be seen of crowding at a close, from returns and a future's discount alone: no valuation.

The roles are the market's: large (CSI 300), middle (CSI 500), spread (CSI 1000), micro (micro-caps). All
looks back over `BACK` days at most. Turnover shares are not here: the simulator's volumes are constants, so
that nothing could be learnt of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.calendar import YEAR

Array = np.ndarray[Any, np.dtype[Any]]
ROLES = ("large", "middle", "spread", "micro")
BACK = 60
"""Days that everything looks back over at most."""
WEEK = 5
LEAST = 1e-4
"""Standard deviation a day below which a logarithm is cut."""

LABELS = {
    "micro_volatility": "volatility of micro-caps less large caps, 20 days, log",
    "micro_volatility_long": "volatility of micro-caps less large caps, 60 days, log",
    "spread_volatility": "volatility of small caps less large caps, 20 days, log",
    "large_volatility": "volatility of large caps, 20 days, log",
    "large_correlation": "correlation of micro-caps with large caps, 60 days",
    "spread_correlation": "correlation of micro-caps' and mid caps' spreads over large caps, 60 days",
    "micro_gain": "micro-caps less large caps, 60 days",
    "micro_gain_short": "micro-caps less large caps, 20 days",
    "micro_week": "micro-caps over 5 days",
    "micro_fall": "micro-caps below their high of 60 days",
    "stress": "filtered chance of the regime of most stress, mean of 5 days",
    "discount": "annualised discount of the future at a month, mean of 5 days",
    "discount_rise": "that discount less that of 20 days before",
}
"""Feature -> what it is. The last two need futures."""
PRICES = tuple(LABELS)[:-2]
FUTURES = tuple(LABELS)[-2:]


def features(returns: Array, stress: Array, discount: Array | None, days: Sequence[int]) -> Array:
    """Every feature of LABELS at the close of some days [path, week, feature]; no discount leaves out two.

    returns [path, day, role] are simple, of ROLES in order; stress [path, day] a probability; discount [path,
    day] annualised, positive below spot. Each day needs `BACK` days up to and with it.
    """
    at = np.asarray(days)
    log = np.log1p(returns)
    large, middle, small, micro = np.moveaxis(log, -1, 0)
    apart = micro - large
    found = [
        _volatility(apart, 20, at),
        _volatility(apart, BACK, at),
        _volatility(small - large, 20, at),
        _volatility(large, 20, at),
        _correlation(micro, large, at),
        _correlation(apart, middle - large, at),
        _sum(apart, BACK, at),
        _sum(apart, 20, at),
        _sum(micro, WEEK, at),
        _fall(micro, at),
        _sum(stress, WEEK, at) / WEEK,
    ]
    if discount is not None:
        now = _week(discount, at)
        found += [now, now - _week(discount, at - 20)]
    return np.stack(found, axis=-1)


def routs(micro: Array, days: Sequence[int], *, ahead: int, over: int, fall: float) -> Array:
    """Whether micro-caps fall by so much within so few days, all of them after the close [path, week].

    micro [path, day] simple returns; of every run of `over` days among the `ahead` days after each of `days`.
    """
    wealth = np.pad(np.cumsum(np.log1p(micro), axis=1), ((0, 0), (1, 0)))
    moved = wealth[:, over:] - wealth[:, :-over]  # of days k .. k + over - 1
    deep = np.pad(np.cumsum(moved <= np.log1p(-fall), axis=1), ((0, 0), (1, 0)))
    first = np.asarray(days) + 1
    return np.asarray(deep[:, first + ahead - over + 1] > deep[:, first])


def _sum(series: Array, length: int, at: Array) -> Array:
    """Sum over the `length` days up to and with each of `at` [path, week]."""
    total = np.pad(np.cumsum(series, axis=1), ((0, 0), (1, 0)))
    return np.asarray(total[:, at + 1] - total[:, at + 1 - length])


def _week(series: Array, at: Array) -> Array:
    """Mean over the week up to and with each of `at` [path, week]; nan where a day of it is."""
    return np.asarray(series[:, at[:, None] - np.arange(WEEK)].mean(axis=-1))


def _volatility(series: Array, length: int, at: Array) -> Array:
    """log of the yearly standard deviation over `length` days."""
    mean = _sum(series, length, at) / length
    variance = np.maximum(_sum(series**2, length, at) / length - mean**2, LEAST**2)
    return np.asarray(0.5 * np.log(variance * YEAR))


def _correlation(one: Array, other: Array, at: Array) -> Array:
    """Correlation over `BACK` days; zero where one of them does not move."""

    def moment(series: Array) -> Array:
        return _sum(series, BACK, at) / BACK

    x, y = moment(one), moment(other)
    both = moment(one * other) - x * y
    size = np.maximum(moment(one**2) - x**2, LEAST**2) * np.maximum(moment(other**2) - y**2, LEAST**2)
    return np.asarray(np.clip(both / np.sqrt(size), -1, 1))


def _fall(micro: Array, at: Array) -> Array:
    """log of the price over its highest close of `BACK` days, not above zero."""
    price = np.cumsum(micro, axis=1)
    high = np.stack([price[:, day + 1 - BACK : day + 1].max(axis=1) for day in at], axis=1)
    return np.asarray(price[:, at] - high)
