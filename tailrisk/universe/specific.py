"""Specific risk: each stock's own daily deviation, shrunk towards stocks of its size."""

import numpy as np
from scipy.stats import rankdata

from .descriptors import LEAST
from .universe import Array

WINDOW, HALF_LIFE = 252, 84
GROUPS = 10


def specific_risk(specific: Array, cap: Array) -> Array:
    """Standard deviation per day [stock] after the last day of specific returns [day, stock].

    s_i is the weighted deviation over a year (half-life 84), l_i = log s_i with error variance
    v_i = (k - 1) / (4 n_i): n_i the effective number of days, k the stocks' typical kurtosis. In each tenth
    by cap, with mean m and variance T of the l beyond their errors,

        log specific_sd = m + T / (T + v_i) (l_i - m)

    Source: Efron and Morris (1975), unequal variances. Stocks with few days get m; cap NaN gives NaN.
    """
    log, error = alone(specific)
    return np.exp(shrunk(log, error, tenths(cap)))


def alone(specific: Array) -> tuple[Array, Array]:
    """(l, v) [stock] of each stock by itself; l is NaN below LEAST days."""
    recent = specific[-WINDOW:]
    known = np.isfinite(recent)
    value = np.nan_to_num(recent)
    age = np.arange(len(recent))[::-1]
    weight = known * 0.5 ** (age / HALF_LIFE)[:, None]
    total = np.maximum(weight.sum(axis=0), 1e-12)
    variance = (weight * value**2).sum(axis=0) / total
    fourth = (weight * value**4).sum(axis=0) / total
    count = total**2 / np.maximum((weight**2).sum(axis=0), 1e-24)
    enough = (known.sum(axis=0) >= LEAST) & (variance > 0)
    kurtosis = float(np.median(fourth[enough] / variance[enough] ** 2))
    error = (kurtosis - 1) / (4 * np.maximum(count, 1.0))
    return np.where(enough, 0.5 * np.log(np.where(enough, variance, 1.0)), np.nan), error


def tenths(cap: Array) -> Array:
    """[stock] the tenth by cap it is in, 0 the smallest; NaN where the cap is unknown."""
    known = np.isfinite(cap)
    group = np.full(len(cap), np.nan)
    group[known] = np.floor((rankdata(cap[known], method="ordinal") - 1) * GROUPS / known.sum())
    return group


def shrunk(log: Array, error: Array, group: Array) -> Array:
    """Each value drawn to its group's mean by the fraction of its variance that is error. [stock]"""
    result = np.full_like(log, np.nan)
    for name in np.unique(group[np.isfinite(group)]):
        inside = group == name
        known = inside & np.isfinite(log)
        middle = log[known].mean()
        spread = max(float(log[known].var() - error[known].mean()), 1e-12)
        result[inside] = middle
        result[known] = middle + spread / (spread + error[known]) * (log[known] - middle)
    return result
