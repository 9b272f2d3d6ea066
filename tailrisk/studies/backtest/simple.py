"""The plain forecasts: history itself, a Gaussian of recent days, RiskMetrics, one Student-t.

Each returns VaR and ES [level, day] of one target for the rows `days`, from gains [row] before each of them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.signal import lfilter

from ...tail.sample import exact_level
from ...tail.shortfall import tail_of
from .sums import Day, sums

Array = NDArray[Any]
Forecast = tuple[Array, Array]

DECAY = 0.94
"""RiskMetrics' weight of yesterday's variance, daily (J.P. Morgan 1996)."""
LEAST = 250
"""Days of gains a forecast starts from."""


def historical(gain: Array, days: Array, horizon: int, levels: tuple[str, ...], window: int) -> Forecast:
    """VaR and ES of the losses over `horizon` days, overlapping, of the last `window` days."""
    out = np.empty((2, len(levels), len(days)))
    exact = [exact_level(level) for level in levels]
    for i, day in enumerate(days):
        past = gain[max(day - window, 0) : day]
        past = past[np.isfinite(past)]
        total = np.cumsum(np.concatenate([[0.0], past]))
        loss = total[:-horizon] - total[horizon:]
        for j, level in enumerate(exact):
            tail = tail_of(loss, None, level)
            out[:, j, i] = tail.value_at_risk, tail.expected_shortfall
    return out[0], out[1]


def gaussian(gain: Array, days: Array, horizon: int, levels: tuple[str, ...], window: int) -> Forecast:
    """Normal with mean and standard deviation of the last `window` days, independent days."""
    past = [gain[day - window : day] for day in days]
    mean, deviation = np.nanmean(past, axis=1), np.nanstd(past, axis=1, ddof=1)
    return normal_tail(horizon * mean, np.sqrt(horizon) * deviation, levels)


def riskmetrics(gain: Array, days: Array, horizon: int, levels: tuple[str, ...]) -> Forecast:
    """Normal with mean zero and variance s_t = 0.94 s_{t-1} + 0.06 y_{t-1}^2, times the days."""
    first = int(np.isfinite(gain).argmax())
    squares = gain[first:] ** 2
    start = squares[:LEAST].mean()
    variance, _ = lfilter([1 - DECAY], [1, -DECAY], squares, zi=[DECAY * start])
    deviation = np.sqrt(horizon * variance[days - 1 - first])
    return normal_tail(np.zeros(len(days)), deviation, levels)


def student(gain: Array, days: Array, horizon: int, levels: tuple[str, ...]) -> Forecast:
    """One Student-t fitted by likelihood to every day before the first of `days`; independent days."""
    past = gain[: days[0]]
    past = past[np.isfinite(past)]
    size = past.std()
    nu, mean, scale = stats.t.fit(past / size, 5.0, loc=past.mean() / size, scale=0.7)
    law = Day(
        transition=np.ones((1, 1)),
        mean=np.array([mean * size]),
        scale=np.array([scale * size]),
        nu=float(np.clip(nu, 2.1, 200.0)),
    )
    found = [sums(law, horizon).tail(np.ones((1, 1)), float(1 - exact_level(level))) for level in levels]
    var, es = (np.array([pair[i] for pair in found]) for i in (0, 1))
    return np.repeat(var, len(days), axis=1), np.repeat(es, len(days), axis=1)


def normal_tail(mean: Array, deviation: Array, levels: tuple[str, ...]) -> Forecast:
    """VaR = -m + s z,  ES = -m + s phi(z) / (1 - level) of minus a normal gain. [level, day]."""
    share = np.array([float(1 - exact_level(level)) for level in levels])[:, None]
    z = stats.norm.isf(share)
    return -mean + deviation * z, -mean + deviation * stats.norm.pdf(z) / share
