"""E-processes: Ville's bound under right forecasts, power against wrong ones, Kelly's bet in closed form."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import sequential

LEVEL = "0.975"
VAR = float(stats.norm.ppf(0.975))
ES = float(stats.norm.pdf(VAR) / 0.025)


def reached(bets, factor=1.0, *, es=True, wealth=20.0, days=500, runs=300):
    """Fraction of runs in which wealth reaches so much, forecasts being so many times the right ones."""
    count = 0
    for seed in range(runs):
        scale = np.exp(0.5 * np.sin(np.arange(days) / 60))  # forecasts that move
        losses = scale * np.random.default_rng(seed).standard_normal(days)
        var, short = scale * VAR * factor, scale * ES * factor
        process = sequential.e_process(losses, var, short if es else None, level=LEVEL, bets=bets)
        count += process.alarm(wealth) is not None
    return count / runs


@pytest.mark.parametrize("bets", sequential.BETS)
@pytest.mark.parametrize("es", [True, False])
@pytest.mark.parametrize("wealth", [5.0, 20.0])
def test_a_right_forecast_is_rejected_no_more_often_than_ville_allows(bets, es, wealth):
    runs = 200
    error = math.sqrt((1 - 1 / wealth) / wealth / runs)
    assert reached(bets, es=es, wealth=wealth, days=250, runs=runs) <= 1 / wealth + 2 * error


@pytest.mark.parametrize("bets", sequential.BETS)
def test_forecasts_that_are_too_low_are_rejected(bets):
    assert reached(bets, 0.7, runs=60) > 0.8
    assert reached(bets, 0.7, es=False, runs=60) > 0.7


def test_forecasts_that_are_too_high_are_not():
    assert reached("grem", 1.3, runs=60) == 0


def test_only_es_that_is_too_low_is_seen_by_the_bet_on_es_alone():
    losses = np.random.default_rng(3).standard_normal(4000)
    var, low = np.full(4000, VAR), np.full(4000, VAR + 0.5 * (ES - VAR))
    assert sequential.e_process(losses, var, low, level=LEVEL).alarm(20) is not None
    assert sequential.e_process(losses, var, level=LEVEL).alarm(20) is None


def test_e_statistics_have_a_mean_of_one_under_the_truth():
    losses = np.random.default_rng(0).standard_normal(400_000)
    var, es = np.full_like(losses, VAR), np.full_like(losses, ES)
    for e in (
        sequential.value_at_risk_statistic(losses, var, level=LEVEL),
        sequential.expected_shortfall_statistic(losses, var, es, level=LEVEL),
    ):
        error = e.std() / math.sqrt(len(e))
        assert error < 0.02
        assert abs(e.mean() - 1) < 4 * error


def test_the_best_bet_is_kellys():
    """e is k = 1 / (1 - a) with frequency p, else zero: b = (p k - 1) / (k - 1)      Kelly (1956)."""
    e = np.zeros(1001)
    e[:40] = 40.0
    wanted = (40 / 1000 * 40 - 1) / (40 - 1)
    assert sequential.best_bets(e)[-1] == pytest.approx(wanted, abs=1e-8)
    e[20:40] = 0.0  # less often than one in forty: no bet
    assert sequential.best_bets(e)[-1] == 0.0


def test_the_bets_maximise_past_growth_of_uneven_statistics():
    e = np.random.default_rng(1).exponential(1.15, 200)
    grid = np.linspace(0, 0.5, 5001)
    growth = np.log1p(grid[:, None] * (e[:-1] - 1)).sum(axis=1)
    assert sequential.best_bets(e)[-1] == pytest.approx(grid[growth.argmax()], abs=1e-4)


def test_a_bet_knows_nothing_of_its_own_day():
    losses = np.random.default_rng(5).standard_normal(300)
    other = losses.copy()
    other[200:] *= 5
    ours, theirs = (
        sequential.e_process(x, np.full(300, 1.5), np.full(300, 1.9), level=LEVEL).bet
        for x in (losses, other)
    )
    np.testing.assert_array_equal(ours[:201], theirs[:201])
    assert (ours[201:] != theirs[201:]).any()


def test_grem_is_the_mean_of_both_and_steady_forecasts_make_them_one():
    losses = np.random.default_rng(2).standard_normal(300)
    moving = 1.2 + 0.5 * np.sin(np.arange(300) / 20)
    one, other, both = (
        sequential.e_process(losses, moving, moving + 0.4, level=LEVEL, bets=b).wealth
        for b in sequential.BETS
    )
    np.testing.assert_allclose(both, (one + other) / 2)
    assert not np.allclose(one, other)
    steady = [
        sequential.e_process(losses, np.full(300, 1.5), np.full(300, 1.9), level=LEVEL, bets=b).wealth
        for b in sequential.BETS
    ]
    np.testing.assert_allclose(steady[0], steady[1])
    bet = sequential.e_process(losses, moving, moving + 0.4, level=LEVEL)
    e = sequential.expected_shortfall_statistic(losses, moving, moving + 0.4, level=LEVEL)
    np.testing.assert_allclose(bet.wealth, np.cumprod(1 - bet.bet + bet.bet * e))


def test_days_come_back():
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    losses = pd.Series(np.random.default_rng(0).standard_normal(200), days)
    process = sequential.e_process(losses[::-1], pd.Series(0.5, days), pd.Series(0.8, days), level=LEVEL)
    assert process.alarm(20) in days
    assert process.p_value < 0.05
    assert process.wealth[process.alarm(20)] >= 20


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"bets": "all"}, "bets"),
        ({"largest": 1.0}, "largest"),
        ({"expected_shortfall": [1.0, 2.0]}, "expected_shortfall"),
        ({"level": "1.5"}, "level"),
        ({"value_at_risk": [1.0]}, "losses"),
        ({"losses": [1.0, math.nan]}, "losses"),
    ],
)
def test_what_is_refused(words, place):
    given = {"losses": [0.0, 1.0], "value_at_risk": [1.0, 1.0], "level": LEVEL} | words
    with pytest.raises(InputError, match=place):
        sequential.e_process(**given)


def test_an_alarm_is_above_one():
    with pytest.raises(InputError, match="wealth"):
        sequential.e_process([0.0], [1.0], level=LEVEL).alarm(1.0)
