"""The pricer against closed forms (QuantLib), its own grid, an independent simulation, and mechanism 3.4."""

import warnings
from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from tailrisk.core import InputError
from tailrisk.core.calendar import YEAR
from tailrisk.crowd.autocall import CELLS, Market, Note, delta, observations, price
from tests.snowballs import MARKET, NOTE, surface

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the bindings of some versions warn on import
    ql = pytest.importorskip("QuantLib")

YEARS = 2.0
SHIFT = 0.5826  # -zeta(1/2) / sqrt(2 pi): Broadie, Glasserman and Kou (1997)
PLAIN = Note(months=24, lock_months=24, knock_out=10.0, knock_in=0.75, coupon_annual=0.0)
"""A note that cannot end early: 1 - put knocked in, 1 - down-and-in put before."""
SPOT = np.array([0.70, 0.76, 0.80, 0.90, 1.0, 1.2])


def process(spot, market):
    today = ql.Date(29, 12, 2023)
    ql.Settings.instance().evaluationDate = today
    day = ql.Actual365Fixed()
    curves = [ql.YieldTermStructureHandle(ql.FlatForward(today, r, day)) for r in _rates(market)]
    volatility = ql.BlackConstantVol(today, ql.NullCalendar(), market.volatility_annual, day)
    start = ql.QuoteHandle(ql.SimpleQuote(float(spot)))
    return ql.BlackScholesMertonProcess(start, *curves, ql.BlackVolTermStructureHandle(volatility))


def _rates(market):
    return market.yield_annual, market.rate_annual


def exercise(years=YEARS):
    return ql.EuropeanExercise(ql.Date(29, 12, 2023) + round(365 * years))


def put(spot, market=MARKET):
    option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, 1.0), exercise())
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process(spot, market)))
    return option.NPV(), option.delta()


def digital_call(spot, strike, market=MARKET):
    option = ql.VanillaOption(ql.CashOrNothingPayoff(ql.Option.Call, strike, 1.0), exercise())
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process(spot, market)))
    return option.NPV(), option.delta()


def barrier_put(spot, kind, barrier, market=MARKET, years=YEARS):
    payoff = ql.PlainVanillaPayoff(ql.Option.Put, 1.0)
    option = ql.BarrierOption(kind, barrier, 0.0, payoff, exercise(years))
    option.setPricingEngine(ql.AnalyticBarrierEngine(process(spot, market)))
    return option.NPV()


def shifted(barrier, market=MARKET):
    """The continuous barrier that is worth the same as daily monitoring of this one."""
    return barrier * exp(-SHIFT * market.volatility_annual / sqrt(YEAR))


def at(spot, grid, row):
    """Cubic through the four nearest nodes: the grid's own error, not the reader's."""
    out = []
    for s in np.atleast_1d(spot):
        i = np.searchsorted(grid, s)
        near = slice(i - 2, i + 2)
        out.append(np.polyval(np.polyfit(np.log(grid[near] / s), row[near], 3), 0.0))
    return np.array(out)


@pytest.fixture(scope="module")
def plain():
    return price(PLAIN, MARKET)


def bond(market=MARKET):
    return exp(-market.rate_annual * YEARS)


def test_a_knocked_in_note_without_coupon_is_a_bond_less_a_put(plain):
    value, slope = zip(*(put(s) for s in SPOT), strict=True)
    np.testing.assert_allclose(
        at(SPOT, plain.spot, plain.knocked_in[-1]), bond() - np.array(value), atol=2e-6
    )
    np.testing.assert_allclose(at(SPOT, plain.spot, delta(plain)[1][-1]), -np.array(slope), atol=2e-5)


def test_a_last_day_coupon_is_a_digital_call():
    note = replace(PLAIN, knock_out=1.03, coupon_annual=0.15)
    ours, coupon = price(note, MARKET), 0.15 * YEARS
    puts, digitals = [np.array([f(s) for s in SPOT]) for f in (put, lambda s: digital_call(s, 1.03))]
    value = bond() - puts[:, 0] + coupon * digitals[:, 0]
    np.testing.assert_allclose(at(SPOT, ours.spot, ours.knocked_in[-1]), value, atol=4e-6)
    slope = -puts[:, 1] + coupon * digitals[:, 1]
    np.testing.assert_allclose(at(SPOT, ours.spot, delta(ours)[1][-1]), slope, atol=5e-5)


