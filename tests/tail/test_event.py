"""Event probabilities, rates and return periods: published intervals, exact coverage, and no event at all."""

import math

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import probability, rate, return_period
from tailrisk.tail.event import _widened
from tailrisk.tail.interval import Interval


def flags(count, paths):
    return np.arange(paths) < count


def test_the_interval_is_the_one_that_inverts_the_binomial_test():
    for count, paths in ((1, 10), (3, 20), (50, 1000), (999, 1000)):
        interval = probability(flags(count, paths), confidence=0.9)
        assert interval.estimate == count / paths
        assert stats.binom.sf(count - 1, paths, interval.low) == pytest.approx(0.05, rel=1e-9)
        assert stats.binom.cdf(count, paths, interval.high) == pytest.approx(0.05, rel=1e-9)
        exact = stats.binomtest(count, paths).proportion_ci(0.9, method="exact")
        assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_it_covers_at_least_as_promised_for_every_probability():
    paths = 40
    intervals = [probability(flags(count, paths)) for count in range(paths + 1)]
    for truth in np.linspace(0.001, 0.999, 997):
        held = [i.low <= truth <= i.high for i in intervals]
        assert stats.binom.pmf(np.arange(paths + 1), paths, truth)[held].sum() >= 0.95


def test_no_event_is_an_upper_bound_and_never_zero():
    none = probability(np.zeros(200_000, dtype=bool))
    assert math.isnan(none.estimate)
    assert none.low == 0
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 200_000), rel=1e-9)
    period = return_period(none, years=60 / 242)
    assert math.isnan(period.estimate)
    assert period.low == pytest.approx(60 / 242 / none.high)
    assert period.high == math.inf
    every = probability(np.ones(50, dtype=bool))
    assert math.isnan(every.estimate)
    assert (every.low, every.high) == (pytest.approx(0.025 ** (1 / 50)), 1.0)


def test_one_event_in_twenty_years_is_one_in_four_to_eight_hundred():
    """Mechanism, section 9, test 29: 1 in 3.6 to 1 in 800 years."""
    seen = rate(1, 20.3)
    assert seen.estimate == pytest.approx(1 / 20.3)
    assert stats.poisson.sf(0, 20.3 * seen.low) == pytest.approx(0.025, rel=1e-9)
    assert stats.poisson.cdf(1, 20.3 * seen.high) == pytest.approx(0.025, rel=1e-9)
    period = return_period(seen)
    assert period.estimate == pytest.approx(20.3)
    assert (period.low, period.high) == (pytest.approx(3.6, abs=0.05), pytest.approx(800, abs=5))


def test_no_event_bounds_the_rate_from_above():
    none = rate(0, 10)
    assert math.isnan(none.estimate)
    assert (none.low, none.high) == (0, pytest.approx(-math.log(0.025) / 10))
    assert return_period(none).high == math.inf
    in_paths = rate(np.zeros(1000), 0.25)
    assert math.isnan(in_paths.estimate)
    assert in_paths.high == pytest.approx(-math.log(0.025) / 250)


def test_counts_that_do_not_cluster_are_the_poisson_interval():
    counts = np.random.default_rng(2).poisson(0.02, 50_000)
    paths, whole = rate(counts, 0.25), rate(counts.sum(), 0.25 * 50_000)
    assert paths.estimate == pytest.approx(whole.estimate, rel=1e-12)
    assert (paths.low, paths.high) == pytest.approx((whole.low, whole.high), rel=0.01)


def test_clustered_events_have_a_wider_interval_that_covers():
    random, held, held_naive = np.random.default_rng(3), [], []
    for _ in range(400):
        counts = random.poisson(5, 2000) * (random.random(2000) < 0.02)
        interval, naive = rate(counts, 1.0), rate(counts.sum(), 2000.0)
        held.append(interval.low <= 0.1 <= interval.high)
        held_naive.append(naive.low <= 0.1 <= naive.high)
    assert np.mean(held) > 0.95 - 4 * math.sqrt(0.05 * 0.95 / 400)
    assert np.mean(held_naive) < 0.75


def test_equal_weights_are_no_weights():
    hit = flags(30, 1000)
    even, plain = probability(hit, np.full(1000, 0.001)), probability(hit)
    assert (even.low, even.high) == pytest.approx((plain.low, plain.high), rel=1e-9)
    counts = np.random.default_rng(4).poisson(0.1, 500)
    even, plain = rate(counts, 1, np.full(500, 0.002)), rate(counts, 1)
    assert (even.low, even.high) == pytest.approx((plain.low, plain.high), rel=1e-9)


def test_a_weighted_probability_covers_a_rare_normal_event():
    truth, held, widths = stats.norm.sf(4), [], []
    for seed in range(400):
        random = np.random.default_rng(seed)
        score = random.normal(size=2000) + np.where(random.random(2000) < 0.5, 4.0, 0.0)
        weight = 1 / (0.5 + 0.5 * np.exp(4 * score - 8))
        interval = probability(score > 4, weight / math.fsum(weight))
        held.append(interval.low <= truth <= interval.high)
        widths.append((interval.high - interval.low) / truth)
    assert np.median(widths) < 0.5
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    "call",
    [
        lambda: probability([0.5, 1.0]),
        lambda: probability(np.zeros((2, 3))),
        lambda: probability([]),
        lambda: probability([True, False], [0.7, 0.7]),
        lambda: probability([True, False], confidence=1.0),
        lambda: rate(1, 0.0),
        lambda: rate(1, math.inf),
        lambda: rate(-1, 2.0),
        lambda: rate(math.nan, 2.0),
    ],
)
def test_what_cannot_be_used_is_refused(call):
    with pytest.raises(InputError):
        call()


def test_a_heavy_total_widens_both_ends_in_quadrature():
    plain = Interval(0.01, 0.008, 0.013, 0.95, 100.0, False)
    wide = _widened(plain, 0.01, (0.8, 1.25))
    assert wide.low == pytest.approx(0.01 - math.hypot(0.002, 0.01 * (1 - 1 / 1.25)))
    assert wide.high == pytest.approx(0.01 + math.hypot(0.003, 0.01 / 0.8 - 0.01))
    assert wide.estimate == 0.01
    assert _widened(plain, 0.01, (0.0, 1.25)).high == 1.0, "a total that may be nothing: anything may be"
    assert _widened(plain, 0.01, (1.0, 1.0)) == plain
    assert _widened(Interval(0.01, 0.001, 0.02, 0.95, 4.0, False), 0.01, (0.5, 9.0)).low == 0.0, (
        "no probability below nothing"
    )
