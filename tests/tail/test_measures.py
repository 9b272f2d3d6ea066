"""Expectiles, distortions, entropic risk, partial moments, CDaR: closed forms, weights, intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, optimize, stats

from tailrisk.core import InputError
from tailrisk.tail import (
    conditional_drawdown,
    distortion,
    entropic,
    expected_shortfall,
    expected_shortfall_interval,
    expectile,
    exponential_spectral,
    partial_moment,
    proportional_hazard,
    wang,
)
from tailrisk.tail.interval import hall_bounds

GRID = (np.arange(400_000) + 0.5) / 400_000
NORMAL, EXPONENTIAL = stats.norm.ppf(GRID), -np.log1p(-GRID)
MEASURES = {
    "expectile": expectile("0.95"),
    "exponential_spectral": exponential_spectral(20.0),
    "wang": wang(1.0),
    "proportional_hazard": proportional_hazard(0.6),
    "entropic": entropic(0.8),
    "partial_moment": partial_moment(1.0, 2.0),
}
COHERENT = ("expectile", "exponential_spectral", "wang", "proportional_hazard")
SAMPLES = arrays(np.float64, 40, elements=st.floats(-10, 10, width=32))


def normal_expectile(level):
    def gap(e):
        above = stats.norm.pdf(e) - e * stats.norm.sf(e)
        return level * above - (1 - level) * (above + e)

    return optimize.brentq(gap, 0, 10)


@pytest.mark.parametrize(
    ("measure", "loss", "truth"),
    [
        (expectile("0.9"), NORMAL, normal_expectile(0.9)),
        (expectile("0.99"), NORMAL, normal_expectile(0.99)),
        (expectile("0.75"), EXPONENTIAL, optimize.brentq(lambda e: 2 * math.exp(-e) - e + 1, 0, 9)),
        (wang(0.7), NORMAL, 0.7),
        (wang(-0.7), 3 * NORMAL, -2.1),
        (proportional_hazard(0.5), EXPONENTIAL, 2.0),
        (exponential_spectral(5.0), GRID, 1 / (1 - math.exp(-5)) - 1 / 5),  # uniform losses
        (entropic(0.5), NORMAL, 0.25),
        (entropic(0.5), EXPONENTIAL, -math.log(0.5) / 0.5),
        (partial_moment(1.0, 0), EXPONENTIAL, math.exp(-1)),
        (partial_moment(1.0, 1), EXPONENTIAL, math.exp(-1)),
        (partial_moment(1.0, 2), EXPONENTIAL, 2 * math.exp(-1)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_equally_spaced_quantiles_give_the_closed_form(measure, loss, truth):
    assert measure(loss) == pytest.approx(truth, rel=3e-3, abs=1e-6)


def test_the_spectral_measure_of_the_normal_is_its_integral():
    truth = integrate.quad(
        lambda s: 5 * math.exp(-5 * s) / (1 - math.exp(-5)) * stats.norm.isf(s), 0, 1, limit=200
    )[0]
    assert exponential_spectral(5.0)(NORMAL) == pytest.approx(truth, rel=1e-4)


def test_expected_shortfall_is_the_distortion_that_is_straight_up_to_its_share():
    loss = np.random.default_rng(1).standard_t(4, 5000)
    weight = np.random.default_rng(2).random(5000)
    weight /= math.fsum(weight)
    shortfall = distortion("ES", lambda s: np.minimum(s / 0.05, 1.0))
    for w in (None, weight):
        assert shortfall(loss, w) == pytest.approx(expected_shortfall(loss, w, level="0.95"), rel=1e-10)
        ours, known = shortfall.interval(loss, w), expected_shortfall_interval(loss, w, level="0.95")
        assert (ours.low, ours.high) == pytest.approx((known.low, known.high), rel=2e-3)


@pytest.mark.parametrize("name", MEASURES)
def test_weights_are_repetitions_and_the_order_does_not_matter(name):
    measure, random = MEASURES[name], np.random.default_rng(3)
    loss, count = random.normal(size=300), random.integers(1, 5, 300)
    whole = measure(loss, count / count.sum())
    assert whole == pytest.approx(measure(np.repeat(loss, count)), rel=1e-9)
    order = random.permutation(300)
    assert measure(loss[order], (count / count.sum())[order]) == pytest.approx(whole, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(SAMPLES, SAMPLES, st.floats(0.1, 5), st.floats(-5, 5))
def test_coherent_measures_are_coherent(loss, other, scale, shift):
    for name in COHERENT:
        measure = MEASURES[name]
        assert measure(scale * loss + shift) == pytest.approx(scale * measure(loss) + shift, abs=1e-8)
        assert measure(loss + other) <= measure(loss) + measure(other) + 1e-8
        assert measure(np.maximum(loss, other)) >= measure(loss) - 1e-9
        assert loss.mean() - 1e-9 <= measure(loss) <= loss.max() + 1e-9


@pytest.mark.parametrize("name", MEASURES)
def test_the_influence_is_the_derivative_in_the_weight_of_a_path(name):
    measure, random = MEASURES[name], np.random.default_rng(4)
    loss, weight, small = random.normal(size=200), np.full(200, 1 / 200), 1e-5
    influence = measure.influence(loss, weight, measure.value(loss, weight))
    assert np.sum(weight * influence) == pytest.approx(0, abs=1e-9 * np.abs(influence).max())
    for path in (np.argmax(loss), np.argmin(loss), 7, 8):
        moved = (1 - small) * weight
        moved[path] += small
        slope = (measure.value(loss, moved) - measure.value(loss, weight)) / small
        assert influence[path] == pytest.approx(slope, rel=0.02, abs=0.02 * np.abs(influence).max())


@pytest.mark.parametrize("name", MEASURES)
def test_intervals_cover(name):
    truth, held, width = MEASURES[name](NORMAL), [], []
    for seed in range(200):
        found = MEASURES[name].interval(np.random.default_rng(seed).normal(size=2000))
        held.append(found.low <= truth <= found.high)
        width.append(found.high - found.low)
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 200)
    assert np.median(width) < 0.5 * truth


def test_a_measure_without_variance_is_still_covered():
    """The squared excess of a Pareto 3 has tail index 3/2: straightened alone, the interval misses often."""
    measure, held = partial_moment(2.0, 2.0), []
    truth = integrate.quad(lambda x: (x - 2.0) ** 2 * 3 * x**-4, 2, np.inf)[0]
    for seed in range(150):
        found = measure.interval(np.random.default_rng(seed).random(2000) ** (-1 / 3))
        held.append(found.low <= truth <= found.high)
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 150)


def test_an_importance_sample_is_covered():
    measure, held = partial_moment(1.5, 1.0), []
    truth = stats.norm.pdf(1.5) - 1.5 * stats.norm.sf(1.5)
    for seed in range(150):
        loss = np.random.default_rng(seed).normal(1.0, size=2000)
        weight = np.exp(-loss)
        found = measure.interval(loss, weight / math.fsum(weight))
        held.append(found.low <= truth <= found.high)
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 150)
    assert found.high - found.low < 0.5 * truth


def test_a_light_tail_keeps_the_straightened_interval():
    loss = np.random.default_rng(8).random(2000)
    weight = np.full(2000, 1 / 2000)
    measure = partial_moment(0.5, 1.0)
    value = measure(loss)
    found = measure.interval(loss)
    assert (found.low, found.high) == hall_bounds(
        value, weight * measure.influence(loss, weight, value), 0.95
    )


def test_a_bend_in_the_spectrum_is_not_taken_for_a_heavy_tail():
    """The influence of a spectral measure bends upwards within its worst paths; the losses' tail is light."""
    spectral = exponential_spectral(20.0)
    samples = [np.random.default_rng(seed).exponential(size=1000) for seed in range(40)]
    assert all(np.isfinite(spectral.interval(loss).high) for loss in samples)
    heavy = spectral.interval(np.random.default_rng(1).random(1000) ** (-1 / 1.5))
    straight = spectral.influence(samples[0], np.full(1000, 1e-3), spectral(samples[0]))
    found = spectral.interval(samples[0])
    assert (found.low, found.high) == hall_bounds(spectral(samples[0]), straight / 1000, 0.95)
    assert heavy.high > 3 * heavy.estimate


