"""The law of sums of days: closed forms for one day, exact mixtures over counts for many, moments for t."""

from itertools import product

import numpy as np
import pytest
from scipy import optimize, stats

from tailrisk.studies.backtest.sums import Day, sums

STAY = np.array([[0.95, 0.04, 0.01], [0.10, 0.85, 0.05], [0.02, 0.18, 0.80]])
MEAN, SCALE = np.array([0.0004, -0.001, -0.006]), np.array([0.004, 0.009, 0.022])
CHANCE = np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])


def mixture_tail(weight, mean, deviation, share):
    """VaR and ES of minus a mixture of normals, by root finding and the closed form."""
    cut = optimize.brentq(
        lambda x: weight @ stats.norm.cdf((x - mean) / deviation) - share, -1, 1, xtol=1e-15
    )
    z = (cut - mean) / deviation
    es = weight @ (deviation * stats.norm.pdf(z) - mean * stats.norm.cdf(z)) / share
    return -cut, es


@pytest.mark.parametrize("share", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("horizon", [1, 4])
def test_gaussian_regimes_are_a_mixture_over_paths_of_regimes(horizon, share):
    day = Day(transition=STAY, mean=MEAN, scale=SCALE, nu=None)
    var, es = sums(day, horizon).tail(CHANCE, share)
    paths = np.array(list(product(range(3), repeat=horizon)))
    moves = np.prod(STAY[paths[:, :-1], paths[:, 1:]], axis=1)
    mean, deviation = MEAN[paths].sum(axis=1), np.sqrt((SCALE[paths] ** 2).sum(axis=1))
    for i, chance in enumerate(CHANCE):
        truth = mixture_tail(chance[paths[:, 0]] * moves, mean, deviation, share)
        np.testing.assert_allclose([var[i], es[i]], truth, rtol=2e-4)


@pytest.mark.parametrize("nu", [3.0, 6.0, 40.0])
def test_one_student_day_is_the_closed_form(nu):
    day = Day(transition=STAY, mean=MEAN, scale=SCALE, nu=nu)
    var, es = sums(day, 1).tail(np.eye(3), 0.01)
    z = stats.t.isf(0.01, nu)
    np.testing.assert_allclose(var, -MEAN + SCALE * z, rtol=1e-3)
    beyond = stats.t.pdf(z, nu) * (nu + z * z) / (nu - 1) / 0.01
    np.testing.assert_allclose(es, -MEAN + SCALE * beyond, rtol=2e-3)


def test_a_sum_of_student_days_is_that_of_drawn_ones():
    day = Day(transition=STAY, mean=MEAN, scale=SCALE, nu=5.0)
    var, es = sums(day, 10).tail(CHANCE[1:], 0.01)
    generator = np.random.default_rng(3)
    paths = 200_000
    regime = generator.choice(3, paths, p=CHANCE[1])
    total = np.zeros(paths)
    for _ in range(10):
        total += MEAN[regime] + SCALE[regime] * generator.standard_t(5.0, paths)
        regime = (generator.random(paths)[:, None] > np.cumsum(STAY, axis=1)[regime]).sum(axis=1)
    beyond = -total - var[0]
    rate, excess = (beyond > 0).mean(), np.maximum(beyond, 0.0)
    assert abs(rate - 0.01) < 4 * np.sqrt(0.01 / paths)
    error = excess.std() / np.sqrt(paths) / 0.01
    assert error < 0.02 * es[0]
    assert abs(var[0] + excess.mean() / 0.01 - es[0]) < 4 * error
