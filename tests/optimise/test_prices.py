"""Prices of bounds: kept where a bound binds, zero where it has room or the price is rounding."""

import numpy as np

from tailrisk.optimise import (
    Budget,
    Group,
    Positions,
    TrackingError,
    maximise_utility,
    minimise_shortfall,
    of_matrix,
    of_returns,
)
from tailrisk.optimise.prices import binding
from tailrisk.optimise.region import region
from tailrisk.optimise.tuner import shortfall_of
from tests.optimise_world import returns

TABLE = returns(8, 300)
SCENARIOS = of_returns(TABLE)
EVEN = np.full(8, 0.125)


def test_a_bound_with_room_and_a_price_of_rounding_have_none() -> None:
    space = region([Positions(0.0, 1.0), Group([1, 1, 0], upper=0.5)], 3)
    x = np.array([0.0, 0.4, 0.6])
    low, high = np.array([0.05, 0.05, 1e-9]), np.array([-0.05, -0.05, -0.05])
    pairs = {"positions": (low, high), "group": (np.zeros(1), np.array([-0.05]))}
    kept = binding(space, pairs, x, 1.0)
    assert kept["positions"][0].tolist() == [0.05, 0.0, 0.0]  # only the first is at its lower bound
    assert kept["positions"][1].tolist() == [0.0, 0.0, 0.0]
    assert kept["group"][1].tolist() == [0.0]  # 0.4 of 0.5
    full = binding(space, pairs, np.array([0.0, 0.5, 0.6]), 1.0)
    assert full["group"][1].tolist() == [-0.05]
    tiny = {"positions": (np.full(3, 1e-9), np.zeros(3)), "group": (np.zeros(1), np.zeros(1))}
    assert not binding(space, tiny, np.zeros(3), 1.0)["positions"][0].any()


def test_only_bounds_that_bind_have_a_price() -> None:
    bounds = [Budget(), Positions(0.0, 0.3), Group(np.arange(8) < 3, upper=0.9)]
    found = minimise_shortfall(SCENARIOS, bounds, level=0.9)
    low, high = found.sensitivity["positions"].lower, found.sensitivity["positions"].upper
    assert found.weights[low > 0].max(initial=0.0) < 1e-6
    assert (0.3 - found.weights[high < 0]).max(initial=0.0) < 1e-6
    assert (low > 0).any()
    assert not found.sensitivity["group"].upper.any()  # it has room


def test_a_cone_has_one_price_and_its_coordinates_have_none() -> None:
    near = TrackingError(of_matrix(np.cov(TABLE)), EVEN, 0.002)
    alpha = 0.001 * np.arange(8)
    found = maximise_utility(SCENARIOS, alpha, [Budget(), Positions(), near], level=0.9, aversion=0.0)
    price = found.sensitivity["tracking error"]
    assert price.upper[-1] > 0.1
    assert not price.lower.any()
    assert not price.upper[:-1].any()
    wide = TrackingError(of_matrix(np.cov(TABLE)), EVEN, 1.0)
    loose = maximise_utility(SCENARIOS, alpha, [Budget(), Positions(), wide], level=0.9, aversion=0.0)
    assert not loose.sensitivity["tracking error"].upper.any()


def test_of_two_constraints_with_one_bound_the_first_has_its_price() -> None:
    twice = [Budget(), Positions(0.0, 0.2), Positions(-1.0, 0.2, name="again")]
    found = minimise_shortfall(SCENARIOS, twice, level=0.9)
    assert (found.sensitivity["positions"].upper < 0).any()
    assert not found.sensitivity["again"].upper.any()


def test_the_slope_of_shortfall_shares_the_atom_at_value_at_risk() -> None:
    held = np.linspace(0.05, 0.2, 8)  # 300 scenarios: the tail of 0.9 % has 2.7 of them
    value, slope = shortfall_of(SCENARIOS, held, "0.991")
    np.testing.assert_allclose(slope @ held, value, rtol=1e-12)  # homogeneous of degree one
