"""Duals of the bounds against finite differences of the optimum itself."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Portfolio,
    Positions,
    Turnover,
    maximise_alpha,
    maximise_utility,
    minimise_shortfall,
    of_factors,
    of_returns,
)
from tests.optimise_world import exposures, factor_returns, returns, weights

ASSETS, SCENARIOS, LEVEL, STEP = 16, 400, 0.95, 1e-6
EVEN, ONE = np.full(ASSETS, 1 / ASSETS), np.eye(ASSETS)
LOADING = exposures(ASSETS)
ALPHA = 0.001 * np.random.default_rng(9).normal(size=ASSETS)
DENSE = of_returns(returns(ASSETS, SCENARIOS), weights(SCENARIOS))
FACTORS = of_factors(LOADING, factor_returns(SCENARIOS))

BOUNDS: dict[str, tuple[str, str, int, Callable[[float], list]]] = {
    "style below": ("style exposure", "lower", 0, lambda h: [Budget(), Positions(), style(lower=h)]),
    "style above": ("style exposure", "upper", 1, lambda h: [Budget(), Positions(), style(upper=h)]),
    "cap": ("positions", "upper", 5, lambda h: [Budget(), Positions(0.0, 0.11 + h * ONE[5])]),
    "least weight": (
        "positions", "lower", 2, lambda h: [Budget(), Positions(0.03 + h * ONE[2], 0.2)]
    ),
    "group": ("group", "lower", 0, lambda h: [Budget(), Positions(), Group(np.arange(ASSETS) < 4, 0.7 + h)]),
    "turnover": ("turnover", "upper", 0, lambda h: [Budget(), Positions(), Turnover(EVEN, 0.3 + h)]),
    "budget": ("budget", "upper", 0, lambda h: [Budget(-1.0, 0.4 + h), Positions(0.01, 1.0)]),
}  # fmt: skip


def style(lower: float = 0.0, upper: float = 0.0) -> ActiveExposure:
    low, high = np.array([0.05, -0.4]), np.array([0.2, -0.05])
    low[0] += lower
    high[1] += upper
    return ActiveExposure(LOADING[:, 1:3], ("size", "beta"), low, high, EVEN)


AIMS: dict[str, Callable[[list], Portfolio]] = {
    "least shortfall": lambda c: minimise_shortfall(DENSE, c, level=LEVEL, tolerance=1e-9),
    "alpha in a limit": lambda c: maximise_alpha(DENSE, ALPHA, c, level=LEVEL, limit=0.036, tolerance=1e-8),
    "utility": lambda c: maximise_utility(FACTORS, ALPHA, c, level=LEVEL, aversion=0.02, tolerance=1e-9),
}


@pytest.mark.parametrize("aim", AIMS.values(), ids=AIMS)
@pytest.mark.parametrize("bound", BOUNDS.values(), ids=BOUNDS)
def test_a_dual_is_the_slope_of_the_optimum_in_its_bound(bound, aim) -> None:
    name, side, row, constraints = bound
    up, down = aim(constraints(STEP)), aim(constraints(-STEP))
    slope = (up.objective - down.objective) / (2 * STEP)
    dual = getattr(aim(constraints(0.0)).sensitivity[name], side)[row]
    noise = (abs(up.objective) * up.gap + abs(down.objective) * down.gap) / STEP
    assert_allclose(dual, slope, rtol=1e-4, atol=1e-7 + noise)


def test_some_of_those_slopes_are_far_from_zero() -> None:
    aim = AIMS["least shortfall"]
    found = {
        key: abs(getattr(aim(build(0.0)).sensitivity[name], side)[row])
        for key, (name, side, row, build) in BOUNDS.items()
    }
    assert sum(value > 1e-4 for value in found.values()) >= 4, found


def test_the_price_of_the_limit_is_alpha_per_shortfall() -> None:
    constraints = BOUNDS["style below"][3](0.0)

    def alpha(limit: float) -> Portfolio:
        return maximise_alpha(DENSE, ALPHA, constraints, level=LEVEL, limit=limit, tolerance=1e-9)

    slope = (alpha(0.036 + STEP).alpha - alpha(0.036 - STEP).alpha) / (2 * STEP)
    assert slope > 1e-3
    assert_allclose(alpha(0.036).limit_price, slope, rtol=1e-4)


def test_a_bound_that_does_not_bind_has_no_price() -> None:
    found = minimise_shortfall(DENSE, [Budget(), Positions(0.0, 0.99)], level=LEVEL)
    assert np.abs(found.sensitivity["positions"].upper).max() < 1e-8
    assert np.all(found.sensitivity["positions"].lower >= 0)  # forced into an asset, ES rises


def test_the_narrower_of_two_bounds_on_one_asset_has_the_price() -> None:
    found = minimise_shortfall(
        DENSE, [Budget(), Positions(0.0, 0.11), ActiveWeights(EVEN, 0.02)], level=LEVEL, tolerance=1e-9
    )
    assert np.abs(found.sensitivity["positions"].upper).max() == 0
    assert found.sensitivity["active weights"].upper.min() < -1e-4
