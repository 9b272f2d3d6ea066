"""The size of a portfolio, of its returns and of its scenarios' weights: none of them changes the answer."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tailrisk.core import Fault, InputError
from tailrisk.optimise import (
    ActiveExposure,
    Budget,
    Group,
    Positions,
    ShortfallPortfolio,
    TrackingError,
    TradingCost,
    Turnover,
    maximise_alpha,
    maximise_utility,
    minimise_shortfall,
    of_factor_model,
    of_factors,
    of_returns,
    shortfall,
)
from tailrisk.optimise import search as searching
from tailrisk.optimise.conic import Cone, straight
from tailrisk.optimise.region import Region, region
from tailrisk.optimise.scale import scaled, size_near, size_of
from tailrisk.optimise.scenarios import Scenarios
from tests.optimise_world import exposures, factor_returns, reference, returns, weights

ASSETS, COUNT, LEVEL = 9, 240, 0.9
TABLE = returns(ASSETS, COUNT)
SCENARIOS = of_returns(TABLE)
EVEN = np.full(ASSETS, 1 / ASSETS)
STYLE = exposures(ASSETS)[:, 1:3]
ALPHA = 0.001 * np.random.default_rng(1).normal(size=ASSETS)
RISK = of_factor_model(exposures(ASSETS), np.cov(factor_returns(COUNT)), np.full(ASSETS, 0.012))


def mandate(size: float) -> list:
    """One mandate for a portfolio whose weights sum to `size`."""
    return [
        Budget(size, size),
        Positions(0.0, 0.4 * size),
        ActiveExposure(STYLE, ("a", "b"), -0.2 * size, 0.2 * size, EVEN * size),
        Turnover(EVEN * size, 0.8 * size),
        TradingCost(EVEN * size, 0.001, 0.002 / np.sqrt(size)),
        TrackingError(RISK, EVEN * size, 0.01 * size),
    ]


SOLVED = {
    "least": lambda s: minimise_shortfall(SCENARIOS, mandate(s), level=LEVEL),
    "utility": lambda s: maximise_utility(SCENARIOS, ALPHA, mandate(s), level=LEVEL, aversion=0.1),
    "limit": lambda s: maximise_alpha(SCENARIOS, ALPHA, mandate(s), level=LEVEL, limit=0.036 * s),
}


@pytest.mark.parametrize("size", [1e-4, 1e-3, 13.0, 1e3, 1e4, 1e6])
@pytest.mark.parametrize("solve", SOLVED.values(), ids=SOLVED)
def test_a_portfolio_of_any_size_is_that_of_one_times_it(solve, size: float) -> None:
    one, other = solve(1.0), solve(size)
    assert_allclose(other.weights / size, one.weights, atol=2e-5)
    for field in ("objective", "bound", "expected_shortfall", "value_at_risk", "alpha", "cost"):
        assert_allclose(getattr(other, field) / size, getattr(one, field), rtol=2e-6, atol=1e-9)
    assert other.gap < 1e-6
    assert other.warning == ""
    assert abs(other.weights.sum() / size - 1) < 1e-8
    for name, prices in one.sensitivity.items():  # prices are for a unit of the row, whatever the size
        if name != "trading cost":
            assert_allclose(other.sensitivity[name].upper, prices.upper, atol=1e-4)
            assert_allclose(other.sensitivity[name].lower, prices.lower, atol=1e-4)
    assert_allclose(other.limit_price, one.limit_price, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("unit", [1e-6, 100.0, 1e5])
def test_returns_in_any_unit(unit: float) -> None:
    bounds = [Budget(), Positions()]
    one = minimise_shortfall(SCENARIOS, bounds, level=LEVEL)
    other = minimise_shortfall(of_returns(unit * TABLE), bounds, level=LEVEL)
    assert_allclose(other.expected_shortfall, unit * one.expected_shortfall, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-8, 1e9])
def test_exposures_in_any_unit(unit: float) -> None:
    box = ActiveExposure(unit * STYLE, ("a", "b"), -0.05 * unit, 0.05 * unit, EVEN)
    found = minimise_shortfall(SCENARIOS, [Budget(), Positions(), box], level=LEVEL)
    box = ActiveExposure(STYLE, ("a", "b"), -0.05, 0.05, EVEN)
    one = minimise_shortfall(SCENARIOS, [Budget(), Positions(), box], level=LEVEL)
    assert_allclose(found.objective, one.objective, rtol=1e-6)
    prices, said = found.sensitivity["style exposure"], one.sensitivity["style exposure"]
    assert_allclose(unit * prices.upper, said.upper, rtol=1e-4, atol=1e-9)


def test_sizes_are_powers_of_two_and_scaling_rounds_nothing() -> None:
    assert [size_near(s) for s in (1.0, 2.9, 0.0, np.inf, 1000.0, 1e-3)] == [1, 1, 1, 1, 1024, 2**-10]
    assert size_of(region([Budget(1e4, 1e4), Positions()], 3)) == 2**13
    assert size_of(region([Budget(0.0, 5e3), Positions()], 3)) == 2**12
    assert size_of(region([Group([1, 1, 0], lower=200.0), Positions()], 3)) == 2**8
    assert size_of(region([Budget(0, 0), Positions(-1, 1)], 3)) == 1.0
    space = region(mandate(1e4), ASSETS)
    small, factor = scaled(space, 2.0**13)
    x = np.random.default_rng(0).random(len(space.lower))
    assert_array_equal(small.lower * 2**13, space.lower)
    assert_array_equal(small.matrix @ x, (space.matrix @ x) * factor)
    assert_allclose(small.curve.value(x) * 2**13, space.curve.value(2**13 * x), rtol=1e-12)
    assert_allclose(small.cones[0].size(x) * 2**13, space.cones[0].size(2**13 * x), rtol=1e-12)
    same = region(mandate(1.0), ASSETS)
    assert scaled(same, 1.0)[0] is same


def test_logarithms_and_the_fixed_part_of_a_cone_scale_too() -> None:
    bent = replace(region([Budget()], 3), curve=replace(straight(3), log=np.array([1.0, 2.0, 0.0])))
    small = scaled(bent, 8.0)[0]
    x, y = np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 2.0])  # less their constant, which no slope has
    assert_allclose(
        8 * (small.curve.value(x) - small.curve.value(y)), bent.curve.value(8 * x) - bent.curve.value(8 * y)
    )
    cone = Cone(np.arange(3), np.ones(3), np.ones(3), 2.0, fixed=4.0)
    part = replace(bent.parts[0], cone=cone)
    found = scaled(replace(bent, parts=(part,)), 8.0)[0].cones[0]
    assert_allclose(8 * found.image(x), cone.image(8 * x))


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_scenarios_of_weight_zero_are_none(part: float) -> None:
    rng = np.random.default_rng(4)
    weight = weights(COUNT) * (rng.random(COUNT) > part)
    weight /= weight.sum()
    some = weight > 0
    bounds = [Budget(), Positions()]
    found = minimise_shortfall(of_returns(TABLE, weight), bounds, level=0.8)
    without = minimise_shortfall(of_returns(TABLE[:, some], weight[some]), bounds, level=0.8)
    assert_array_equal(found.weights, without.weights)
    assert_allclose(found.objective, reference(TABLE[:, some], bounds, 0.8, weight=weight[some]), rtol=1e-6)
    half = np.r_[np.zeros(COUNT // 2), np.full(COUNT // 2, 2 / COUNT)]
    equal = minimise_shortfall(of_returns(TABLE, half), bounds, level=0.8)
    assert_array_equal(
        equal.weights, minimise_shortfall(of_returns(TABLE[:, COUNT // 2 :]), bounds, level=0.8).weights
    )


def test_scenarios_of_weight_zero_with_specific_risk() -> None:
    weight = np.r_[np.zeros(100), np.full(COUNT - 100, 1 / (COUNT - 100))]
    made = of_factors(exposures(ASSETS), factor_returns(COUNT), weight, specific=np.full(ASSETS, 0.01))
    assert made.possible.count == 2 * (COUNT - 100)
    assert_array_equal(made.possible.returns[-1][: COUNT - 100], -made.possible.returns[-1][COUNT - 100 :])
    found = minimise_shortfall(made, [Budget(), Positions()], level=LEVEL)
    assert found.gap < 1e-6
    assert isinstance(made.possible, Scenarios)


def test_what_cannot_be_traded_is_not() -> None:
    previous = np.array([0.3, 0.7, *np.zeros(ASSETS - 2)])
    impact = np.array([np.inf, *np.full(ASSETS - 1, 0.001)])
    found = minimise_shortfall(
        SCENARIOS, [Budget(), Positions(), TradingCost(previous, 0.0, impact)], level=LEVEL
    )
    assert_allclose(found.weights[0], 0.3, atol=1e-9)
    assert np.abs(found.weights - previous).max() > 0.1
    assert np.isfinite(found.cost)
    with pytest.raises(InputError, match="trading cost \\(asset 0 cannot be traded\\)"):
        minimise_shortfall(
            SCENARIOS, [Budget(), Positions(0, 0.25), TradingCost(previous, impact)], level=LEVEL
        )


def test_a_good_portfolio_that_is_not_closed_comes_with_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = [Budget(), Positions(), Turnover(EVEN, 0.3), TradingCost(EVEN, 0.001)]
    right = minimise_shortfall(SCENARIOS, bounds, level=LEVEL)
    assert right.warning == ""
    monkeypatch.setattr(searching.Bands, "closed", lambda *anything: False)
    rough = minimise_shortfall(SCENARIOS, bounds, level=LEVEL, tolerance=1e-10)
    assert f"the gap is {rough.gap:.2g} where 1e-10 was wanted" in rough.warning
    model = ShortfallPortfolio(level=LEVEL, constraints=bounds).fit(TABLE.T)
    assert model.summary()["warning"] == model.portfolio_.warning
    assert_allclose(rough.objective, right.objective, rtol=1e-5)
    monkeypatch.setattr(searching, "ROUGH", -1.0)
    with pytest.raises(Fault, match="not solved: after"):
        minimise_shortfall(SCENARIOS, bounds, level=LEVEL, tolerance=1e-10)
    assert shortfall.TOLERANCE == 1e-7


def test_costs_do_not_make_an_objective_without_end() -> None:
    free = [Budget(), TradingCost(EVEN, 0.001)]
    with pytest.raises(InputError, match="no finite optimum"):
        maximise_utility(SCENARIOS, 10 * ALPHA, free, level=LEVEL, aversion=0.0)
    assert maximise_utility(SCENARIOS, ALPHA, free, level=LEVEL, aversion=1.0).gap < 1e-6


def test_a_broken_constraint_is_told_or_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = [Budget(), Positions()]
    monkeypatch.setattr(Region, "violation", lambda self, x: 1.7e-8)
    found = minimise_shortfall(SCENARIOS, bounds, level=LEVEL)
    assert found.violation == 1.7e-8
    assert "broken by 1.7e-08 of the portfolio's size" in found.warning
    monkeypatch.setattr(Region, "violation", lambda self, x: 1e-3)
    with pytest.raises(Fault, match=r"broken by 0\.001 of the portfolio's size"):
        minimise_shortfall(SCENARIOS, bounds, level=LEVEL)
