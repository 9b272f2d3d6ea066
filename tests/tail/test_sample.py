"""Exact sums, exact levels and the checks every estimator shares."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrisk.core import InputError
from tailrisk.tail.border import Losses
from tailrisk.tail.sample import LONG, exact_level, sampled, total, weights_of


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 5, 100, 700]), st.integers(LONG - 2, LONG + 500))
def test_the_sum_in_passes_is_the_correctly_rounded_one(seed, decades, size):
    random = np.random.default_rng(seed)
    with np.errstate(under="ignore", over="ignore"):
        values = random.normal(size=size) * 2.0 ** random.integers(-decades, decades + 1, size)
    assert total(values) == math.fsum(values.tolist())
    assert total(values) == total(random.permutation(values))


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(LONG),
        np.full(LONG, 5e-324),
        np.tile([1e308, -1e308], LONG),
        np.tile([1.0, 1e-30, -1.0], LONG),
        np.array([]),
        np.array([0.1]),
    ],
)
def test_sums_at_the_ends_of_the_range(values):
    assert total(values) == math.fsum(values.tolist())


@pytest.mark.parametrize(
    ("level", "exact"),
    [("0.99", Fraction(99, 100)), (0.999, Fraction(999, 1000)), (np.float64(0.95), Fraction(19, 20))],
)
def test_a_level_is_the_fraction_its_decimals_say(level, exact):
    assert exact_level(level) == exact == exact_level(exact)


@pytest.mark.parametrize(
    "level",
    [0, 1, -0.1, 1.1, "1/0", "", None, math.inf, True, 0.05, "0.5", "1e999999999", "1e-99999999", "9" * 5000],
)
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(InputError, match="level"):
        exact_level(level)


def test_weights_may_be_off_one_by_rounding_only():
    even = np.full(10, 0.1)
    losses = Losses(np.zeros(10))
    weights_of(even * (1 + 5e-10), losses)
    with pytest.raises(InputError, match="sum to"):
        weights_of(even * (1 + 5e-9), losses)


def test_equal_weights_come_back_as_none():
    loss = np.arange(6.0).reshape(2, 3)
    weight = np.array([[0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]])
    shape, pairs = sampled(Losses(loss), weight)
    (_, first), (_, second) = pairs
    assert shape == (2,)
    assert first is not None
    assert second is None
