"""The mandate's constraints on both sides of their fences, and the conflicts they take part in."""

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.optimise import (
    Budget,
    HedgeRatio,
    Liquidity,
    Margin,
    Positions,
    TrackingError,
    Universe,
    industries,
    maximise_utility,
    minimise_shortfall,
    of_factor_model,
    of_returns,
)
from tailrisk.optimise.region import region
from tests.optimise_world import exposures, factor_returns, returns

EDGE = 1e-6
EVEN = np.full(4, 0.25)
FUTURE = [0, 0, 0, 1]
FENCES = {
    "universe": (Universe([1, 1, 0, 1]), [0.5, 0.5, 0.0, 0.0], [0, 0, 1, 0]),
    "liquidity": (Liquidity([1e6, 1e6, 5e5, 2e6], 1e7, 5, 0.2), [0.1, 0.0, 0.05, 0.2], [1, 0, 0, 0]),
    "liquidity, short": (Liquidity([1e6] * 4, 1e7, 5, 0.2), [-0.1, 0.0, 0.0, 0.0], [-1, 0, 0, 0]),
    "hedged too little": (HedgeRatio(FUTURE, 0.9, 1.1), [0.3, 0.3, 0.4, -0.9], [0, 0, 0, 1]),
    "hedged too much": (HedgeRatio(FUTURE, 0.9, 1.1), [0.3, 0.3, 0.4, -1.1], [0, 0, 0, -1]),
    "industry above": (industries(list("abab"), EVEN, 0.1), [0.35, 0.25, 0.25, 0.15], [1, -1, 0, 0]),
    "industry below": (industries(list("abab"), EVEN, 0.1), [0.15, 0.25, 0.25, 0.35], [-1, 1, 0, 0]),
}  # fmt: skip


@pytest.mark.parametrize(("constraint", "weights", "outward"), FENCES.values(), ids=FENCES)
def test_a_portfolio_on_the_fence_passes_and_one_beyond_it_fails(constraint, weights, outward) -> None:
    space = region([constraint], 4)
    on, out = np.array(weights, dtype=float), np.array(outward, dtype=float)
    assert space.violation(on) < 1e-14
    assert space.violation(on + EDGE * out) > 0.4 * EDGE


@pytest.mark.parametrize(("limit", "fits"), [(0.2 * 4 + 0.12 * 0.5 + EDGE, True), (0.86 - EDGE, False)])
def test_margin_counts_financed_stocks_and_futures_sold(limit: float, fits: bool) -> None:
    weights = np.array([2.0, 2.0, 0.0, -0.5])
    space = region([Margin([0.2, 0.2, 0.2, 0.12], limit)], 4)
    assert (
        space.violation(np.concatenate([weights, np.maximum(weights, 0.0), np.maximum(-weights, 0.0)]))
        < 1e-12
    ) == fits


def test_the_solver_sells_futures_up_to_the_margin() -> None:
    table = np.random.default_rng(0).normal(size=(4, 200)) * 0.01
    alpha = np.array([0.01, 0.008, 0.006, 0.0])
    bounds = [Positions([0, 0, 0, -9.0], [5, 5, 5, 0.0]), HedgeRatio(FUTURE), Margin([0.2] * 3 + [0.12])]
    found = maximise_utility(of_returns(table), alpha, bounds, level=0.9, aversion=0.0)
    # all in the best stock, hedged one to one: 0.32 of NAV for each unit
    np.testing.assert_allclose(found.weights, [1 / 0.32, 0.0, 0.0, -1 / 0.32], atol=1e-6)


ASSETS = 12
WIDE = np.full(ASSETS, 1 / ASSETS)
MODEL = of_factor_model(exposures(ASSETS), np.cov(factor_returns(300)), np.full(ASSETS, 0.015))
SCENARIOS = of_returns(returns(ASSETS, 300))


def test_a_tracking_error_too_small_for_its_universe_is_named_with_it() -> None:
    bounds = [
        Budget(),
        Positions(0.0, 0.6),
        TrackingError(MODEL, WIDE, 0.001),
        Universe(np.arange(ASSETS) < 6),
    ]
    with pytest.raises(InputError, match="no portfolio satisfies together") as refused:
        minimise_shortfall(SCENARIOS, bounds, level=0.95)
    said = str(refused.value)
    assert "tracking error (limit 0.001); universe (asset 6, asset 7" in said
    assert "positions" not in said
    bounds[2] = TrackingError(MODEL, WIDE, 0.02)
    assert minimise_shortfall(SCENARIOS, bounds, level=0.95).gap < 1e-6


REFUSED = {
    "participation 2": lambda: Liquidity([1.0] * 4, 1.0, 1.0, 2.0),
    "the least traded is -1": lambda: Liquidity([-1.0] * 4, 1.0, 1.0, 0.1),
    "lower 2, upper 1": lambda: HedgeRatio(FUTURE, 2, 1),
    "the least rate is -0.1": lambda: Margin(-0.1),
}


@pytest.mark.parametrize(("problem", "make"), REFUSED.items(), ids=REFUSED)
def test_a_constraint_that_cannot_be_used_is_refused(problem: str, make) -> None:
    with pytest.raises(InputError, match=problem):
        region([make()], 4)