def test_a_bounded_influence_is_not_heavy_however_heavy_the_losses():
    loss = np.random.default_rng(0).random(10_000) ** (-1 / 1.5)
    event = partial_moment(0.01 ** (-1 / 1.5), 0.0)
    found, weight = event.interval(loss), np.full(10_000, 1e-4)
    pull = weight * event.influence(loss, weight, found.estimate)
    assert (found.low, found.high) == hall_bounds(found.estimate, pull, 0.95)


def test_an_estimate_that_one_path_carries_is_refused():
    loss = np.random.default_rng(9).normal(size=100)
    with pytest.raises(InputError, match="carry the whole variance"):
        entropic(200.0).interval(loss)
    assert math.isfinite(entropic(0.5).interval(loss).high)


def test_leading_axes_and_indicative_counts():
    loss = np.random.default_rng(5).normal(size=(2, 3, 900))
    table = MEASURES["wang"](loss)
    assert table.shape == (2, 3)
    assert table[1, 1] == MEASURES["wang"](loss[1, 1])
    bounds = MEASURES["wang"].interval(loss)
    assert bounds.low.shape == bounds.indicative.shape == (2, 3)
    assert bounds.indicative.all()
    assert not MEASURES["expectile"].interval(np.random.default_rng(6).normal(size=100_000)).indicative


