"""Intervals of VaR, ES and the mean: against exact laws, weights, heavy tails, and small tails."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import (
    expected_shortfall,
    expected_shortfall_interval,
    mean_interval,
    value_at_risk,
    value_at_risk_interval,
)
from tailrisk.tail.heavy import mean_excess_interval
from tailrisk.tail.interval import heavy_bounds, straightened_bounds
from tailrisk.tail.shortfall import tail_of

INTERVALS = (value_at_risk_interval, expected_shortfall_interval)


def coverage(interval, draw, truth, replications=400):
    held = []
    for seed in range(replications):
        found = interval(*draw(np.random.default_rng(seed)))
        held.append(found.low <= truth <= found.high)
    return np.mean(held), math.sqrt(0.05 * 0.95 / replications)


def test_bounds_of_value_at_risk_are_order_statistics_of_the_binomial():
    loss = np.arange(1.0, 10_001)  # the loss of rank r from the worst is 10001 - r
    found = value_at_risk_interval(loss, level="0.99")
    ranks = 10_001 - found.high, 10_001 - found.low
    assert stats.binom.cdf(math.floor(ranks[0]) - 1, 10_000, 0.01) <= 0.025
    assert stats.binom.cdf(math.floor(ranks[0]), 10_000, 0.01) > 0.025
    assert stats.binom.cdf(math.ceil(ranks[1]) - 1, 10_000, 0.01) >= 0.975
    assert stats.binom.cdf(math.floor(ranks[1]) - 1, 10_000, 0.01) <= 0.975
    assert found.low < found.estimate == 9901 < found.high


def test_value_at_risk_is_unbounded_where_the_worst_path_may_lie_below_it():
    none, some = 0.99**368 > 0.025, 0.99**367 > 0.025
    assert (none, some) == (False, True)
    assert value_at_risk_interval(np.arange(367.0), level="0.99").high == math.inf
    assert value_at_risk_interval(np.arange(368.0), level="0.99").high < 368


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_normal_tail_is_covered(interval):
    def draw(random):
        return (random.normal(size=20_000),)

    quantile = stats.norm.ppf(0.95)
    truth = quantile if interval is value_at_risk_interval else stats.norm.pdf(quantile) / 0.05
    held, error = coverage(lambda loss: interval(loss, level="0.95"), draw, truth)
    assert abs(held - 0.95) < 4 * error


@pytest.mark.parametrize("interval", INTERVALS)
def test_an_importance_sample_is_covered_and_narrow(interval):
    def draw(random):
        loss = random.normal(size=4000) + np.where(random.random(4000) < 0.5, 3.0, 0.0)
        weight = 1 / (0.5 + 0.5 * np.exp(3 * loss - 4.5))
        return loss, weight / math.fsum(weight)

    quantile = stats.norm.ppf(0.999)
    truth = quantile if interval is value_at_risk_interval else stats.norm.pdf(quantile) / 0.001
    held, error = coverage(lambda loss, weight: interval(loss, weight, level="0.999"), draw, truth)
    assert abs(held - 0.95) < 4 * error
    weighted = interval(*draw(np.random.default_rng(0)), level="0.999")
    plain = interval(np.random.default_rng(0).normal(size=4000), level="0.999")
    assert weighted.high - weighted.low < 0.35 * (plain.high - plain.low)


@pytest.mark.parametrize("interval", INTERVALS)
def test_nearly_equal_weights_give_the_unweighted_interval(interval):
    loss = np.random.default_rng(1).normal(size=5000)
    weight = np.full(5000, 1 / 5000)
    weight[0], weight[1] = weight[0] * (1 + 1e-12), weight[1] * (1 - 1e-12)
    even, plain = interval(loss, weight, level="0.95"), interval(loss, level="0.95")
    assert even.estimate == pytest.approx(plain.estimate, rel=1e-10)
    assert (even.low, even.high) == pytest.approx((plain.low, plain.high), rel=2e-3)
    assert even.tail_points == pytest.approx(plain.tail_points, rel=1e-2)


@pytest.mark.parametrize("interval", [*INTERVALS, lambda loss, level: mean_interval(loss)])
@pytest.mark.parametrize("law", [2.0, 30.0])
def test_a_change_of_unit_and_of_origin_moves_the_interval_with_it(interval, law):
    loss = np.random.default_rng(7).standard_t(law, size=3000)
    before, after = interval(loss, level="0.95"), interval(0.01 * loss + 0.5, level="0.95")
    for name in ("estimate", "low", "high"):
        assert getattr(after, name) == pytest.approx(0.01 * getattr(before, name) + 0.5, rel=1e-9)


@pytest.mark.parametrize("tail_index", [1.5, 2.0])
def test_a_tail_without_variance_is_still_covered(tail_index):
    """The normal interval covers 75 % (index 1.5) and 88 % (index 2) here."""

    def draw(random):
        return (random.random(10_000) ** (-1 / tail_index),)

    truth = 0.02 ** (-1 / tail_index) * tail_index / (tail_index - 1)
    held, error = coverage(lambda loss: expected_shortfall_interval(loss, level="0.98"), draw, truth, 200)
    assert abs(held - 0.95) < 4 * error


def test_a_skewed_tail_has_a_longer_upper_arm():
    loss = np.random.default_rng(5).exponential(size=2000)
    found = expected_shortfall_interval(loss, level="0.95")
    assert found.high - found.estimate > 1.1 * (found.estimate - found.low)


@pytest.mark.parametrize("interval", INTERVALS)
def test_below_a_thousand_tail_points_a_figure_is_indicative(interval):
    loss = np.random.default_rng(6).normal(size=20_000)
    assert interval(loss, level="0.95").tail_points == 1000
    assert not interval(loss, level="0.95").indicative
    assert interval(loss[1:], level="0.95").indicative


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_level_the_sample_cannot_support_is_refused(interval):
    with pytest.raises(InputError, match="at least 1,000 equally weighted paths"):
        interval(np.arange(500.0), level="0.999")
    with pytest.raises(InputError, match="confidence"):
        interval(np.arange(500.0), level="0.9", confidence=1)


@pytest.mark.parametrize("interval", INTERVALS)
def test_constant_losses_have_an_interval_of_no_width(interval):
    found = interval(np.full(1000, 0.25), level="0.95")
    assert (found.low, found.estimate, found.high) == (0.25, 0.25, 0.25)


def test_more_confidence_is_a_wider_interval_around_the_estimate():
    loss = np.random.default_rng(8).standard_t(4, size=5000)
    for interval, point in zip(INTERVALS, (value_at_risk, expected_shortfall), strict=True):
        narrow, wide = (interval(loss, level="0.95", confidence=c) for c in (0.8, 0.99))
        assert wide.low < narrow.low < point(loss, level="0.95") < narrow.high < wide.high


def test_leading_axes_are_separate_samples():
    loss = np.random.default_rng(9).normal(size=(2, 3, 1000))
    for interval in INTERVALS:
        table = interval(loss, level="0.95")
        one = interval(loss[1, 2], level="0.95")
        assert table.low.shape == table.indicative.shape == (2, 3)
        assert (table.low[1, 2], table.high[1, 2]) == (one.low, one.high)
        assert isinstance(one.low, float)


def test_the_mean_is_the_central_limit_with_its_skewness():
    def draw(random):
        return (random.exponential(size=60),)

    held, error = coverage(lambda loss: mean_interval(loss), draw, 1.0, 1000)
    assert abs(held - 0.95) < 4 * error
    loss = np.random.default_rng(1).normal(size=1_000_000)
    found = mean_interval(loss)
    assert found.estimate == pytest.approx(loss.mean(), rel=1e-9)
    assert found.high - found.low == pytest.approx(2 * 1.96 * loss.std() / 1000, rel=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_bounds_solve_the_cubic_of_the_whole_influence_function(weighted):
    """Hall (1992): T + g T^2 / 3 + g^2 T^3 / 27 + g / 6 = +-z at T = (ES - bound) / s."""
    random = np.random.default_rng(10)
    loss = random.exponential(size=4000)
    weight = random.random(4000) if weighted else np.ones(4000)
    weight /= math.fsum(weight)
    found = expected_shortfall_interval(loss, weight if weighted else None, level="0.95")
    excess = np.maximum(loss - value_at_risk(loss, weight, level="0.95"), 0)
    influence = weight * (excess - np.sum(weight * excess)) / 0.05
    spread = math.sqrt(np.sum(influence**2))
    skew = np.sum(influence**3) / spread**3
    assert skew > 0.1
    for bound, z in ((found.low, 1.959964), (found.high, -1.959964)):
        at = (found.estimate - bound) / spread
        assert at + skew * at**2 / 3 + skew**2 * at**3 / 27 + skew / 6 == pytest.approx(z, abs=1e-5)


def test_a_heavy_interval_holds_the_place_of_the_boundary_and_the_mean_beyond_it():
    loss = np.random.default_rng(11).random(20_000) ** -0.5
    tail = tail_of(loss, None, Fraction("0.95"))
    mean, low, high = mean_excess_interval(tail.above - tail.value_at_risk, None, 0.95)
    place = 1.959964 * mean / math.sqrt(1000)
    middle = tail.value_at_risk + mean
    bounds = middle - math.hypot(mean - low, place), middle + math.hypot(high - mean, place)
    assert heavy_bounds(tail, 1000.0, 0.95) == pytest.approx(bounds, rel=1e-6)
    found, light = (
        expected_shortfall_interval(loss, level="0.95"),
        straightened_bounds(loss, None, tail, 0.95),
    )
    assert (found.low, found.high) == pytest.approx(
        (min(bounds[0], light[0]), max(bounds[1], light[1])), rel=1e-6
    )
