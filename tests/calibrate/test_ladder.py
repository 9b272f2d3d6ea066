"""The ladder: factors from returns, and the combinations seen when a bucket is missing."""

import itertools

import numpy as np
import pytest

from tailrisk.calibrate.ladder import ladder, log_returns, observe, view

from .worlds import gaps


@pytest.fixture
def returns() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.01, (30, 5))


def test_factors_add_up_to_bucket_returns(returns: np.ndarray) -> None:
    np.testing.assert_allclose(np.cumsum(ladder(returns), axis=1), returns, atol=1e-16)


def test_log_returns_are_missing_on_both_sides_of_a_missing_close() -> None:
    prices = np.array([[1.0], [2.0], [np.nan], [4.0], [8.0]])
    np.testing.assert_allclose(log_returns(prices)[:, 0], [np.log(2), np.nan, np.nan, np.log(2)])


def test_without_csi2000_the_last_two_factors_are_seen_as_their_sum() -> None:
    rows = view(np.array([True, True, True, False, True]))
    expected = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("seen", list(itertools.product([True, False], repeat=4)))
def test_every_pattern_shows_combinations_that_returns_and_factors_agree_on(seen: tuple[bool, ...]) -> None:
    present = np.array(seen)
    factors = np.random.default_rng(4).normal(size=4)
    bucket_returns = np.where(present, np.cumsum(factors), np.nan)
    observed = observe(bucket_returns[None])
    rows = np.asarray(observed.view[0])
    np.testing.assert_allclose(np.asarray(observed.moment)[0, 1:5], rows @ factors, atol=1e-15)
    assert float(observed.count[0]) == present.sum() == np.linalg.matrix_rank(rows)


def test_the_change_from_returns_to_combinations_has_determinant_one() -> None:
    present = np.array([False, True, False, True, True])
    lower = np.tril(np.ones((5, 5)))[present]
    rows = view(present)[:3]
    change = rows @ np.linalg.pinv(lower)
    np.testing.assert_allclose(abs(np.linalg.det(change)), 1.0, atol=1e-12)


def test_one_pattern_per_kind_of_gap_and_the_products_of_what_is_seen(returns: np.ndarray) -> None:
    observed = observe(gaps(returns, 3, 12))
    assert observed.view.shape == (2, 5, 5)
    np.testing.assert_array_equal(np.asarray(observed.pattern).sum(axis=0), [12, 18])
    seen = np.asarray(observed.moment)[:, 1:6]
    np.testing.assert_allclose(seen[:12, 3], returns[:12, 4] - returns[:12, 2], atol=1e-16)
    np.testing.assert_allclose(seen[12:], ladder(returns)[12:], atol=1e-16)
    np.testing.assert_allclose(np.asarray(observed.moment)[:, 6:], [np.outer(y, y).ravel() for y in seen])
