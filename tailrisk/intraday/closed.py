"""Optimal execution in closed form, to check schedules against: no limits, no caps, known parameters.

Almgren and Chriss (2001): arithmetic random walk of volatility sigma a slice, temporary impact eta per unit
sold a slice, no permanent part. Least E[cost] + aversion Var[cost] over N slices has holdings

    x_j = X sinh(kappa (N - j)) / sinh(kappa N),    2 (cosh kappa - 1) = aversion sigma^2 / eta

Obizhaeva and Wang (2013): a linear book of depth 1/kappa that recovers by a = exp(-rho tau) between N trades.
With no risk aversion the first and last trades are X / (2 + (N - 2)(1 - a)) and every other (1 - a) of that.
"""

from typing import Any

import numpy as np

from ..core.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]


def almgren_chriss(amount: float, slices: int, volatility: float, temporary: float, aversion: float) -> Array:
    """What to sell in each slice [slice]; risk is borne by what is held after a slice's sale.

    InputError: no slice, a temporary impact not above zero, a volatility or an aversion below zero.
    """
    _slices(slices)
    if not temporary > 0 or volatility < 0 or aversion < 0:
        problem = f"temporary {temporary:g}, volatility {volatility:g}, aversion {aversion:g}"
        raise InputError("almgren_chriss", problem, "temporary above zero, the others zero or more")
    kappa = np.arccosh(1.0 + aversion * volatility**2 / (2.0 * temporary))
    left = np.arange(slices, -1.0, -1.0)
    if kappa < 1e-9:
        holding = amount * left / slices
    else:  # sinh(k n) / sinh(k N) without overflow
        holding = amount * np.exp(kappa * (left - slices)) * np.expm1(-2 * kappa * left)
        holding = holding / np.expm1(-2 * kappa * slices)
    return -np.diff(holding)


def obizhaeva_wang(amount: float, slices: int, remaining: float) -> Array:
    """What to sell in each slice [slice]; `remaining` is the part of an impact that is left one slice later.

    InputError: no slice, or a part outside 0 to 1.
    """
    _slices(slices)
    if not 0 <= remaining <= 1:
        raise InputError("remaining", f"{remaining:g}", "a fraction from 0 to 1")
    if slices == 1:
        return np.array([amount])
    ends = amount / (2.0 + (slices - 2) * (1.0 - remaining))
    schedule = np.full(slices, ends * (1.0 - remaining))
    schedule[[0, -1]] = ends
    return schedule


def propagator(slices: int, stays: float, remaining: float) -> Array:
    """Price after slice t per unit sold in s [slice, slice]: stays + (1 - stays) remaining^(t - s), s <= t.

    InputError: as in `obizhaeva_wang`.
    """
    _slices(slices)
    if not 0 <= remaining <= 1 or not 0 <= stays <= 1:
        raise InputError("propagator", f"stays {stays:g}, remaining {remaining:g}", "fractions from 0 to 1")
    lag = np.arange(slices)[:, None] - np.arange(slices)[None, :]
    return np.where(lag >= 0, stays + (1.0 - stays) * remaining ** np.maximum(lag, 0), 0.0)


def impact_cost(schedule: Array, price: Array) -> float:
    """Cost of selling a schedule [slice] against the impact that `price` [slice, slice] gives.

    sum_t x_t (G_tt x_t / 2 + sum_{s < t} G_ts x_s): half of a trade's own impact, all of the earlier ones'.
    """
    return float(schedule @ (price - 0.5 * np.diag(np.diag(price))) @ schedule)


def _slices(slices: int) -> None:
    if slices < 1:
        raise InputError("slices", str(slices), "1 or more")
