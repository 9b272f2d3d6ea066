"""Specific risk: recovered, shrunk by as much as its error asks, never by more."""

import numpy as np
import pytest

from tailrisk.universe.specific import HALF_LIFE, shrunk, specific_risk, tenths

DAYS, STOCKS, SPREAD = 252, 2000, 0.10


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(8)
    log = np.log(0.02) + SPREAD * rng.standard_normal(STOCKS)
    return log, np.exp(log) * rng.standard_normal((DAYS, STOCKS)), rng.permutation(np.arange(1.0, STOCKS + 1))


def test_the_error_is_that_of_the_best_linear_rule(made):
    """Of T and v, shrinking leaves T v / (T + v), within four standard errors; not shrinking leaves v."""
    log, specific, cap = made
    weight = 0.5 ** (np.arange(DAYS)[::-1] / HALF_LIFE)
    count = weight.sum() ** 2 / (weight**2).sum()
    variance, spread = 2 / (4 * count), SPREAD**2
    best = spread * variance / (spread + variance)
    squared = (np.log(specific_risk(specific, cap)) - log) ** 2
    error = squared.std() / np.sqrt(STOCKS)
    assert 4 * error < variance - best  # sharp enough to tell it from not shrinking
    assert abs(squared.mean() - best) < 4 * error


def test_stocks_with_few_days_get_the_mean_of_their_size(made):
    _, specific, cap = made
    few = specific.copy()
    few[40:, 0] = np.nan
    found = specific_risk(few, cap)
    like = tenths(cap) == tenths(cap)[0]
    like[0] = False
    assert abs(np.log(found[0]) - np.log(found[like]).mean()) < 1e-3
    assert np.isfinite(found).all()


def test_only_the_last_year_counts_and_unknown_caps_have_no_risk(made):
    _, specific, cap = made
    longer = np.vstack([np.full((100, STOCKS), 0.3), specific])
    unknown = cap.copy()
    unknown[5] = np.nan
    found = specific_risk(longer, unknown)
    assert np.isnan(found[5])
    np.testing.assert_allclose(
        np.delete(specific_risk(longer, cap), 5), np.delete(specific_risk(specific, cap), 5)
    )


def test_shrinking_by_hand():
    """Group 0: mean 2, variance 1 less error 0.5 is 0.5, so half of each deviation is kept."""
    log, error = np.array([1.0, 3.0, 7.0]), np.array([0.5, 0.5, 0.1])
    np.testing.assert_allclose(shrunk(log, error, np.array([0.0, 0.0, 1.0])), [1.5, 2.5, 7.0])
    np.testing.assert_allclose(shrunk(np.array([1.0, 1.1]), np.array([9.0, 9.0]), np.zeros(2)), [1.05, 1.05])


def test_tenths_run_from_the_smallest():
    found = tenths(np.array([5.0, np.nan, *np.arange(10.0, 19.0)]))
    assert np.isnan(found[1])
    assert found[[0, 2, 10]].tolist() == [0, 1, 9]
