"""Backtests: textbook numbers, size under a right forecast, power against a wrong one, proper scores."""

import math

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import backtest

LEVEL = "0.975"
VAR = float(stats.norm.ppf(0.975))
ES = float(stats.norm.pdf(VAR) / 0.025)


def some(count, days):
    return np.arange(days) < count


def rejections(test, draw, replications):
    found = [test(draw(np.random.default_rng(seed))).p_value < 0.05 for seed in range(replications)]
    return np.mean(found), math.sqrt(0.05 * 0.95 / replications)


def test_the_textbook_statistics():
    """Jorion, Value at Risk (2007), chapter 6: 20 hits of 252 is 3.91; question 10 is 3.498 and 25.837."""
    assert backtest.kupiec(some(20, 252), level="0.95").statistic == pytest.approx(3.91, abs=0.005)
    hit = np.zeros(253)  # 252 pairs of days: six hits, four of which follow a hit
    hit[[10, 11, 12, 13, 14, 100]] = 1
    assert backtest.kupiec(hit[1:], level="0.99").statistic == pytest.approx(3.498, abs=0.001)
    assert backtest.independence(hit).statistic == pytest.approx(25.837, abs=0.001)
    both = backtest.conditional_coverage(hit, level="0.99")
    parts = backtest.kupiec(hit, level="0.99").statistic + backtest.independence(hit).statistic
    assert both.statistic == pytest.approx(parts)
    assert both.p_value == pytest.approx(stats.chi2.sf(parts, 2))


@pytest.mark.parametrize(
    ("low", "high", "days", "level"),
    [(7, 20, 255, "0.95"), (17, 35, 510, "0.95"), (38, 64, 1000, "0.95"), (5, 16, 1000, "0.99")],
)
def test_kupiecs_non_rejection_regions(low, high, days, level):
    """Kupiec (1995), table 3, test size 5 %: 6 < N < 21, 16 < N < 36, 37 < N < 65, 4 < N < 17."""
    region = [x for x in range(100) if backtest.kupiec(some(x, days), level=level).p_value > 0.05]
    assert region == list(range(low, high + 1))


def test_no_hit_and_every_hit_have_a_statistic():
    assert backtest.kupiec(np.zeros(250), level="0.99").statistic == pytest.approx(-500 * math.log(0.99))
    assert backtest.kupiec(np.ones(5), level="0.99").statistic == pytest.approx(-10 * math.log(0.01))
    for hit in (np.zeros(250), np.ones(250)):
        assert backtest.independence(hit).p_value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("test", "low"),
    [
        (lambda h: backtest.kupiec(h, level="0.9"), 0.03),
        (lambda h: backtest.independence(h), 0.03),
        (lambda h: backtest.conditional_coverage(h, level="0.9"), 0.03),
    ],
)
def test_a_right_forecast_is_rejected_about_one_time_in_twenty(test, low):
    size, error = rejections(test, lambda random: random.random(2000) < 0.1, 600)
    assert low < size < 0.05 + 4 * error + 0.01


def test_a_wrong_number_and_a_cluster_are_found_by_the_test_for_each():
    def many(random):
        return random.random(2000) < 0.13

    def clusters(random):  # 10 % of days, a hit follows a hit half the time
        hit, flags = False, []
        for chance in random.random(2000):
            hit = chance < (0.5 if hit else 0.5 / 9)
            flags.append(hit)
        return np.array(flags)

    assert rejections(lambda h: backtest.kupiec(h, level="0.9"), many, 100)[0] > 0.9
    assert rejections(backtest.independence, many, 100)[0] < 0.15
    assert rejections(backtest.independence, clusters, 100)[0] > 0.99
    assert rejections(lambda h: backtest.conditional_coverage(h, level="0.9"), clusters, 100)[0] > 0.99


def test_the_basel_table():
    """Basel Committee (1996), table 2: 250 days at 99 %; cumulative 89.22 % at four hits, 99.97 % at nine."""
    lights = [backtest.traffic_light(some(x, 250), level="0.99") for x in range(12)]
    assert [light.zone for light in lights] == ["green"] * 5 + ["yellow"] * 5 + ["red"] * 2
    assert [light.multiplier for light in lights] == [3.0] * 5 + [3.4, 3.5, 3.65, 3.75, 3.85] + [4.0] * 2
    assert lights[4].cumulative == pytest.approx(0.8922, abs=5e-5)
    assert lights[9].cumulative == pytest.approx(0.9997, abs=6e-5)
    assert backtest.traffic_light(some(14, 500), level="0.975").zone == "green"


