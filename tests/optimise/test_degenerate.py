"""Problems at the edge: one asset, twins, nothing random, no alpha, nothing to choose, what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import InputError
from tailrisk.optimise import (
    ActiveExposure,
    Budget,
    Positions,
    maximise_alpha,
    maximise_utility,
    minimise_shortfall,
    of_factors,
    of_returns,
)
from tailrisk.tail import expected_shortfall
from tests.optimise_world import exposures, factor_returns, reference, returns

ASSETS, LEVEL = 10, 0.95
LONG = [Budget(), Positions()]
TABLE = returns(ASSETS, 300)


@pytest.mark.parametrize("constraints", [LONG, [Budget()], [Budget(), Positions(0.0, 1.0)]])
def test_one_asset_is_held_in_full(constraints: list) -> None:
    found = minimise_shortfall(of_returns(TABLE[:1]), constraints, level=LEVEL)
    assert_allclose(found.weights, [1.0], atol=1e-9)
    assert_allclose(found.expected_shortfall, expected_shortfall(-TABLE[0], level=LEVEL), rtol=1e-9)


def test_constraints_that_leave_no_choice_leave_their_portfolio() -> None:
    found = minimise_shortfall(of_returns(TABLE), [Budget(), Positions(0.0, 0.1)], level=LEVEL)
    assert_allclose(found.weights, 0.1, rtol=1e-12)
    assert found.gap < 1e-12
    with pytest.raises(InputError, match="below what any portfolio has"):
        maximise_alpha(
            of_returns(TABLE), np.ones(ASSETS), [Budget(), Positions(0.0, 0.1)], level=LEVEL, limit=1e-3
        )


def test_twin_assets_do_not_change_the_least_shortfall() -> None:
    once = minimise_shortfall(of_returns(TABLE), LONG, level=LEVEL, tolerance=1e-8)
    twice = minimise_shortfall(of_returns(np.vstack([TABLE, TABLE])), LONG, level=LEVEL, tolerance=1e-8)
    assert_allclose(twice.objective, once.objective, rtol=1e-8)
    free = minimise_shortfall(of_returns(np.vstack([TABLE, TABLE])), [Budget()], level=LEVEL)
    assert_allclose(free.objective, reference(TABLE, [Budget()], LEVEL), rtol=1e-7)


def test_more_assets_than_scenarios_with_a_singular_covariance() -> None:
    wide = returns(60, 40)
    found = minimise_shortfall(of_returns(wide), LONG, level=0.9)
    assert_allclose(found.objective, reference(wide, LONG, 0.9), rtol=1e-7)


def test_scenarios_all_equal_are_a_sure_return() -> None:
    sure = np.repeat(np.linspace(-0.01, 0.02, ASSETS)[:, None], 50, axis=1)
    found = minimise_shortfall(of_returns(sure), LONG, level=LEVEL)
    assert_allclose(found.expected_shortfall, -0.02, rtol=1e-7)
    assert_allclose(found.value_at_risk, found.expected_shortfall, rtol=1e-12)
    assert_allclose(found.weights[-1], 1.0, atol=1e-6)


def test_returns_all_zero_have_no_shortfall() -> None:
    found = minimise_shortfall(of_returns(np.zeros((3, 50))), LONG, level=LEVEL)
    assert found.expected_shortfall == 0
    assert_allclose(found.weights.sum(), 1.0, rtol=1e-12)


def test_no_alpha_takes_any_portfolio_within_the_limit_and_the_least_shortfall_for_utility() -> None:
    zero = np.zeros(ASSETS)
    least = minimise_shortfall(of_returns(TABLE), LONG, level=LEVEL)
    inside = maximise_alpha(of_returns(TABLE), zero, LONG, level=LEVEL, limit=1.2 * least.expected_shortfall)
    assert inside.alpha == 0
    assert inside.expected_shortfall <= 1.2 * least.expected_shortfall + 1e-8
    useful = maximise_utility(of_returns(TABLE), zero, LONG, level=LEVEL, aversion=2.0)
    assert_allclose(useful.expected_shortfall, least.expected_shortfall, rtol=1e-6)


def test_no_aversion_takes_all_the_alpha() -> None:
    alpha = np.arange(ASSETS) / 1000
    found = maximise_utility(of_returns(TABLE), alpha, LONG, level=LEVEL, aversion=0.0)
    assert_allclose(found.alpha, 0.009, rtol=1e-7)


def test_a_limit_at_the_least_shortfall_gives_that_portfolio() -> None:
    alpha = np.arange(ASSETS) / 1000
    least = minimise_shortfall(of_returns(TABLE), LONG, level=LEVEL, tolerance=1e-9)
    limit = least.expected_shortfall * (1 + 1e-6)
    found = maximise_alpha(of_returns(TABLE), alpha, LONG, level=LEVEL, limit=limit, tolerance=1e-6)
    assert_allclose(found.expected_shortfall, limit, rtol=0, atol=1e-8)


def test_the_same_row_twice_changes_nothing() -> None:
    loading = exposures(ASSETS)[:, 1:]
    boxes = [ActiveExposure(loading, ("a", "b", "c"), -0.02, 0.02, name=name) for name in ("one", "two")]
    once = minimise_shortfall(of_returns(TABLE), [*LONG, boxes[0]], level=LEVEL)
    twice = minimise_shortfall(of_returns(TABLE), [*LONG, *boxes], level=LEVEL)
    assert_allclose(twice.objective, once.objective, rtol=2e-7)


def test_fewer_factors_than_assets_leave_many_optima_of_one_value() -> None:
    loading, factors = exposures(40)[:, :2], factor_returns(200)[:2]
    found = minimise_shortfall(of_factors(loading, factors), LONG, level=LEVEL)
    assert_allclose(found.objective, reference(loading @ factors, LONG, LEVEL), rtol=1e-7)


@pytest.mark.parametrize("specific", [None, np.full(ASSETS, 0.015)], ids=["factors", "and specific"])
def test_nothing_held_is_the_least_shortfall_of_a_dollar_neutral_book(specific) -> None:
    model = of_factors(exposures(ASSETS), factor_returns(500), specific=specific)
    found = minimise_shortfall(model, [Budget(0.0, 0.0), Positions(-1.0, 1.0)], level=LEVEL)
    assert_allclose(found.objective, 0.0, atol=1e-12)
    assert found.gap < 1e-6
    if specific is not None:  # the norm has no slope there: its dual is inside the cone
        assert np.abs(found.weights).max() < 1e-9


def test_an_unbounded_objective_is_refused() -> None:
    with pytest.raises(InputError, match="no finite optimum"):
        maximise_utility(of_returns(TABLE), 0.01 * np.arange(ASSETS), [Budget()], level=LEVEL, aversion=0.01)


SPOILED = np.where(np.arange(300) == 7, np.nan, TABLE)
REFUSED = {
    "returns: 10 of 3000 values are not finite": lambda: of_returns(SPOILED),
    "returns: has shape": lambda: of_returns(TABLE[0]),
    "weight: has shape": lambda: of_returns(TABLE, [0.5, 0.5]),
    "weight: the weights sum to": lambda: of_returns(TABLE, np.ones(300)),
    "weight: some weights are negative": lambda: of_returns(TABLE, np.linspace(-1, 1, 300)),
    "exposures: 4 factors where": lambda: of_factors(exposures(ASSETS), np.zeros((3, 50))),
    "alpha: has shape": lambda: solve(alpha=np.zeros(3)),
    "alpha: 10 values": lambda: solve(alpha=np.full(ASSETS, np.nan)),
    "level: 1.5 is outside": lambda: solve(level=1.5),
    "level: 0.999 cannot be estimated": lambda: solve(level=0.999),
    "limit: nan": lambda: solve(limit=np.nan),
    "aversion: -1": lambda: maximise_utility(
        of_returns(TABLE), np.zeros(ASSETS), LONG, level=LEVEL, aversion=-1
    ),
    "tolerance: 0 ": lambda: solve(tolerance=0),
}


def solve(**said: object) -> None:
    usual = {"alpha": np.zeros(ASSETS), "level": LEVEL, "limit": 1.0, "tolerance": 1e-7, **said}
    maximise_alpha(of_returns(TABLE), usual.pop("alpha"), LONG, **usual)


@pytest.mark.parametrize(("problem", "make"), REFUSED.items(), ids=REFUSED)
def test_bad_input_is_refused(problem: str, make) -> None:
    with pytest.raises(InputError) as refused:
        make()
    assert problem in str(refused.value)
