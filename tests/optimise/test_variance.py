"""Tracking error and variance against closed forms; impact, budgets of ES and specific risk likewise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from tailrisk.core import InputError
from tailrisk.optimise import (
    Budget,
    Positions,
    TrackingError,
    TradingCost,
    impact_rate,
    maximise_alpha,
    maximise_utility,
    mean_variance,
    minimise_shortfall,
    minimise_variance,
    of_factor_model,
    of_factors,
    of_matrix,
    of_returns,
    shortfall_budgets,
    smooth_tail,
)
from tailrisk.optimise.region import region
from tailrisk.tail import expected_shortfall
from tests.optimise_world import exposures, factor_returns, returns, weights

ASSETS, COUNT = 12, 600
EVEN, ONES = np.full(ASSETS, 1 / ASSETS), np.ones(ASSETS)
TABLE = returns(ASSETS, COUNT)
ALPHA = 0.001 * np.random.default_rng(5).normal(size=ASSETS)
SPECIFIC = 0.01 + 0.01 * np.random.default_rng(6).random(ASSETS)
FACTOR_MODEL = of_factor_model(exposures(ASSETS), np.cov(factor_returns(COUNT)), SPECIFIC)
COVARIANCES = {"dense": of_matrix(np.cov(TABLE)), "factors": FACTOR_MODEL}
SCENARIOS = of_returns(TABLE)


def full(covariance) -> np.ndarray:
    return covariance.loading @ covariance.loading.T + np.diag(covariance.specific**2)


@pytest.mark.parametrize("covariance", COVARIANCES.values(), ids=COVARIANCES)
def test_most_alpha_within_a_tracking_error_is_the_closed_form(covariance) -> None:
    inverse = np.linalg.inv(full(covariance))
    along = inverse @ (ALPHA - ONES * (ONES @ inverse @ ALPHA) / (ONES @ inverse @ ONES))
    active = 0.004 * along / np.sqrt(along @ full(covariance) @ along)
    bounds = [Budget(), TrackingError(covariance, EVEN, 0.004)]
    found = maximise_utility(SCENARIOS, ALPHA, bounds, level=0.9, aversion=0.0)
    assert_allclose(found.weights, EVEN + active, atol=2e-6)
    # alpha is linear in the limit, so its slope is the active alpha over the limit
    assert_allclose(found.sensitivity["tracking error"].upper[-1], ALPHA @ active / 0.004, rtol=1e-6)


@pytest.mark.parametrize("covariance", COVARIANCES.values(), ids=COVARIANCES)
def test_least_variance_and_mean_variance_are_the_closed_forms(covariance) -> None:
    inverse = np.linalg.inv(full(covariance))
    least = minimise_variance(covariance, [Budget()]).weights
    assert_allclose(least, inverse @ ONES / (ONES @ inverse @ ONES), atol=1e-9)
    free = mean_variance(covariance, ALPHA, [Positions(-50, 50)], aversion=3.0)
    assert_allclose(free.weights, inverse @ ALPHA / 3, rtol=1e-7)


@pytest.mark.parametrize(("limit", "fits"), [(0.005 - 1e-6, False), (0.005 + 1e-6, True)])
def test_tracking_error_on_both_sides_of_its_fence(limit: float, fits: bool) -> None:
    active = np.linspace(-0.1, 0.1, ASSETS)
    active *= 0.005 / np.sqrt(active @ full(FACTOR_MODEL) @ active)
    space = region([TrackingError(FACTOR_MODEL, EVEN, limit)], ASSETS)
    x = np.concatenate([EVEN + active, np.zeros(len(space.lower) - ASSETS)])
    x[ASSETS:] = space.matrix[:, :ASSETS] @ (x[:ASSETS] - EVEN)  # what the rows say t is
    assert (space.violation(x) <= 1e-12) == fits


def test_gaussian_shortfall_is_mean_and_variance() -> None:
    """ES of X f + e is -mean + k sd for normal returns: with no factor the least ES is the least variance."""
    scenarios = of_factors(np.zeros((ASSETS, 1)), np.zeros((1, 20_000)), specific=SPECIFIC)
    found = minimise_shortfall(scenarios, [Budget(), Positions()], level=0.975)
    assert_allclose(found.weights, SPECIFIC**-2 / (SPECIFIC**-2).sum(), atol=1e-6)
    k = norm.pdf(norm.ppf(0.975)) / 0.025
    assert_allclose(found.expected_shortfall, k / np.sqrt((SPECIFIC**-2).sum()), rtol=2e-4)


def test_one_asset_trades_until_its_alpha_pays_the_impact() -> None:
    # max a w - k w^(3/2): w = (2 a / 3 k)^2
    cost = TradingCost(np.zeros(2), 0.0, impact=[0.01, 0.02])
    alpha = np.array([0.006, 0.006])
    found = maximise_utility(of_returns(TABLE[:2]), alpha, [Positions(0, 1), cost], level=0.9, aversion=0.0)
    assert_allclose(found.weights, (2 * alpha / (3 * np.array([0.01, 0.02]))) ** 2, rtol=1e-5)
    assert_allclose(found.cost, (np.array([0.01, 0.02]) * found.weights**1.5).sum(), rtol=1e-6)
    # 1 % of NAV 1e9 in a stock of 2 % a day that trades 1e8: 0.02 sqrt(0.1) of price
    assert_allclose(impact_rate(0.02, 1e8, 1e9) * np.sqrt(0.01), 0.02 * np.sqrt(0.1))


def test_budgets_of_shortfall_are_the_contributions() -> None:
    shares = np.linspace(1, 2, ASSETS) / np.linspace(1, 2, ASSETS).sum()
    scenarios = of_factors(exposures(ASSETS), 3 * factor_returns(2000), specific=SPECIFIC)
    w = shortfall_budgets(scenarios, shares, level=0.95)
    step = 1e-5  # y dES/dy, ES homogeneous of degree one
    slope = [
        expected_shortfall(scenarios.losses(w + step * one), level=0.95)
        - expected_shortfall(scenarios.losses(w - step * one), level=0.95)
        for one in np.eye(ASSETS)
    ]
    part = w * np.array(slope) / (2 * step)
    assert_allclose(part / part.sum(), shares, atol=3e-3)
    # two assets that may be exchanged but for scale: equal budgets are weights in proportion to 1 / scale
    pair = np.hstack([TABLE[:2], TABLE[1::-1]]) * np.array([[1.0], [3.0]])
    assert_allclose(shortfall_budgets(of_returns(pair), level=0.95), [0.75, 0.25], atol=1e-4)


@pytest.mark.parametrize("weight", [None, weights(400)], ids=["even", "weighted"])
def test_sampled_specific_risk_agrees_with_the_closed_form(weight) -> None:
    factors = factor_returns(400)
    scenarios = of_factors(exposures(ASSETS), factors, weight, specific=SPECIFIC, seed=3)
    loss = -(EVEN @ exposures(ASSETS)) @ factors
    _, exact = smooth_tail(loss, float(np.linalg.norm(SPECIFIC * EVEN)), weight, level=0.9)
    sampled = expected_shortfall(scenarios.losses(EVEN), scenarios.weight, level=0.9)
    assert_allclose(sampled, exact, rtol=0.01)
    assert exact > 1.01 * expected_shortfall(loss, weight, level=0.9)


def test_the_smooth_tail_of_nothing_but_specific_risk_is_normal() -> None:
    found = smooth_tail(np.zeros(3), 0.02, level=0.99)
    assert_allclose(found, (0.02 * norm.ppf(0.99), 0.02 * norm.pdf(norm.ppf(0.99)) / 0.01), rtol=1e-10)


@pytest.mark.parametrize("limited", [False, True])
def test_specific_risk_in_the_solver_has_a_certificate_and_is_diversified(limited: bool) -> None:
    scenarios = of_factors(exposures(ASSETS), factor_returns(COUNT), specific=3 * SPECIFIC)
    bounds = [Budget(), Positions(0.0, 0.3)]
    found = minimise_shortfall(scenarios, bounds, level=0.95)
    if limited:
        limit = 1.1 * found.expected_shortfall
        found = maximise_alpha(scenarios, ALPHA, bounds, level=0.95, limit=limit)
    assert found.gap < 1e-6
    without = minimise_shortfall(of_factors(exposures(ASSETS), factor_returns(COUNT)), bounds, level=0.95)
    assert (found.weights**2).sum() < (without.weights**2).sum() or limited
    exact = expected_shortfall(scenarios.losses(found.weights), level=0.95)
    assert_allclose(found.expected_shortfall, exact, rtol=1e-9)
    for direction in (np.eye(ASSETS) - EVEN) * 1e-3:  # no feasible neighbour is better
        other = np.clip(found.weights + direction, 0.0, 0.3)
        other /= other.sum()
        risk = expected_shortfall(scenarios.losses(other), level=0.95)
        if limited:
            assert ALPHA @ other <= found.alpha + 1e-9 or risk > found.expected_shortfall
        else:
            assert risk >= found.expected_shortfall * (1 - 1e-6)


REFUSED = {
    "eigenvalue": lambda: of_matrix([[1.0, 2.0], [2.0, 1.0]]),
    "symmetric": lambda: of_matrix([[1.0, 0.5], [0.2, 1.0]]),
    "not finite": lambda: of_matrix([[np.nan, 0.0], [0.0, 1.0]]),
    "a finite number above zero": lambda: region([TrackingError(FACTOR_MODEL, EVEN, 0.0)], ASSETS),
    "covariance of 12 assets": lambda: region([TrackingError(FACTOR_MODEL, EVEN[:3], 0.1)], 3),
    "specific": lambda: of_factors(np.ones((2, 1)), np.ones((1, 5)), specific=[0.1, -0.1]),
}


@pytest.mark.parametrize(("problem", "make"), REFUSED.items(), ids=REFUSED)
def test_what_is_no_covariance_is_refused(problem: str, make) -> None:
    with pytest.raises(InputError, match=problem):
        make()


def test_a_singular_covariance_is_one() -> None:
    twins = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    found = minimise_variance(of_matrix(twins), [Budget(), Positions()])
    assert_allclose(found.weights[2], 1 / 3, atol=1e-6)


def test_budgets_need_a_shortfall() -> None:
    with pytest.raises(InputError, match="a long portfolio has no expected shortfall"):
        shortfall_budgets(of_returns(0.5 + 0.1 * np.abs(TABLE)), level=0.9)
