"""A control variate: unbiased however few the paths, covering, narrower by what the correlation says."""

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.tail import controlled_mean

SEEDS = 400


def pairs(rng, n):
    """The 5 % event of a Gaussian and of its noisy twin."""
    twin = rng.standard_normal(n)
    path = 0.95 * twin + np.sqrt(1 - 0.95**2) * rng.standard_normal(n)
    return path > 1.6448536, twin > 1.6448536


def studied(n, known):
    """(estimates, share of 90 % intervals that cover 0.05) over seeds; known(rng) is (mean, error)."""
    found = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        y, x = pairs(rng, n)
        found.append(controlled_mean(y, x, *known(rng), confidence=0.9))
    return np.array([it.estimate for it in found]), np.mean([it.low <= 0.05 <= it.high for it in found])


def test_unbiased_and_covering_with_the_mean_known():
    estimates, covered = studied(2000, lambda rng: (0.05, 0.0))
    error = estimates.std(ddof=1) / np.sqrt(SEEDS)
    assert abs(estimates.mean() - 0.05) < 4 * error
    assert abs(covered - 0.9) < 0.05
    assert estimates.std() < 0.8 * np.sqrt(0.05 * 0.95 / 2000), "no gain over the plain mean"


def test_the_error_of_the_twins_mean_is_counted():
    def known(rng):
        x = pairs(rng, 4000)[1]
        return x.mean(), x.std() / np.sqrt(len(x))

    estimates, covered = studied(2000, known)
    assert abs(estimates.mean() - 0.05) < 4 * estimates.std(ddof=1) / np.sqrt(SEEDS)
    assert abs(covered - 0.9) < 0.05


def test_few_paths_do_not_bias_it():
    """A coefficient from the paths it corrects would: value and coefficient are both skewed here."""
    found = []
    for seed in range(4000):
        rng = np.random.default_rng(seed)
        x = rng.exponential(size=8)
        found.append(controlled_mean(x**2, x, 1.0).estimate)
    assert abs(np.mean(found) - 2) < 4 * np.std(found) / np.sqrt(len(found))


def test_a_constant_control_changes_nothing():
    y = np.arange(10.0)
    assert controlled_mean(y, np.ones(10), 1.0).estimate == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("value", "control", "known"),
    [([1, 2], [1, 2], 0.0), ([1] * 5, [1] * 4, 0.0), ([1] * 5, [1] * 5, np.nan)],
)
def test_what_cannot_be_paired_is_refused(value, control, known):
    with pytest.raises(InputError):
        controlled_mean(value, control, known)