def test_acerbi_and_szekely_by_hand():
    loss, var, es = [3.0, 1.0, 5.0, 0.0], [2.0] * 4, [4.0, 4.0, 2.0, 4.0]
    first = backtest.acerbi_szekely(loss, var, es, level="0.75", given_hits=True)
    second = backtest.acerbi_szekely(loss, var, es, level="0.75")
    assert first.statistic == pytest.approx(1 - (3 / 4 + 5 / 2) / 2)
    assert second.statistic == pytest.approx(1 - (3 / 4 + 5 / 2) / (4 * 0.25))
    assert math.isnan(first.p_value)
    assert math.isnan(backtest.acerbi_szekely([0.0] * 4, var, es, level="0.75", given_hits=True).statistic)


@pytest.mark.parametrize("given_hits", [False, True])
def test_acerbi_and_szekely_are_zero_in_the_mean_and_have_their_critical_value(given_hits):
    loss = np.random.default_rng(1).normal(size=(4000, 250))
    drawn = [
        backtest.acerbi_szekely(
            day, np.full(250, VAR), np.full(250, ES), level=LEVEL, given_hits=given_hits
        ).statistic
        for day in loss
    ]
    drawn = np.array(drawn)[~np.isnan(drawn)]
    error = drawn.std() / math.sqrt(len(drawn))
    assert error < 0.01
    assert abs(drawn.mean()) < 4 * error
    if not given_hits:  # Acerbi & Szekely (2014): -0.70 at 5 %
        assert np.quantile(drawn, 0.05) == pytest.approx(-0.70, abs=0.04)


def test_a_shortfall_forecast_too_low_is_found_and_a_right_one_is_not():
    forecast = np.full(250, VAR), np.full(250, ES)
    scenarios = np.random.default_rng(2).normal(size=(999, 250))
    right, wrong = [], []
    for seed in range(200):
        loss = np.random.default_rng(seed + 10).standard_t(3, 250)
        wrong.append(backtest.acerbi_szekely(loss, *forecast, level=LEVEL, scenarios=scenarios).p_value)
        loss = np.random.default_rng(seed + 10).normal(size=250)
        right.append(backtest.acerbi_szekely(loss, *forecast, level=LEVEL, scenarios=scenarios).p_value)
    assert np.mean(np.array(wrong) < 0.05) > 0.85
    assert np.mean(np.array(right) < 0.05) < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 200)


def test_scores_are_lowest_at_the_truth():
    loss = np.random.default_rng(3).normal(size=1_000_000)

    def quantile(var):
        return backtest.quantile_score(loss, np.full_like(loss, var), level=LEVEL)

    def joint(var, es):
        return backtest.fz0_score(loss, np.full_like(loss, var), np.full_like(loss, es), level=LEVEL)

    for var in (VAR - 0.15, VAR + 0.15):
        gap = quantile(var) - quantile(VAR)
        assert gap.mean() > 4 * gap.std() / 1000
    for var, es in ((VAR - 0.15, ES), (VAR + 0.15, ES), (VAR, ES - 0.15), (VAR, ES + 0.15)):
        gap = joint(var, es) - joint(VAR, ES)
        assert gap.mean() > 4 * gap.std() / 1000
    assert joint(VAR, ES).mean() == pytest.approx(math.log(ES), abs=0.01)  # E of the score at the truth


def test_scores_by_hand():
    assert backtest.quantile_score([3.0, 1.0], [2.0, 2.0], level="0.9") == pytest.approx([0.9, 0.1])
    assert backtest.fz0_score([3.0, 1.0], [2.0, 2.0], [4.0, 4.0], level="0.9") == pytest.approx(
        [(10 + 2) / 4 + math.log(4) - 1, 2 / 4 + math.log(4) - 1]
    )
    assert backtest.hits([3.0, 2.0, 1.0], [2.0, 2.0, 2.0]).tolist() == [1, 0, 0]


