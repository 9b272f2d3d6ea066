"""The solver against the whole linear program, its certificate, and what must not change the answer."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Margin,
    Positions,
    TradingCost,
    Turnover,
    maximise_alpha,
    maximise_utility,
    minimise_shortfall,
    of_factors,
    of_returns,
    search,
)
from tailrisk.optimise.master import Aim, Canon
from tailrisk.optimise.region import region
from tailrisk.tail import expected_shortfall
from tests.optimise_world import exposures, factor_returns, reference, returns, weights

ASSETS, SCENARIOS, LEVEL = 20, 500, 0.95
EVEN = np.full(ASSETS, 1 / ASSETS)
ALPHA = 0.001 * np.random.default_rng(9).normal(size=ASSETS)
STYLES = ActiveExposure(exposures(ASSETS)[:, 1:], ("size", "beta", "value"), -0.05, 0.08, EVEN)
SETS = {
    "long only": [Budget(), Positions()],
    "capped": [Budget(), Positions(0.0, 0.08)],
    "styles": [Budget(), Positions(), STYLES],
    "active": [Budget(), Positions(), ActiveWeights(EVEN, 0.03), STYLES],
    "turnover": [Budget(), Positions(), Turnover(EVEN, 0.4)],
    "group": [Budget(), Positions(0.0, 0.2), Group(np.arange(ASSETS) < 8, lower=0.6)],
    "long short": [Budget(0.0, 0.0), Positions(-0.1, 0.1), Group(np.arange(ASSETS) < 5, lower=0.2)],
    "no bounds": [Budget()],
    "pinned": [
        Budget(),
        Positions(np.where(np.arange(ASSETS) < 4, 0.1, 0.0), np.where(np.arange(ASSETS) < 8, 0.1, 1)),
    ],
}
WEIGHTS = {"even": None, "weighted": weights(SCENARIOS)}


@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("constraints", SETS.values(), ids=SETS)
def test_least_shortfall_is_that_of_the_linear_program(constraints, weight) -> None:
    table = returns(ASSETS, SCENARIOS)
    found = minimise_shortfall(of_returns(table, weight), constraints, level=LEVEL, tolerance=1e-9)
    truth = reference(table, constraints, LEVEL, weight=weight)
    assert_allclose(found.objective, truth, rtol=1e-8)
    assert found.bound <= truth * (1 + 1e-9)  # HiGHS itself is good to about that
    assert found.gap <= 1e-9
    space = region(constraints, ASSETS)
    if len(space.lower) == ASSETS:
        assert space.violation(found.weights) <= 1e-8
    assert_allclose(
        found.objective, expected_shortfall(-found.weights @ table, weight, level=LEVEL), rtol=1e-12
    )


@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("aversion", [0.0, 0.02, 0.2])
def test_utility_is_that_of_the_linear_program(aversion: float, weight) -> None:
    table = returns(ASSETS, SCENARIOS)
    found = maximise_utility(
        of_returns(table, weight), ALPHA, SETS["styles"], level=LEVEL, aversion=aversion, tolerance=1e-9
    )
    truth = -reference(table, SETS["styles"], LEVEL, alpha=ALPHA, aversion=aversion, weight=weight)
    assert_allclose(found.objective, truth, rtol=1e-7)
    assert_allclose(found.objective, found.alpha - aversion * found.expected_shortfall, rtol=1e-12)
    assert found.bound >= truth - 1e-9 * abs(truth)


@pytest.mark.parametrize("room", [1.001, 1.1, 1.5, 10.0])
def test_alpha_within_a_limit_is_that_of_the_linear_program(room: float) -> None:
    table = returns(ASSETS, SCENARIOS)
    limit = room * minimise_shortfall(of_returns(table), SETS["styles"], level=LEVEL).expected_shortfall
    found = maximise_alpha(of_returns(table), ALPHA, SETS["styles"], level=LEVEL, limit=limit, tolerance=1e-9)
    truth = -reference(table, SETS["styles"], LEVEL, alpha=ALPHA, aversion=0.0, limit=limit)
    assert_allclose(found.objective, truth, rtol=1e-7)
    assert found.expected_shortfall <= limit + 1e-8
    assert (found.expected_shortfall > limit - 1e-8) == (room < 10)


@pytest.mark.parametrize("rate", [0.0, 0.0005, np.linspace(0, 0.01, ASSETS)], ids=["free", "flat", "each"])
def test_trading_costs_come_off_alpha(rate) -> None:
    table, constraints = returns(ASSETS, SCENARIOS), [Budget(), Positions(), TradingCost(EVEN, rate)]
    found = maximise_utility(
        of_returns(table), ALPHA, constraints, level=LEVEL, aversion=0.02, tolerance=1e-9
    )
    assert_allclose(
        found.objective, -reference(table, constraints, LEVEL, alpha=ALPHA, aversion=0.02), rtol=1e-7
    )
    assert_allclose(found.cost, np.sum(rate * np.abs(found.weights - EVEN)), atol=1e-9)
    assert_allclose(found.objective, found.alpha - found.cost - 0.02 * found.expected_shortfall, rtol=1e-10)


COSTLY = {
    "cost": [TradingCost(EVEN, np.linspace(0, 0.002, ASSETS))],
    "turnover": [Turnover(EVEN, 0.3)],
    "both": [
        TradingCost(EVEN, 0.0005),
        Turnover(np.roll(EVEN, 1), 0.3),
        Margin([0.5] * 10 + [0.0] * 10, 0.2),
    ],
}


@pytest.mark.parametrize("more", COSTLY.values(), ids=COSTLY)
def test_trades_are_the_whole_linear_programs_in_factor_form_too(more: list) -> None:
    loading, factors = exposures(ASSETS), factor_returns(SCENARIOS)
    constraints = [Budget(), Positions(0.0, 0.2), *more]
    how = {"level": LEVEL, "aversion": 0.02, "tolerance": 1e-9}
    found = maximise_utility(of_factors(loading, factors), ALPHA, constraints, **how)
    whole = reference(loading @ factors, constraints, LEVEL, alpha=ALPHA, aversion=0.02)
    assert_allclose(found.objective, -whole, rtol=1e-7)
    dense = maximise_utility(of_returns(loading @ factors), ALPHA, constraints, **how)
    assert_allclose(dense.objective, -whole, rtol=1e-7)


def test_trades_of_many_assets_cost_no_dense_row() -> None:
    count, rng = 1500, np.random.default_rng(3)
    even = np.full(count, 1 / count)
    bounds = [Budget(), Positions(), TradingCost(even, 0.001, 0.01), Turnover(even, 0.5)]
    model = of_factors(exposures(count), factor_returns(2000), specific=np.full(count, 0.02))
    assert len(Canon(region(bounds, count), model).rows) < 10  # as many as there are factors, and two
    found = maximise_utility(model, 0.01 * rng.normal(size=count), bounds, level=LEVEL, aversion=0.5)
    assert found.gap < 1e-6
    assert_allclose(found.cost, 0.001 * (d := np.abs(found.weights - even)).sum() + 0.01 * (d**1.5).sum())


def test_level_and_tail_of_a_published_sort() -> None:
    # Acerbi & Tasche (2002): the worst 2.5 of ten scenarios at 75 %, half of the third worst
    loss = np.array([[-5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0]])
    found = minimise_shortfall(of_returns(loss), [Budget()], level="0.75")
    assert_allclose(found.expected_shortfall, (5 + 4 + 0.5 * 3) / 2.5, rtol=1e-12)
    assert found.value_at_risk == 3.0


def test_many_scenarios_go_by_bands_to_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    table, constraints = returns(ASSETS, 20_000), SETS["styles"]
    banded = minimise_shortfall(of_returns(table), constraints, level=LEVEL)
    monkeypatch.setattr(search, "WHOLE", 10**9)
    entire = minimise_shortfall(of_returns(table), constraints, level=LEVEL, tolerance=1e-9)
    assert banded.explicit < 2_000 < entire.explicit == 20_000
    assert_allclose(banded.objective, entire.objective, rtol=1e-7)
    assert banded.bound <= entire.objective * (1 + 1e-12)
    assert 0 <= banded.gap <= 1e-7


@pytest.mark.parametrize("weight", [None, weights(20_000)], ids=["even", "weighted"])
def test_a_tail_of_a_few_scenarios_is_solved(monkeypatch: pytest.MonkeyPatch, weight) -> None:
    scenarios = of_returns(returns(ASSETS, 20_000), weight)
    thin = minimise_shortfall(scenarios, SETS["styles"], level="0.9995")
    assert thin.explicit < 2_000
    monkeypatch.setattr(search, "WHOLE", 10**9)
    entire = minimise_shortfall(scenarios, SETS["styles"], level="0.9995")
    assert_allclose(thin.objective, entire.objective, rtol=2e-7)


def test_bands_hold_the_limit_on_all_scenarios(monkeypatch: pytest.MonkeyPatch) -> None:
    table, weight = returns(ASSETS, 20_000), weights(20_000)
    found = maximise_alpha(
        of_returns(table, weight), ALPHA, SETS["styles"], level=LEVEL, limit=0.035, tolerance=1e-8
    )
    assert found.explicit < 5_000
    assert_allclose(found.expected_shortfall, 0.035, rtol=0, atol=1e-8)
    monkeypatch.setattr(search, "WHOLE", 10**9)
    entire = maximise_alpha(of_returns(table, weight), ALPHA, SETS["styles"], level=LEVEL, limit=0.035)
    assert_allclose(found.alpha, entire.alpha, rtol=1e-6)


def test_the_lagrangian_certifies_what_rough_duals_do_not() -> None:
    table, limit = returns(ASSETS, SCENARIOS), 0.03
    space = region(SETS["capped"], ASSETS)
    aim = Aim(-ALPHA, 0.0, limit, Fraction("0.95"))
    bands = search.Bands(Canon(space, of_returns(table)), of_returns(table), aim)
    rough, _ = bands.run(None, 0.03)
    better = search.priced(bands, rough)
    truth = reference(table, SETS["capped"], LEVEL, alpha=ALPHA, aversion=0.0, limit=limit)
    assert rough.bound < better.bound <= truth + 1e-9 * abs(truth)
    assert_allclose(better.gap, (better.value - better.bound) / abs(better.value), rtol=1e-9)
    assert better.gap < rough.gap


@pytest.mark.parametrize("room", [1e-4, 1e-5])
def test_a_limit_with_next_to_no_room_is_certified(room: float) -> None:
    table, constraints = returns(ASSETS, SCENARIOS), [Budget(), Positions(), Turnover(EVEN, 0.05)]
    least = minimise_shortfall(of_returns(table), constraints, level=LEVEL, tolerance=1e-9)
    limit = least.expected_shortfall * (1 + room)
    found = maximise_alpha(of_returns(table), ALPHA, constraints, level=LEVEL, limit=limit)
    truth = -reference(table, constraints, LEVEL, alpha=ALPHA, aversion=0.0, limit=limit)
    assert_allclose(found.alpha, truth, rtol=2e-6)
    assert found.expected_shortfall <= limit + 1e-8
    assert found.gap <= 1e-6


def test_a_band_too_narrow_widens_until_the_gap_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    table = returns(ASSETS, 20_000)
    wide = minimise_shortfall(of_returns(table), SETS["styles"], level=LEVEL)
    monkeypatch.setattr(search, "BAND", 30)
    monkeypatch.setattr(search, "BAND_PER_COORDINATE", 1)
    monkeypatch.setattr(search, "BAND_NEAR", 0.0)
    narrow = minimise_shortfall(of_returns(table), SETS["styles"], level=LEVEL)
    assert narrow.passes > wide.passes
    assert_allclose(narrow.objective, wide.objective, rtol=2e-7)


@pytest.mark.parametrize("scenarios", [400, 20_000])
def test_factor_form_is_the_dense_form(scenarios: int) -> None:
    loading, factors = exposures(ASSETS), factor_returns(scenarios)
    dense = minimise_shortfall(of_returns(loading @ factors), SETS["active"], level=LEVEL, tolerance=1e-8)
    thin = minimise_shortfall(of_factors(loading, factors), SETS["active"], level=LEVEL, tolerance=1e-8)
    assert_allclose(thin.objective, dense.objective, rtol=1e-8)
    limit = 1.05 * dense.objective
    pair = [
        maximise_alpha(s, ALPHA, SETS["active"], level=LEVEL, limit=limit)
        for s in (of_returns(loading @ factors), of_factors(loading, factors))
    ]
    assert_allclose(pair[0].alpha, pair[1].alpha, rtol=1e-6)


def test_order_of_scenarios_and_assets_does_not_matter() -> None:
    table, rng = returns(ASSETS, SCENARIOS), np.random.default_rng(4)
    first = minimise_shortfall(of_returns(table), SETS["capped"], level=LEVEL, tolerance=1e-9)
    i, j = rng.permutation(ASSETS), rng.permutation(SCENARIOS)
    other = minimise_shortfall(of_returns(table[i][:, j]), SETS["capped"], level=LEVEL, tolerance=1e-9)
    assert_allclose(other.objective, first.objective, rtol=2e-9)
    assert_allclose(other.weights, first.weights[i], atol=1e-4)


def test_scenarios_twice_are_scenarios_once() -> None:
    table, weight = returns(ASSETS, SCENARIOS), weights(SCENARIOS)
    once = minimise_shortfall(of_returns(table, weight), SETS["styles"], level=LEVEL)
    twice = of_returns(np.hstack([table, table]), np.tile(weight, 2) / 2)
    assert_allclose(
        minimise_shortfall(twice, SETS["styles"], level=LEVEL).objective, once.objective, rtol=1e-7
    )


def test_gaussian_shortfall_points_where_variance_does() -> None:
    """ES = k sigma(w) for Gaussian losses of mean zero, so the least ES is the least variance.

    On symmetrised, whitened draws the covariance is exact; what is left is the error of ES at the optimum.
    """
    assets, count = 4, 100_000
    root = np.array([[1, 0, 0, 0], [0.5, 0.9, 0, 0], [0.2, 0.1, 1.2, 0], [0.4, -0.2, 0.3, 0.8]])
    draw = np.random.default_rng(5).normal(size=(assets, count // 2))
    draw = np.hstack([draw, -draw])
    draw = np.linalg.solve(np.linalg.cholesky(np.cov(draw, bias=True)), draw)
    covariance = root @ root.T
    best = np.linalg.solve(covariance, np.ones(assets))
    best /= best.sum()
    truth = 2.0627128 * np.sqrt(best @ covariance @ best)  # phi(1.6449) / 0.05
    found = minimise_shortfall(of_returns(root @ draw), [Budget()], level=LEVEL)
    error = (
        1.08 * np.sqrt(best @ covariance @ best) / np.sqrt(0.05 * count)
    )  # sd of L + excess over VaR in the tail
    assert error < 0.01 * truth
    assert abs(found.expected_shortfall - truth) < 4 * error
    assert found.weights @ covariance @ found.weights < best @ covariance @ best * (1 + 8 * error / truth)
    assert np.abs(found.weights - 1 / assets).max() > 0.1  # not the even portfolio
