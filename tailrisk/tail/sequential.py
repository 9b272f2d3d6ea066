"""Backtests in sequence: wealth of one who bets against a forecast, which may be looked at on every day.

An e-statistic is not negative and has a mean of at most one if the forecast is right. Bet a part b_t of the
wealth on it, b_t fixed before day t,

    M_t = M_{t-1} (1 - b_t + b_t e_t),      M_0 = 1,

and P(M ever reaches 1 / alpha) <= alpha (Ville, 1939), whatever the days' law: wealth of 20 rejects at 5 %.
Wang, Wang & Ziegel (2022), "E-backtesting", arXiv 2209.00991. Series are [day], losses positive. InputError
everywhere: series of several lengths or other days, values that are not finite, a level that is none.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import InputError
from .border import Array
from .dated import as_given, dated
from .sample import Level, exact_level

Bets = Literal["gree", "grel", "grem"]
BETS = ("gree", "grel", "grem")
"""On past e-statistics, on past losses under today's forecast, half of the wealth on each."""
LARGEST = 0.5
"""Part of the wealth bet on one day, at most: the paper's choice."""
HALVINGS = 30
"""Of the interval that holds the best bet."""
ROOM = 2**22
"""Numbers compared at once, in a block of days."""


def value_at_risk_statistic(losses: ArrayLike, value_at_risk: ArrayLike, *, level: Level) -> Any:
    """e = 1{L > v} / (1 - a) [day]: its mean is at most one where VaR is not below the true one.

    losses, value_at_risk [day] in one unit. InputError: other days, or a level that is none.

    >>> value_at_risk_statistic([0.01, 0.04], [0.03, 0.03], level=0.975)
    array([ 0., 40.])
    """
    days, expected = dated(losses=losses, value_at_risk=value_at_risk)
    return as_given(_statistic(days.values, expected.values, None, level), days)


def expected_shortfall_statistic(
    losses: ArrayLike, value_at_risk: ArrayLike, expected_shortfall: ArrayLike, *, level: Level
) -> Any:
    """e = (L - v)+ / ((1 - a) (s - v)) [day]: mean at most one where v is the VaR and s not below ES.

    Mean one holds at any v, with s = E(L - v)+ / (1 - a) + v, which is above the true ES
    where v is not the VaR: a wrong VaR is held against the forecast only as far as it makes s too low.
    losses, VaR and ES [day] in one unit. InputError: an ES that is not above its VaR, other days.

    >>> expected_shortfall_statistic([0.01, 0.04], [0.03, 0.03], [0.04, 0.04], level=0.975)
    array([ 0., 40.])
    """
    days, var, es = _pair(losses, value_at_risk, expected_shortfall)
    return as_given(_statistic(days.values, var, es, level), days)


@dataclass(frozen=True)
class EProcess:
    """Wealth after each day and the part of it bet on the day, [day], a Series where days came in."""

    wealth: Any
    bet: Any

    def alarm(self, wealth: float) -> Any:
        """The first day, or its place, after which wealth was at least so much; None where it never was.

        InputError: a wealth that is not above one, where betting begins.
        """
        if not wealth > 1:
            raise InputError("wealth", f"{wealth:g}", "above 1")
        reached = np.asarray(self.wealth) >= wealth
        if not reached.any():
            return None
        place = int(reached.argmax())
        return self.wealth.index[place] if isinstance(self.wealth, pd.Series) else place

    @property
    def p_value(self) -> float:
        """1 / max_t M_t, at most 1: valid however often one looked (Ville, 1939)."""
        return float(1 / max(1.0, np.asarray(self.wealth).max(initial=1.0)))