@pytest.mark.parametrize("horizon", [1, 5])
def test_diebold_and_mariano_have_their_size_and_find_the_better_forecast(horizon):
    def overlapping(random, edge):
        noise = random.normal(size=500 + horizon - 1)
        return np.convolve(noise, np.ones(horizon), "valid") + edge, np.zeros(500)

    size, error = rejections(
        lambda pair: backtest.diebold_mariano(*pair, horizon=horizon), lambda r: overlapping(r, 0.0), 600
    )
    assert 0.05 - 4 * error < size < 0.05 + 4 * error
    better = backtest.diebold_mariano(*overlapping(np.random.default_rng(1), -0.5 * horizon), horizon=horizon)
    assert better.statistic < -3
    assert better.p_value < 0.01


def test_diebold_and_mariano_with_one_day_is_the_paired_t_test():
    random = np.random.default_rng(4)
    first, second = random.normal(size=80), random.normal(size=80)
    known = stats.ttest_rel(first, second)
    found = backtest.diebold_mariano(first, second)
    assert (found.statistic, found.p_value) == (pytest.approx(known.statistic), pytest.approx(known.pvalue))
    assert math.isnan(backtest.diebold_mariano(first, first).statistic)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: backtest.kupiec([0.0, 0.5], level="0.9"), "zeros and ones"),
        (lambda: backtest.kupiec([], level="0.9"), "empty"),
        (lambda: backtest.hits([1.0, 2.0], [1.0]), "shapes differ"),
        (lambda: backtest.hits([[1.0]], [[1.0]]), "shapes differ"),
        (lambda: backtest.fz0_score([1.0], [1.0], [0.0], level="0.9"), "not positive"),
        (lambda: backtest.quantile_score([math.nan], [1.0], level="0.9"), "not finite"),
        (lambda: backtest.diebold_mariano([1.0, 2.0], [1.0, 1.0], horizon=2), "horizon"),
        (
            lambda: backtest.acerbi_szekely([1.0], [1.0], [1.0], level="0.9", scenarios=np.zeros((3, 2))),
            "scenarios",
        ),
    ],
)
def test_what_cannot_be_tested_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_a_draw_as_low_as_what_was_seen_counts():
    """P = (1 + r) / (1 + m), r the draws with a Z at most the one seen: ties are as low."""
    loss, forecast = [1.0, 3.0, 0.0, 0.0], ([2.0] * 4, [4.0] * 4)
    draws = np.array([loss, loss, [0.0] * 4, [9.0] * 4])
    seen = backtest.acerbi_szekely(loss, *forecast, level="0.75", scenarios=draws)
    assert seen.p_value == (1 + 3) / (1 + 4)
    given = backtest.acerbi_szekely(loss, *forecast, level="0.75", scenarios=draws, given_hits=True)
    assert given.p_value == (1 + 3) / (1 + 3)  # the draw without a hit has no Z1


def test_a_loss_at_its_forecast_is_no_hit():
    assert backtest.hits([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]).tolist() == [0.0, 0.0, 1.0]
    score = backtest.quantile_score([2.0, 1.0, 3.0], [2.0, 2.0, 2.0], level="0.9")
    assert score == pytest.approx([0.0, 0.1, 0.9])


@pytest.mark.parametrize("shift", [0.0, 1.0, -0.3, 1e6])
@pytest.mark.parametrize("horizon", [1, 5])
def test_scores_that_differ_always_by_the_same_have_no_test(shift, horizon):
    score = np.random.default_rng(0).normal(0, 1, 500)
    found = backtest.diebold_mariano(score, score + shift, horizon=horizon)
    assert math.isnan(found.statistic)
    assert math.isnan(found.p_value)
    moved = score + 0.1 + 1e-9 * np.random.default_rng(1).normal(size=500)
    assert backtest.diebold_mariano(score, moved, horizon=horizon).statistic < -1e6


def test_scores_that_do_not_vary_have_no_test():
    for constant in (0.0, 0.1, 1e-300):
        assert math.isnan(backtest.diebold_mariano(np.full(20, constant), np.zeros(20)).statistic)
