"""Conditional calibration, regressions of ES, Murphy diagrams: sizes, power, identities."""

import math

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import backtest, calibration

LEVEL = "0.95"
ALPHA = 0.05
VAR = float(stats.norm.ppf(0.95))
ES = float(stats.norm.pdf(VAR) / 0.05)


def moving(seed, days=1000):
    """(losses, VaR, ES, volatility) of a world whose volatility moves, forecast rightly."""
    scale = 0.01 * np.exp(0.6 * np.sin(np.arange(days) / 40))
    return scale * np.random.default_rng(seed).standard_normal(days), scale * VAR, scale * ES, scale


TESTS = {
    "simple": lambda x, v, s, w: calibration.conditional_calibration(x, v, s, level=LEVEL),
    "general": lambda x, v, s, w: calibration.conditional_calibration(x, v, s, level=LEVEL, volatility=w),
    "one-sided": lambda x, v, s, w: calibration.conditional_calibration(x, v, s, level=LEVEL, one_sided=True),
    "one-sided general": lambda x, v, s, w: calibration.conditional_calibration(
        x, v, s, level=LEVEL, volatility=w, one_sided=True
    ),
    "strict": lambda x, v, s, w: calibration.regression(x, s, level=LEVEL),
    "auxiliary": lambda x, v, s, w: calibration.regression(x, s, v, level=LEVEL),
    "intercept": lambda x, v, s, w: calibration.intercept(x, s, level=LEVEL),
    "two-sided intercept": lambda x, v, s, w: calibration.intercept(x, s, level=LEVEL, one_sided=False),
}


@pytest.mark.parametrize("name", TESTS)
def test_size_and_power(name):
    """5 % of right forecasts are rejected (the regressions somewhat more: Bayer & Dimitriadis, table 2)."""
    runs, size = 120, 0.05
    right = [TESTS[name](*moving(seed)).p_value < size for seed in range(runs)]
    error = math.sqrt(size * (1 - size) / runs)
    most = 0.10 if name in ("strict", "auxiliary") else size
    assert np.mean(right) <= most + 2.5 * error
    low = [TESTS[name](x, 0.8 * v, 0.8 * s, w).p_value < size for x, v, s, w in map(moving, range(20))]
    assert np.mean(low) > 0.6


@pytest.mark.parametrize("name", ["one-sided", "one-sided general", "intercept"])
def test_one_sided_tests_let_forecasts_that_are_too_high_pass(name):
    high = [TESTS[name](x, 1.3 * v, 1.3 * s, w).p_value < 0.05 for x, v, s, w in map(moving, range(20))]
    assert not any(high)


def test_conditional_calibration_is_that_of_returns():
    """The statistic as it is written for returns r, quantile q, ES e: lower tails, so signs turned."""
    losses, var, es, _ = moving(0)
    r, q, e = -losses, -var * 0.9, -es * 0.9
    V = np.stack([ALPHA - (r <= q), e - q + (r <= q) * (q - r) / ALPHA])
    mean, product = V.mean(axis=1), V @ V.T / len(r)
    wanted = len(r) * mean @ np.linalg.inv(product) @ mean
    found = calibration.conditional_calibration(losses, 0.9 * var, 0.9 * es, level=LEVEL)
    assert found.statistic == pytest.approx(wanted)
    assert found.p_value == pytest.approx(stats.chi2.sf(wanted, 2))
    w = moving(0)[3]
    h = np.stack([(q - e) / ALPHA / w, 1 / w])
    one = (h * V).sum(axis=0)
    wanted = len(r) * one.mean() ** 2 / (one**2).mean()
    found = calibration.conditional_calibration(losses, 0.9 * var, 0.9 * es, level=LEVEL, volatility=w)
    assert found.statistic == pytest.approx(wanted)


def test_the_intercept_is_es_of_the_sample():
    losses = np.random.default_rng(0).standard_normal(100_000)
    found = calibration.intercept(losses, np.full(100_000, ES - 0.05), level=LEVEL)
    spread = np.std(VAR + np.maximum(losses - VAR, 0) / ALPHA)
    assert found.statistic == pytest.approx(0.05 * math.sqrt(100_000) / spread, abs=3)


def test_a_line_of_es_is_recovered():
    """ES half as large again as the forecast: the statistic grows with the days, as of a wrong slope."""
    few, many = (
        calibration.regression(x, s / 1.5, level=LEVEL).statistic
        for x, _, s, _ in (moving(1, 500), moving(1, 4000))
    )
    assert many > 4 * few > 4


def test_a_forecast_that_never_moves_has_no_slope():
    found = calibration.regression(moving(0)[0], np.full(1000, 0.02), level=LEVEL)
    assert math.isnan(found.p_value)


def test_mixtures_of_elementary_scores_are_scores():
    """FZ0(one) - FZ0(other) = integral of the difference of elementary scores over dt / t^2."""
    losses, var, es, _ = moving(4, 50)
    other = (1.3 * var, 1.2 * es)
    t = np.geomspace(0.5 * es.min(), 1e4 * es.max(), 40_001)
    gap = calibration.elementary_score(losses, var, es, t, level=LEVEL)
    gap = gap - calibration.elementary_score(losses, *other, t, level=LEVEL)
    mixed = np.trapezoid(gap / t[:, None] ** 2, t, axis=0)
    one, two = (backtest.fz0_score(losses, *pair, level=LEVEL) for pair in ((var, es), other))
    np.testing.assert_allclose(mixed, one - two, atol=2e-3)


def test_the_right_forecast_lies_below_at_every_threshold():
    losses, var, es, _ = moving(0, 20_000)
    found = calibration.murphy(losses, (var, es), (0.7 * var, 0.7 * es), level=LEVEL, lags=5)
    assert (found.low < 1e-6).all()
    assert found.difference.max() < 1e-6 < -found.difference.mean()
    assert (found.high < 0).any()
    assert (found.low <= found.difference).all()


def test_the_band_covers_the_mean_of_many():
    """Pointwise at a threshold, over 100 worlds of 2,000 days."""
    other, at = (1.2, 1.2), np.array([0.02])
    covered = []
    truth = np.mean(
        [
            calibration.murphy(x, (v, s), (other[0] * v, other[1] * s), level=LEVEL, at=at).difference[0]
            for x, v, s, _ in (moving(seed, 2000) for seed in range(1000, 1400))
        ]
    )
    for seed in range(100):
        x, v, s, _ = moving(seed, 2000)
        found = calibration.murphy(x, (v, s), (other[0] * v, other[1] * s), level=LEVEL, at=at)
        covered.append(found.low[0] <= truth <= found.high[0])
    assert 0.87 < np.mean(covered) <= 1.0


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (
            lambda: calibration.conditional_calibration([1.0], [1.0], [2.0], level=LEVEL, volatility=[0.0]),
            "volatility",
        ),
        (lambda: calibration.regression([1.0], [0.0], level=LEVEL), "expected_shortfall"),
        (lambda: calibration.intercept([1.0, 2.0], [1.0], level=LEVEL), "losses"),
        (
            lambda: calibration.murphy([1.0], ([1.0], [2.0]), ([1.0], [2.0]), level=LEVEL, confidence=1.0),
            "confidence",
        ),
        (lambda: calibration.murphy([1.0], ([1.0], [2.0]), ([1.0], [2.0]), level=LEVEL, lags=-1), "lags"),
    ],
)
def test_what_is_refused(call, place):
    with pytest.raises(InputError, match=place):
        call()