def test_daily_down_and_in_put_is_the_continuous_one_at_the_shifted_barrier(plain):
    spot = SPOT[1:]
    theirs = [barrier_put(s, ql.Barrier.DownIn, shifted(0.75)) for s in spot]
    np.testing.assert_allclose(bond() - at(spot, plain.spot, plain.alive[-1]), theirs, atol=5e-5)


def test_knocked_in_and_alive_differ_by_the_down_and_out_put(plain):
    """In-out parity: (bond - in) - (bond - put) = out."""
    spot = SPOT[1:]
    ours = at(spot, plain.spot, plain.alive[-1] - plain.knocked_in[-1])
    theirs = [barrier_put(s, ql.Barrier.DownOut, shifted(0.75)) for s in spot]
    np.testing.assert_allclose(ours, theirs, atol=5e-5)
    assert ours[2] > 0.01  # sharp enough to fail


def test_frequent_monitoring_tends_to_the_continuous_barrier():
    """Scaling time by n at volatility / sqrt(n) monitors n times as often: the gap to the continuous barrier
    falls as 1 / sqrt(n), the gap to the shifted one as 1 / n, the order of its own error."""
    gaps, corrected = [], []
    for n in (0.25, 1, 4):
        market = Market(volatility_annual=0.18 / sqrt(n), rate_annual=0.025 / n, yield_annual=0.05 / n)
        months = round(24 * n)
        note = price(replace(PLAIN, months=months, lock_months=months), market, 2 * CELLS)
        ours = bond() - at(0.9, note.spot, note.alive[-1])[0]
        gaps.append(barrier_put(0.9, ql.Barrier.DownIn, 0.75) - ours)
        corrected.append(ours - barrier_put(0.9, ql.Barrier.DownIn, shifted(0.75, market)))
    assert gaps[-1] > 0
    np.testing.assert_allclose(np.divide(gaps[:-1], gaps[1:]), 2, rtol=0.1)
    np.testing.assert_allclose(np.divide(corrected[:-1], corrected[1:]), 4, rtol=0.15)


def test_an_early_call_by_the_bivariate_normal_law():
    """Two dates, a barrier out of reach: called after a month, or the full coupon after two."""
    note = Note(months=2, lock_months=1, knock_out=1.03, knock_in=0.5, coupon_annual=0.15)
    ours = price(note, MARKET)
    first, last = observations(note) / YEAR
    sd, rate = MARKET.volatility_annual, MARKET.rate_annual
    drift = rate - MARKET.yield_annual - sd**2 / 2
    for s in (0.95, 1.0, 1.05):
        below = (np.log(1.03 / s) - drift * first) / (sd * sqrt(first))
        called = norm.cdf(-below)
        value = exp(-rate * first) * called * (1 + 0.15 / 12) + exp(-rate * last) * (1 - called) * 1.025
        np.testing.assert_allclose(at(s, ours.spot, ours.alive[-1])[0], value, atol=1e-6)
        # knocked in, what is called on neither date lacks the coupon and the put
        end = (np.log(1.03 / s) - drift * last) / (sd * sqrt(last))
        rho = sqrt(first / last)
        neither = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([below, end])
        coupon = exp(-rate * last) * 0.025 * neither
        difference = coupon + put_if_not_called(s, below, first, last)
        row = ours.alive[-1] - ours.knocked_in[-1]
        np.testing.assert_allclose(at(s, ours.spot, row)[0], difference, atol=1e-6)


def put_if_not_called(spot, below, first, last):
    """E[exp(-r T) (1 - S_T)+ ; not called], by Gauss-Legendre over the first close."""
    sd, rate = MARKET.volatility_annual, MARKET.rate_annual
    nodes, weights = np.polynomial.legendre.leggauss(80)
    z = -8 + (below + 8) * (nodes + 1) / 2
    drift = rate - MARKET.yield_annual - sd**2 / 2
    middle = spot * np.exp(drift * first + sd * sqrt(first) * z)
    rest = last - first
    d1 = (np.log(middle) + (rate - MARKET.yield_annual + sd**2 / 2) * rest) / (sd * sqrt(rest))
    paid = exp(-rate * rest) * norm.cdf(sd * sqrt(rest) - d1)
    paid -= middle * exp(-MARKET.yield_annual * rest) * norm.cdf(-d1)
    return exp(-rate * first) * np.sum(weights * (below + 8) / 2 * norm.pdf(z) * paid)