def test_conditional_drawdown_pools_the_days_and_counts_paths():
    drawdown = np.abs(np.random.default_rng(7).normal(size=(20, 500)))
    found = conditional_drawdown(drawdown, level="0.9")
    assert found.estimate == expected_shortfall(drawdown.reshape(-1), level="0.9")
    weighted = conditional_drawdown(drawdown, np.full(500, 1 / 500), level="0.9")
    assert (weighted.estimate, weighted.low) == (pytest.approx(found.estimate), pytest.approx(found.low))
    double = conditional_drawdown(np.repeat(drawdown, 2, axis=0), level="0.9")  # each day twice: nothing new
    assert (double.estimate, double.low) == (pytest.approx(found.estimate), pytest.approx(found.low))
    pooled = expected_shortfall_interval(drawdown.reshape(-1), level="0.9")
    assert found.high - found.low == pytest.approx(pooled.high - pooled.low, rel=0.1)  # independent days


def test_a_weight_is_of_its_path_on_every_day():
    random = np.random.default_rng(8)
    drawdown = random.random((7, 60)) * np.linspace(0.1, 1, 60)
    count = random.integers(1, 5, 60)
    found = conditional_drawdown(drawdown, count / count.sum(), level="0.9")
    again = conditional_drawdown(np.repeat(drawdown, count, axis=1), level="0.9")  # each path as often
    assert found.estimate == pytest.approx(again.estimate, rel=1e-9)
    assert found.estimate != pytest.approx(conditional_drawdown(drawdown, level="0.9").estimate, rel=1e-3)


def test_days_of_one_path_are_not_independent():
    truth, held, held_pooled = stats.norm.pdf(stats.norm.isf(0.1)) / 0.1, [], []
    for seed in range(200):
        path = np.random.default_rng(seed).normal(size=1500)
        days = np.tile(path, (30, 1))  # every day of a path is the same
        found = conditional_drawdown(days, level="0.9")
        pooled = expected_shortfall_interval(days.reshape(-1), level="0.9")
        held.append(found.low <= truth <= found.high)
        held_pooled.append(pooled.low <= truth <= pooled.high)
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 200)
    assert np.mean(held_pooled) < 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: expectile(1),
        lambda: exponential_spectral(0.0),
        lambda: proportional_hazard(1.1),
        lambda: proportional_hazard(0.0),
        lambda: entropic(-1.0),
        lambda: partial_moment(0.0, -1),
        lambda: wang(1.0)([1.0, math.nan]),
        lambda: conditional_drawdown(np.zeros(5), level=0.9),
    ],
)
def test_what_cannot_be_used_is_refused(call):
    with pytest.raises(InputError):
        call()