def e_process(
    losses: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike | None = None,
    *,
    level: Level,
    bets: Bets = "grem",
    largest: float = LARGEST,
) -> EProcess:
    """Wealth of bets against forecasts of VaR, or of ES beside VaR.

    gree: b_t = argmax sum_{s<t} log(1 - b + b e_s), 0 <= b <= largest. grel: the same with the losses before
    t under the forecast of day t, e(L_s, v_t, s_t). grem: the mean of both wealths. Wang, Wang & Ziegel
    (2022), section 5. losses, VaR and ES [day] in one unit; overlapping losses of several days are no series
    for this: take every h-th.
    InputError: no such bets, a largest bet outside (0, 1), an ES that is not above its VaR, other days.

    >>> normal = np.random.default_rng(0).standard_normal(1000)
    >>> process = e_process(normal, np.full(1000, 1.0), np.full(1000, 1.4), level=0.975)
    >>> int(process.alarm(20)) < 100  # VaR and ES are 1.96 and 2.34
    True
    """
    if bets not in BETS:
        raise InputError("bets", repr(bets), ", ".join(BETS))
    if not 0 < largest < 1:
        raise InputError("largest", f"{largest:g}", "0 < largest < 1")
    if expected_shortfall is None:
        days, expected = dated(losses=losses, value_at_risk=value_at_risk)
        var, es = expected.values, None
    else:
        days, var, es = _pair(losses, value_at_risk, expected_shortfall)
    today = _statistic(days.values, var, es, level)
    one = [
        best_bets(today, largest) if kind == "gree" else _relived(days.values, var, es, level, largest)
        for kind in (("gree", "grel") if bets == "grem" else (bets,))
    ]
    wealth = [np.cumprod(1 - bet + bet * today) for bet in one]
    before = [np.append(1.0, each[:-1]) for each in wealth]
    total = np.sum(before, axis=0)
    bet = np.sum([b * w for b, w in zip(one, before, strict=True)], axis=0) / np.where(total > 0, total, 1.0)
    return EProcess(as_given(np.mean(wealth, axis=0), days), as_given(bet, days))


def best_bets(statistic: ArrayLike, largest: float = LARGEST) -> Array:
    """b_t = argmax_b sum_{s<t} log(1 - b + b e_s) for 0 <= b <= largest [day]; none on the first day.

    statistic [day], not negative; InputError: values that are not finite.

    >>> best_bets([2.0, 0.0, 2.0, 0.0]).round(8)
    array([0.        , 0.5       , 0.        , 0.33333333])
    """
    (one,) = dated(statistic=statistic)
    e = one.values
    place = np.flatnonzero(e > 0)
    past = np.arange(len(e))
    seen = np.where(place < past[:, None], e[place], np.nan)
    return _argmax(seen, past, largest)


def _relived(losses: Array, var: Array, es: Array | None, level: Level, largest: float) -> Array:
    """Bets [day] on the losses before each day under the forecast of that day."""
    bets, step = np.zeros(len(losses)), max(ROOM // max(len(losses), 1), 1)
    for first in range(0, len(losses), step):
        today = slice(first, min(first + step, len(losses)))
        place = np.flatnonzero(losses[: today.stop] > var[today].min())
        days = np.arange(today.start, today.stop)
        v, s = var[today, None], None if es is None else es[today, None]
        e = _statistic(losses[place], v, s, level)
        bets[today] = _argmax(np.where((place < days[:, None]) & (e > 0), e, np.nan), days, largest)
    return bets


def _argmax(e: Array, days: Any, largest: float) -> Array:
    """argmax_b of the log wealth over past days [day]: e [day, k] of those above zero, nan where none.

    The slope sum (e - 1) / (1 + b (e - 1)) falls in b, the days with e = 0 give -1 / (1 - b) each.
    """
    gain = e - 1
    zeros = days - np.isfinite(e).sum(axis=1)

    def slope(bet: Array) -> Array:
        return np.nansum(gain / (1 + bet[:, None] * gain), axis=1) - zeros / (1 - bet)

    low, high = np.zeros(len(e)), np.full(len(e), largest)
    never, always = slope(low) <= 0, slope(high) >= 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        up = slope(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return np.where(never, 0.0, np.where(always, largest, (low + high) / 2))


def _statistic(losses: Array, var: Array, es: Array | None, level: Level) -> Array:
    """The e-statistic of VaR, or of ES where it is given; losses, VaR and ES broadcast."""
    expected = float(1 - exact_level(level))
    if es is None:
        return (losses > var) / expected
    return np.asarray(np.maximum(losses - var, 0.0) / (expected * (es - var)))


def _pair(losses: ArrayLike, var: ArrayLike, es: ArrayLike) -> tuple[Any, Array, Array]:
    """(losses with their days, VaR, ES); refused unless every ES is above its VaR."""
    days, first, second = dated(losses=losses, value_at_risk=var, expected_shortfall=es)
    short = int((second.values <= first.values).sum())
    if short:
        raise InputError("expected_shortfall", f"{short} forecasts are not above their VaR", "ES > VaR")
    return days, first.values, second.values
