"""The rolling forecasts: none sees ahead, each is what it says, and hits come at the rate promised."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tailrisk.calibrate.ladder import log_returns
from tailrisk.config import load
from tailrisk.core.names import BUCKETS
from tailrisk.studies.backtest import forecast, garch, simple
from tailrisk.studies.backtest.targets import gains, losses, targets

from .worlds import closes

FIRST, LAST, MORE = 420, 460, 60
LEVELS = ("0.95", "0.99")


@pytest.fixture(scope="module")
def world():
    """(plan, log returns, gains): three targets, one refit on the way, two regimes."""
    aims = targets(load("base.toml"))
    some = tuple(aim for aim in aims if aim.name in ("csi1000-csi300", "ie500", "micro_active"))
    returns = log_returns(closes(LAST + MORE + 1).to_numpy())
    plan = forecast.Plan(
        aims=some,
        days=np.arange(FIRST, LAST),
        refits=np.array([FIRST, FIRST + 20]),
        horizons=(1, 3),
        levels=LEVELS,
        states=(2,),
        shocks=("gaussian",),
        starts=2,
        seed=0,
    )
    return plan, returns, gains(some, returns)


def made(plan, returns, gain):
    found = forecast.forecasts(plan, returns, gain, lambda done, what: None)
    return np.stack([found.value_at_risk, found.expected_shortfall])


def test_later_days_change_no_earlier_forecast(world):
    plan, returns, gain = world
    longer = replace(
        plan, days=np.arange(FIRST, LAST + MORE), refits=np.array([FIRST, FIRST + 20, LAST + 10])
    )
    wild = returns.copy()
    wild[LAST:] *= 3.0
    short = made(plan, returns[:LAST], gain[:LAST])
    long = made(longer, wild, gains(plan.aims, wild))
    assert np.isfinite(long).all()
    np.testing.assert_allclose(long[..., : LAST - FIRST], short, rtol=1e-9)
    assert (short[1] > short[0]).all()


def test_today_changes_tomorrows_forecast_and_not_todays(world):
    plan, returns, _ = world
    returns = returns * np.where(np.arange(len(returns)) < LAST - 15, 1.0, 0.3)[:, None]
    gain = gains(plan.aims, returns)
    shocked = returns.copy()
    shocked[LAST - 2] = [0.0, -0.02, -0.06, -0.09, -0.13]
    before = made(plan, returns, gain)[0]
    after = made(plan, shocked, gains(plan.aims, shocked))[0]
    np.testing.assert_allclose(after[..., :-1], before[..., :-1], rtol=1e-9)
    moved = after[..., -1] / before[..., -1]
    for model in ("ewma", "garch_t", "garch_pot", "gaussian_k2"):
        assert (moved[plan.models.index(model)] > 1.05).all(), model


def test_a_spread_gains_the_log_of_the_ratio_and_a_fund_less_its_benchmark():
    aims = targets(load("base.toml"))
    prices = closes(30).to_numpy()
    gain = gains(aims, log_returns(prices))
    names = [aim.name for aim in aims]
    assert names[:10] == [f"{small}-{large}" for large, small in combinations(BUCKETS, 2)]
    ratio = prices[-1, 2] / prices[-1, 0] / (prices[0, 2] / prices[0, 0])
    assert gain[:, names.index("csi1000-csi300")].sum() == pytest.approx(np.log(ratio))
    simple_returns = prices[1:] / prices[:-1] - 1
    book = simple_returns @ np.array([0.12, 0.38, 0.24, 0.20, 0.06])
    excess = np.log((1 + book) / (1 + simple_returns[:, 1]))
    np.testing.assert_allclose(gain[:, names.index("ie500")], excess)
    micro = np.log(1 + 0.9 * (0.4 * simple_returns[:, 3] + 0.6 * simple_returns[:, 4]))
    np.testing.assert_allclose(gain[:, names.index("micro_active")], micro)
    assert not {"neutral", "dma", "long_short", "cta"} & set(names)


def test_losses_look_ahead_from_their_day():
    gain = np.arange(5.0)[:, None]
    np.testing.assert_array_equal(losses(gain, 3)[:, 0], [-3.0, -6.0, -9.0, np.nan, np.nan])


def test_history_is_the_worst_of_the_window():
    gain = np.random.default_rng(1).normal(size=600)
    days = np.array([500, 599])
    var, es = simple.historical(gain, days, 1, ("0.95",), 100)
    for i, day in enumerate(days):
        worst = np.sort(-gain[day - 100 : day])[::-1]
        assert (var[0, i], es[0, i]) == (worst[4], pytest.approx(worst[:5].mean()))


def test_riskmetrics_is_the_recursion():
    gain = np.random.default_rng(2).normal(size=400)
    variance = np.mean(gain[:250] ** 2)
    for y in gain[:300]:
        variance = 0.94 * variance + 0.06 * y * y
    var, _ = simple.riskmetrics(gain, np.array([300]), 10, ("0.99",))
    assert var[0, 0] == pytest.approx(2.3263478740 * np.sqrt(10 * variance))


def known_garch(days):
    """A GARCH-t with its own days."""
    generator, nu = np.random.default_rng(5), 6.0
    z = generator.standard_t(nu, days) * np.sqrt((nu - 2) / nu)
    gain, variance = np.empty(days), 4e-5
    for t in range(days):
        gain[t] = np.sqrt(variance) * z[t]
        variance = 2e-6 + 0.10 * gain[t] ** 2 + 0.85 * variance
    return gain


def test_garch_finds_its_world_and_covers():
    gain = known_garch(6000)
    found = garch.fit(gain[:3000])
    assert found.converged
    assert abs(found.news - 0.10) < 0.05
    assert abs(found.memory - 0.85) < 0.06
    np.testing.assert_allclose(
        found.volatility(gain)[1:] ** 2,
        found.base
        + found.news * (gain[:-1] - found.mean) ** 2
        + found.memory * found.volatility(gain)[:-1] ** 2,
    )
    for shock in (garch.student_shock(found), garch.pareto_shock(found)):
        one, _ = garch.forecast(found, shock, found.volatility(gain)[3000:], 1, ("0.95",))
        rate = (-gain[3000:] > one[0]).mean()
        assert abs(rate - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 3000)


def test_several_days_of_garch_without_news_are_a_sum():
    """a = 0 and volatility at its long run: the sum of h days is that of h independent ones."""
    still = garch.Garch(
        mean=0.001,
        base=1e-4,
        news=0.0,
        memory=0.0,
        nu=1e6,
        long_run=0.01,
        residuals=np.empty(0),
        converged=True,
    )
    var, es = garch.forecast(still, garch.student_shock(still), np.array([0.01]), 4, ("0.95",))
    assert var[0, 0] == pytest.approx(-0.004 + 0.02 * 1.6449, rel=0.03)
    assert es[0, 0] == pytest.approx(-0.004 + 0.02 * 2.0627, rel=0.03)
