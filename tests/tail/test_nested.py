"""The parameters' error beside sampling error, where both are known."""

import numpy as np
import pytest
from scipy.special import ndtri

from tailrisk.core.errors import InputError
from tailrisk.tail.nested import spread, stretched, widened

LEVEL, GROUPS = 0.95, 16


def value_at_risk(loss):
    return np.quantile(loss, LEVEL, axis=-1, method="inverted_cdf")


def drawn(sd, z):
    """VaR of sd z of all paths, and without each group, for each deviation: [draw, 1], [draw, group, 1]."""
    loss = np.asarray(sd)[:, None] * z
    group = np.arange(z.size) % GROUPS
    left = np.stack([value_at_risk(loss[:, group != b]) for b in range(GROUPS)], axis=1)
    return value_at_risk(loss)[:, None], left[:, :, None]


def test_the_deviation_is_that_of_the_parameters():
    """Losses sd z with sd ~ N(1, .1): VaR moves by .1 z(.95), however few the paths of a draw."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(60):
        whole, left = drawn(1 + 0.1 * rng.normal(size=24), rng.normal(size=1024))
        found.append(spread(whole, left).deviation[0] ** 2)
    truth = (0.1 * ndtri(LEVEL)) ** 2
    assert np.mean(found) == pytest.approx(truth, rel=0.12)


def test_sampling_error_alone_leaves_no_spread():
    """Other random numbers in every draw: what the draws differ by is sampling error, and is taken off."""
    rng = np.random.default_rng(1)
    kept, plain = [], []
    for _ in range(40):
        parts = [drawn([1.0], rng.normal(size=1024)) for _ in range(16)]
        whole, left = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        kept.append(spread(whole, left).deviation[0])
        plain.append(whole.std(ddof=1))
    assert np.mean(np.square(kept)) < 0.35 * np.mean(np.square(plain))


def test_the_same_parameters_give_the_same_interval_back():
    z = np.random.default_rng(2).normal(size=1024)
    found = spread(*drawn(np.ones(8), z))
    assert found.deviation[0] == 0
    assert widened(1.6, 1.5, 1.8, found.deviation[0], 8, confidence=0.95) == (1.5, 1.8)
    assert stretched(0.01, 0.008, 0.013, 0.0, 8, confidence=0.95) == (0.008, 0.013)


def test_the_wide_interval_covers_what_a_fit_of_few_days_may_miss():
    """A Gaussian whose deviation is fitted to 100 days: the true VaR is inside as often as promised."""
    rng = np.random.default_rng(3)
    days, draws, hits, narrow, trials = 100, 16, 0, 0, 300
    truth = ndtri(LEVEL)
    for _ in range(trials):
        fitted = np.sqrt(rng.chisquare(days) / days)
        z = rng.normal(size=2048)
        sampled = fitted * np.sqrt(rng.chisquare(days, draws) / days)
        found = spread(*drawn(sampled, z))
        estimate = float(value_at_risk(fitted * z))
        error = 1.96 * fitted * np.sqrt(LEVEL * (1 - LEVEL) / z.size) / 0.1031
        low, high = widened(
            estimate, estimate - error, estimate + error, found.deviation[0], draws, confidence=0.95
        )
        hits += low <= truth <= high
        narrow += abs(estimate - truth) <= error
    assert 0.92 <= hits / trials <= 0.98
    assert narrow / trials < 0.85


def test_a_chance_is_stretched_on_its_logarithm():
    low, high = stretched(1e-4, 5e-5, 2e-4, 0.5, 16, confidence=0.95)
    assert 0 < low < 5e-5
    assert high > 2e-4
    assert low * high == pytest.approx(1e-8)
    assert stretched(0.0, 0.0, 1e-5, 0.5, 16, confidence=0.95) == (0.0, 1e-5)
    assert stretched(0.5, 0.0, np.inf, 0.5, 16, confidence=0.95) == (0.0, np.inf)


def test_one_draw_has_no_spread():
    with pytest.raises(InputError, match="at least two"):
        spread(np.ones((1, 1)), np.ones((1, 4, 1)))
