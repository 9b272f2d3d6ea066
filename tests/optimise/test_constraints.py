"""Each constraint on both sides of its fence, and what it refuses."""

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Positions,
    TradingCost,
    Turnover,
    liquidity_cap,
    minimise_shortfall,
    of_returns,
)
from tailrisk.optimise.region import implied, region

ASSETS = 4
EVEN = np.full(ASSETS, 0.25)
STYLE = np.array([[1.0, 0.0], [-1.0, 0.5], [0.5, -1.0], [0.0, 2.0]])
EDGE = 1e-6

FENCES = {
    "budget above": (Budget(0.0, 1.0), [0.4, 0.3, 0.2, 0.1], [1, 0, 0, 0]),
    "budget below": (Budget(1.0, 2.0), [0.4, 0.3, 0.2, 0.1], [-1, 0, 0, 0]),
    "short": (Positions(), [0.0, 0.5, 0.5, 0.0], [-1, 1, 0, 0]),
    "cap": (Positions(0.0, 0.5), [0.5, 0.3, 0.2, 0.0], [1, -1, 0, 0]),
    "cap of one": (Positions(0.0, [0.5, 0.1, 1, 1]), [0.2, 0.1, 0.7, 0.0], [0, 1, -1, 0]),
    "active above": (ActiveWeights(EVEN, 0.1), [0.35, 0.25, 0.25, 0.15], [1, -1, 0, 0]),
    "active below": (ActiveWeights(EVEN, 0.1), [0.35, 0.25, 0.25, 0.15], [0, 1, 0, -1]),
    "style above": (
        ActiveExposure(STYLE, ("size", "beta"), -1, [0.1, 0.2], EVEN), [0.3, 0.2, 0.25, 0.25], [1, -1, 0, 0]
    ),
    "style below": (
        ActiveExposure(STYLE, ("size", "beta"), -0.1, 1, EVEN), [0.2, 0.3, 0.25, 0.25], [-1, 1, 0, 0]
    ),
    "style, no benchmark": (
        ActiveExposure(STYLE, ("size", "beta"), -1, 0.6), [0.6, 0.0, 0.0, 0.1], [1, 0, 0, -1]
    ),
    "constituents": (Group([1, 1, 0, 0], lower=0.8), [0.5, 0.3, 0.1, 0.1], [-1, 0, 1, 0]),
    "sector": (Group([0, 0, 1, 1], upper=0.2), [0.5, 0.3, 0.1, 0.1], [-1, 0, 1, 0]),
}  # fmt: skip


@pytest.mark.parametrize(("constraint", "weights", "outward"), FENCES.values(), ids=FENCES)
def test_a_portfolio_on_the_fence_passes_and_one_beyond_it_fails(constraint, weights, outward) -> None:
    space = region([constraint], ASSETS)
    on, out = np.array(weights, dtype=float), np.array(outward, dtype=float)
    assert space.violation(on) < 1e-14
    assert space.violation(on - EDGE * out) < 1e-14
    assert space.violation(on + EDGE * out) > 0.4 * EDGE


@pytest.mark.parametrize(("bought", "fits"), [(0.10, True), (0.10 + EDGE, False)])
def test_turnover_counts_buys_and_sells(bought: float, fits: bool) -> None:
    weights = EVEN + bought * np.array([1.0, -0.5, -0.5, 0.0])
    space = region([Turnover(EVEN, 0.2)], ASSETS)
    bought_sold = [np.maximum(weights - EVEN, 0.0), np.maximum(EVEN - weights, 0.0)]
    least = space.violation(np.concatenate([weights, *bought_sold]))
    assert (least < 1e-12) == fits
    too_little = np.concatenate([weights, bought_sold[0] - EDGE, bought_sold[1]])
    assert space.violation(too_little) > 0.9 * EDGE


def test_the_solver_stays_within_turnover() -> None:
    table = np.random.default_rng(0).normal(size=(ASSETS, 200)) * np.array([[1], [2], [3], [4]])
    constraints = [Budget(), Positions(), Turnover(EVEN, 0.2)]
    found = minimise_shortfall(of_returns(table), constraints, level=0.9)
    assert abs(np.abs(found.weights - EVEN).sum() - 0.2) < 1e-7  # it binds: the least ES is far away


def test_liquidity_cap_is_what_can_be_sold_in_time() -> None:
    # 2 days at 10 % of 5 million a day is 1 million of a NAV of 20 million
    np.testing.assert_allclose(liquidity_cap([5e6, 1e6], 20e6, days=2, participation=0.1), [0.05, 0.01])


def test_rows_imply_bounds() -> None:
    space = region([Budget(), Positions(0.1, np.inf)], ASSETS)
    low, high = implied(space)
    np.testing.assert_allclose(low, 0.1)
    np.testing.assert_allclose(high, 0.7)
    low, high = implied(region([Budget(), Positions(0.0, 0.25)], ASSETS))
    np.testing.assert_allclose(low, high)


def test_a_bound_on_a_multiple_of_a_weight_is_a_bound_on_the_weight() -> None:
    doubled = ActiveExposure([[0], [-2.0], [0], [0]], ("twice short",), -0.6, 0.4)
    space = region([doubled], ASSETS)
    assert (space.lower[1], space.upper[1]) == pytest.approx((-0.2, 0.3))
    assert len(space.row_lower) == 0


REFUSED = {
    "the least rate is -0.1": lambda: TradingCost(EVEN, -0.1),
    "exposure has shape": lambda: ActiveExposure(STYLE.T, ("size", "beta"), -1, 1, EVEN),
    "benchmark: has shape": lambda: ActiveWeights([0.5, 0.5], 0.1),
    "1 values are NaN": lambda: Positions(0.0, [0.1, np.nan, 0.1, 0.1]),
    "lower 0.9 exceeds upper 0.8": lambda: Group([1, 1, 0, 0], 0.9, 0.8),
    "a coefficient is not finite": lambda: ActiveExposure(STYLE * np.inf, ("size", "beta"), -1, 1),
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("problem", "make"), REFUSED.items(), ids=REFUSED)
def test_a_constraint_that_cannot_be_used_is_refused(problem: str, make) -> None:
    with pytest.raises(InputError, match=problem):
        region([make()], ASSETS)


def test_names_are_told_apart() -> None:
    with pytest.raises(InputError, match="two are named 'group'"):
        region([Group([1, 0, 0, 0], 0.1), Group([0, 1, 0, 0], 0.1)], ASSETS)
