"""Was the forecast right? Tests of a series of VaR and ES forecasts against the losses that came.

Every series is [day], losses positive; a hit is a loss beyond the VaR forecast, expected on 1 - level of the
days. Series are matched by day to the first one, and what is a value a day comes back as a Series.
InputError everywhere: series of several lengths or other days, values that are not finite, a hit that is
neither 0 nor 1, a level that is no confidence above 0.5.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import bdtr, chdtrc, stdtr, xlogy

from ..core import InputError
from .border import finite, ordered
from .dated import as_given, dated, forecast, series
from .sample import Array, Level, exact_level

SAME = 16 * float(np.finfo(np.float64).eps)
"""Differences that vary less than this, over the size of the scores, are one difference and rounding."""


@dataclass(frozen=True)
class Verdict:
    """A test statistic and the probability of one as far out, were the forecast right."""

    statistic: float
    p_value: float


def hits(losses: ArrayLike, value_at_risk: ArrayLike) -> Any:
    """1 on the days the loss was beyond its VaR forecast, else 0 [day]; a Series where one came in.

    losses, value_at_risk [day] in one unit. InputError: series of several lengths, or with other days.

    >>> hits([0.01, 0.04, 0.02], [0.03, 0.03, 0.03])
    array([0., 1., 0.])
    """
    realised, expected = dated(losses=losses, value_at_risk=value_at_risk)
    return as_given((realised.values > expected.values).astype(np.float64), realised)


def kupiec(hit: ArrayLike, *, level: Level) -> Verdict:
    """Unconditional coverage: 2 (log-lik at x/n - log-lik at 1 - a) ~ chi-square(1)      Kupiec (1995).

    hit [day], x of n are one. InputError: a hit other than 0 or 1, or a level that is none.

    >>> verdict = kupiec([1.0] * 9 + [0.0] * 241, level=0.99)
    >>> round(verdict.statistic, 2), round(verdict.p_value, 4)
    (10.23, 0.0014)
    """
    days, count, share = _counts(hit, level)
    seen = count / days
    statistic = 2 * (_binomial(count, days, seen) - _binomial(count, days, share))
    return Verdict(statistic, float(chdtrc(1, statistic)))


def independence(hit: ArrayLike) -> Verdict:
    """Hits do not follow hits: Markov chain against independence ~ chi-square(1)      Christoffersen (1998).

    hit [day]; day one has no day before it and only starts the chain. p_value 1 where there is no hit to
    follow.
    InputError: a hit other than 0 or 1, fewer than two days.

    >>> independence([1.0] * 5 + [0.0] * 245).p_value < 0.001  # the hits came together
    True
    """
    flags = _flags(hit)
    if len(flags) < 2:
        raise InputError("hit", "one day follows no other", "two days or more")
    before, after = flags[:-1], flags[1:]
    calm, tense = after[before == 0], after[before == 1]
    apart = sum(_binomial(x.sum(), len(x), x.mean()) for x in (calm, tense) if len(x))
    statistic = 2 * (apart - _binomial(after.sum(), len(after), after.mean()))
    return Verdict(max(statistic, 0.0), float(chdtrc(1, max(statistic, 0.0))))


def conditional_coverage(hit: ArrayLike, *, level: Level) -> Verdict:
    """Right number and no clusters: the sum of both statistics ~ chi-square(2)      Christoffersen (1998).

    hit [day]; InputError as in `kupiec` and `independence`.

    >>> round(conditional_coverage([1.0] + [0.0] * 99, level=0.99).p_value, 2)
    1.0
    """
    statistic = kupiec(hit, level=level).statistic + independence(hit).statistic
    return Verdict(statistic, float(chdtrc(2, statistic)))


@dataclass(frozen=True)
class TrafficLight:
    """Basel zone of a VaR 99 % over 250 days, the chance of fewer or as many hits, and the add-on to 3."""

    zone: str
    cumulative: float
    multiplier: float


def traffic_light(hit: ArrayLike, *, level: Level) -> TrafficLight:
    """Green, yellow, red by P(hits <= x) under the binomial, at 95 % and 99.99 %      Basel (1996), table 2.

    The add-on is Basel's own at 250 days and 99 %, 0.40 0.50 0.65 0.75 0.85 for 5 to 9 hits and 1 beyond;
    elsewhere the hits with the nearest cumulative probability above it stand in.
    hit [day]; InputError: a hit other than 0 or 1, or a level that is none.

    >>> light = traffic_light([1.0] * 6 + [0.0] * 244, level=0.99)
    >>> light.zone, light.multiplier
    ('yellow', 3.5)
    """
    days, count, share = _counts(hit, level)
    cumulative = float(bdtr(count, int(days), share))
    zone = "green" if cumulative < 0.95 else "yellow" if cumulative < 0.9999 else "red"
    like = next((x for x in range(10) if bdtr(x, 250, 0.01) >= cumulative - 1e-12), 10)
    add = {"green": 0.0, "red": 1.0}.get(zone, (0.40, 0.50, 0.65, 0.75, 0.85)[min(max(like, 5), 9) - 5])
    return TrafficLight(zone, cumulative, 3.0 + add)


def acerbi_szekely(
    losses: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike,
    *,
    level: Level,
    scenarios: ArrayLike | None = None,
    given_hits: bool = False,
) -> Verdict:
    """Z2 = 1 - sum_hits L / (n (1 - a) ES); with `given_hits` Z1 = 1 - mean_hits L / ES.

    Acerbi & Szekely (2014), equations 6 and 4. Zero if the forecasts are right, negative if ES was too low;
    losses, VaR and ES [day] in one unit. scenarios [draw, day], a frame's columns matched by day: losses
    drawn from the forecasts; p_value is the fraction of draws with a Z as low, (1 + r) / (1 + m), nan without
    them (Z2 below about -0.7 is 5 % at level 0.975 over 250 days). Z1 without a hit is nan.
    InputError: an ES forecast that is not above zero, scenarios of other days.

    >>> losses, var, es = np.full(40, 0.0), np.full(40, 0.02), np.full(40, 0.025)
    >>> losses[0] = 0.05  # one hit, as expected at 97.5 %, of twice the ES
    >>> round(acerbi_szekely(losses, var, es, level=0.975).statistic, 6)
    -1.0
    """
    days, *expected = forecast(losses, value_at_risk, expected_shortfall)
    realised, (var, es) = days.values, (each.values for each in expected)
    share = float(1 - exact_level(level))
    seen = float(_shortfall_gap(realised, var, es, share, given_hits))
    if scenarios is None:
        return Verdict(seen, math.nan)
    if isinstance(scenarios, pd.DataFrame) and days.paths is not None:
        scenarios = ordered("scenarios", scenarios.T, days.paths).T.to_numpy()
    drawn = finite("scenarios", scenarios)
    if drawn.ndim != 2 or drawn.shape[1] != len(realised):
        raise InputError("scenarios", f"have shape {drawn.shape}", f"[draw, {len(realised)}]")
    at_random = _shortfall_gap(drawn, var, es, share, given_hits)
    at_random = at_random[~np.isnan(at_random)]
    return Verdict(seen, float((1 + np.sum(at_random <= seen)) / (1 + len(at_random))))


def quantile_score(losses: ArrayLike, value_at_risk: ArrayLike, *, level: Level) -> Any:
    """(1{L > v} - (1 - a)) (L - v) [day]: lowest in expectation at the true VaR      Gneiting (2011).

    losses, value_at_risk [day] in one unit, that of the score; InputError as in `hits`, or a level that is
    none.

    >>> quantile_score([0.01, 0.04], [0.03, 0.03], level=0.99).round(4)
    array([0.0002, 0.0099])
    """
    days, expected = dated(losses=losses, value_at_risk=value_at_risk)
    gap = days.values - expected.values
    return as_given(((gap > 0) - float(1 - exact_level(level))) * gap, days)


def fz0_score(
    losses: ArrayLike, value_at_risk: ArrayLike, expected_shortfall: ArrayLike, *, level: Level
) -> Any:
    """(L - v)+ / ((1 - a) e) + v / e + log e - 1 [day]: lowest in expectation at the true (VaR, ES), e > 0.

    Fissler & Ziegel (2016); the member homogeneous of degree zero, Patton, Ziegel & Chen (2019), equation 6.
    losses, VaR and ES [day] in one unit; InputError: an ES that is not above zero, and as in
    `quantile_score`.

    >>> fz0_score([0.01, 0.04], [0.03, 0.03], [0.035, 0.035], level=0.99).round(3)
    array([-3.495, 25.076])
    """
    days, *expected = forecast(losses, value_at_risk, expected_shortfall)
    var, es = (each.values for each in expected)
    beyond = np.maximum(days.values - var, 0.0) / float(1 - exact_level(level))
    return as_given((beyond + var) / es + np.log(es) - 1, days)


def diebold_mariano(score: ArrayLike, other: ArrayLike, *, horizon: int = 1) -> Verdict:
    """Mean of score - other over its standard error, two-sided; negative: `score` is the better forecast.

    Diebold & Mariano (1995) with the correction of Harvey, Leybourne & Newbold (1997), equation 9, and their
    Student t (n - 1); the variance has horizon - 1 autocovariances, all that forecasts that overlap for
    `horizon` days leave, and Bartlett's weights on them only where their sum is not positive.
    nan where the scores never differ or always by the same, to within rounding.
    score, other [day]; InputError: other days, a horizon that is no whole number from 1 to below their
    number.

    >>> verdict = diebold_mariano([1.0, 2.0, 1.0, 2.0], [2.0, 2.5, 2.0, 2.5])
    >>> verdict.statistic < 0
    True
    """
    first, second = series(score=score, other=other)
    n = len(first)
    if not (isinstance(horizon, int | np.integer) and 1 <= horizon < n):
        raise InputError("horizon", f"{horizon} for {n} days", f"a whole number, 1 <= horizon < {n}")
    gap = first - second
    centred = gap - gap.mean()
    if np.abs(centred).max() <= SAME * max(np.abs(first).max(), np.abs(second).max()):
        return Verdict(math.nan, math.nan)
    shared = [np.sum(centred[k:] * centred[: n - k]) for k in range(horizon)]
    long_run = 2 * sum(shared) - shared[0]
    if not long_run > 0:
        long_run = 2 * sum((1 - k / horizon) * c for k, c in enumerate(shared)) - shared[0]
    if not long_run > 0:
        return Verdict(math.nan, math.nan)
    shrink = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    statistic = float(shrink * gap.mean() * n / math.sqrt(long_run))
    return Verdict(statistic, float(2 * stdtr(n - 1, -abs(statistic))))


def _counts(hit: ArrayLike, level: Level) -> tuple[float, float, float]:
    """(days, hits, expected fraction) of a series of zeros and ones."""
    flags = _flags(hit)
    return float(len(flags)), float(flags.sum()), float(1 - exact_level(level))


def _flags(hit: ArrayLike) -> Array:
    """A series [day] of zeros and ones."""
    (flags,) = series(hit=hit)
    if not np.isin(flags, (0.0, 1.0)).all():
        raise InputError("hit", "is not a series of zeros and ones", "0 or 1 a day")
    return flags


def _binomial(count: Any, days: Any, chance: Any) -> float:
    """Log likelihood of `count` hits in `days` at a chance, without the binomial coefficient."""
    return float(xlogy(count, chance) + xlogy(days - count, 1 - chance))


def _shortfall_gap(loss: Array, var: Array, es: Array, share: float, given_hits: bool) -> Array:
    """Z2 or Z1 over the last axis, day; Z1 is nan where nothing was hit."""
    ratio = np.where(loss > var, loss / es, 0.0).sum(axis=-1)
    count = (loss > var).sum(axis=-1).astype(np.float64)
    if not given_hits:
        return np.asarray(1 - ratio / (loss.shape[-1] * share))
    return np.where(count > 0, 1 - ratio / np.where(count > 0, count, 1.0), np.nan)