def test_halving_the_grid_quarters_the_error():
    fine, deltas = price(NOTE, MARKET, 4 * CELLS), {}
    for cells in (CELLS // 2, CELLS):
        coarse = price(NOTE, MARKET, cells)
        left = 251
        deltas[cells] = max(
            np.abs(at(SPOT[1:], coarse.spot, coarse.alive[left]) - at(SPOT[1:], fine.spot, fine.alive[left]))
        )
    assert deltas[CELLS] < 1e-4
    assert deltas[CELLS // 2] / deltas[CELLS] > 3


def test_whole_note_against_simulation():
    """Twelve months left, spot 10 % above the barrier: value and a 2 % central difference, daily closes."""
    paths, left, start = 40_000, round(YEAR), 0.825
    rng = np.random.default_rng(7)
    sd = MARKET.volatility_annual / sqrt(YEAR)
    drift = (MARKET.rate_annual - MARKET.yield_annual) / YEAR - sd**2 / 2
    walk = np.cumsum(drift + sd * rng.standard_normal((left, paths)), axis=0)
    day = np.arange(1, left + 1)
    whole = round(NOTE.months * YEAR / 12)
    dates = np.isin(whole - left + day, observations(NOTE))

    def simulated(spot):
        level = spot * np.exp(walk)
        out = dates[:, None] & (level >= NOTE.knock_out)
        called = out.any(axis=0)
        when = np.argmax(out, axis=0)
        pays = 1 + NOTE.coupon_annual * np.rint((whole - left + day[when]) * 12 / YEAR) / 12
        knocked_in = (level <= NOTE.knock_in).any(axis=0)
        last = np.where(knocked_in, np.minimum(level[-1], 1), 1 + NOTE.coupon_annual * NOTE.months / 12)
        time = np.where(called, day[when], left) / YEAR
        return np.exp(-MARKET.rate_annual * time) * np.where(called, pays, last)

    value = simulated(start)
    stderr = value.std() / sqrt(paths)
    assert stderr < 2e-3
    ours = surface()
    row = ours.alive[left - 1]
    assert abs(at(start, ours.spot, row)[0] - value.mean()) < 4 * stderr
    up, down = simulated(start * 1.01), simulated(start * 0.99)
    slope = (up - down) / (0.02 * start)
    theirs = (at(start * 1.01, ours.spot, row) - at(start * 0.99, ours.spot, row))[0] / (0.02 * start)
    stderr = slope.std() / sqrt(paths)
    assert stderr < 0.1
    assert abs(theirs - slope.mean()) < 4 * stderr


@pytest.mark.parametrize(
    ("months", "theirs", "tolerance"),
    [
        (18, (1.83, 1.83, 1.73, 1.31), 0.02),
        (15, (2.09, 2.10, 1.97, 1.41), 0.02),
        (12, (2.48, 2.46, 2.26, 1.50), 0.02),
        (6, (3.9, 3.7, 3.1, 1.4), 0.05),  # printed to one decimal
    ],
)
def test_the_deltas_of_mechanism_3_4(months, theirs, tolerance):
    before, after = delta(surface())
    left = round(months * YEAR / 12) - 1
    spot = np.array([1.02, 1.05, 1.10, 1.20]) * NOTE.knock_in
    np.testing.assert_allclose(at(spot, surface().spot, before[left]), theirs, atol=tolerance)
    assert 1.0 <= at(NOTE.knock_in, surface().spot, after[left])[0] <= 1.11


def test_delta_rises_from_five_to_two_per_cent_above_the_barrier():
    """Check 4 before any cap; with 18 months and more left it is flat there."""
    before, after = delta(surface())
    for months in (3, 6, 9, 12):
        far, near = at(
            np.array([1.05, 1.02]) * NOTE.knock_in, surface().spot, before[round(months * YEAR / 12) - 1]
        )
        assert near > far + 0.01
        assert near > at(NOTE.knock_in, surface().spot, after[round(months * YEAR / 12) - 1])[0] + 1


def test_a_note_is_worth_more_alive_than_knocked_in():
    assert (surface().alive - surface().knocked_in).min() > -1e-12


def test_terms_at_the_fence():
    price(replace(NOTE, months=3, knock_out=1.0), MARKET)
    for wrong in ({"knock_in": 1.0}, {"knock_out": 0.99}, {"lock_months": 0}, {"lock_months": 25}):
        with pytest.raises(InputError, match=r"snowball\.terms"):
            price(replace(NOTE, **wrong), MARKET)
    with pytest.raises(InputError, match="volatility_annual"):
        price(NOTE, replace(MARKET, volatility_annual=0.0))
