"""The shape of a tail and the interval of its mean excess, against generalised Pareto samples."""

import math

import numpy as np
import pytest
from scipy import optimize

from tailrisk.core import InputError
from tailrisk.tail.heavy import mean_excess_interval, tail_shape


def pareto_excess(shape, size, seed=0):
    uniform = np.random.default_rng(seed).random(size)
    return np.expm1(-shape * np.log(uniform)) / shape


def profile(excess, mean):
    """-log likelihood at mean excess `mean`, the shape chosen best; written as the textbook has it."""

    def at(shape):
        sigma = mean * (1 - shape)
        return len(excess) * math.log(sigma) + (1 + 1 / shape) * np.log1p(shape * excess / sigma).sum()

    found = optimize.minimize_scalar(at, bounds=(1e-4, 0.99999), method="bounded", options={"xatol": 1e-9})
    return found.fun


@pytest.mark.parametrize("shape", [-0.2, 0.1, 0.4, 0.7, 1.2])
def test_the_shape_is_found_within_its_standard_error(shape):
    estimates = [tail_shape(pareto_excess(shape, 2000, seed)) for seed in range(25)]
    error = (1 + shape) / math.sqrt(2000)  # asymptotic, Smith (1987)
    assert np.std(estimates) == pytest.approx(error, rel=0.5)
    assert abs(np.mean(estimates) - shape) < 4 * error / math.sqrt(25) + 0.005


@pytest.mark.parametrize(("shape", "size"), [(0.5, 1000), (0.55, 800), (0.45, 5000)])
def test_the_interval_is_where_the_profile_likelihood_has_dropped_by_half_a_chi_square(shape, size):
    excess = pareto_excess(shape, size)
    mean, low, high = mean_excess_interval(excess, None, 0.95)
    top = profile(excess, mean)
    assert low < mean < high < math.inf
    for bound in (low, high):
        assert 2 * (profile(excess, bound) - top) == pytest.approx(3.8415, abs=0.01)


def test_a_tail_that_may_have_no_mean_has_no_upper_bound():
    assert mean_excess_interval(pareto_excess(0.9, 60), None, 0.95)[2] == math.inf
    assert mean_excess_interval(pareto_excess(0.2, 2000), None, 0.95)[2] < 2


def test_equal_weights_change_nothing_and_half_weights_halve_the_sample():
    excess = pareto_excess(0.5, 400)
    weight = np.full(400, 0.3)
    assert tail_shape(excess, weight) == pytest.approx(tail_shape(excess), rel=1e-12)
    assert mean_excess_interval(excess, weight, 0.9) == pytest.approx(mean_excess_interval(excess, None, 0.9))
    doubled = np.repeat(excess, 2)
    _, low, high = mean_excess_interval(excess, None, 0.9)
    _, low_2, high_2 = mean_excess_interval(doubled, None, 0.9)
    assert math.log(high_2 / low_2) == pytest.approx(math.log(high / low) / math.sqrt(2), rel=0.1)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_a_change_of_unit_scales_the_mean_and_keeps_the_shape(scale):
    excess = pareto_excess(0.5, 300)
    assert tail_shape(scale * excess) == pytest.approx(tail_shape(excess), rel=1e-9)
    expected = [scale * value for value in mean_excess_interval(excess, None, 0.95)]
    assert mean_excess_interval(scale * excess, None, 0.95) == pytest.approx(expected, rel=1e-9)


def test_both_sides_of_the_fewest_excesses():
    tail_shape(pareto_excess(0.3, 30))
    with pytest.raises(InputError, match="29 excesses are too few"):
        tail_shape(pareto_excess(0.3, 29))
