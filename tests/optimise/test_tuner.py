"""The tuner: slopes against finite differences, the optimum against a grid, sets mean and worst, splits."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import Fault, InputError
from tailrisk.optimise import (
    ActiveExposure,
    Budget,
    Positions,
    TradingCost,
    VarianceCost,
    manager,
    of_factor_model,
    of_factors,
)
from tailrisk.optimise.manager import decide
from tailrisk.optimise.tuner import Book, Bound, evaluate, frontier, resampled, shortfall_of, tune
from tailrisk.tail import expected_shortfall

STOCKS, COUNT, LEVEL = 30, 1500, 0.95
RNG = np.random.default_rng(0)
STYLE = RNG.normal(size=(STOCKS, 3))
EXPOSURES = np.column_stack([np.ones(STOCKS), STYLE])
SD = np.array([0.06, 0.04, 0.02, 0.02])
FACTORS = RNG.normal(size=(4, COUNT)) * SD[:, None] * np.sqrt(4 / RNG.chisquare(4, COUNT))
SPECIFIC = 0.1 * np.exp(0.2 * RNG.normal(size=STOCKS))
EVEN = np.full(STOCKS, 1 / STOCKS)
ALPHA = 0.02 * RNG.normal(size=STOCKS) - 0.03 * STYLE[:, 0]
MODEL = of_factor_model(EXPOSURES, np.diag(SD**2), SPECIFIC)
SETS = [
    of_factors(EXPOSURES, FACTORS, specific=SPECIFIC),
    of_factors(EXPOSURES, FACTORS * [[1.0], [1.6], [1.0], [1.0]], specific=SPECIFIC),
]


def within(theta: np.ndarray) -> list:
    box = ActiveExposure(STYLE[:, :2], ("size", "beta"), -theta, theta, EVEN)
    return [Budget(), Positions(0.0, 0.1), box, VarianceCost(MODEL, 4.0)]


BOOK = Book(ALPHA, within, (Bound("style exposure", 0), Bound("style exposure", 1)), EVEN, gross=2.0)
CALLS: dict[tuple, object] = {}


def measure(theta):
    key = tuple(np.atleast_1d(theta))
    if key not in CALLS:
        CALLS[key] = evaluate(BOOK, SETS, theta, level=LEVEL)
    return CALLS[key]


COST = TradingCost(np.linspace(0, 2, STOCKS) / STOCKS, 0.002, 0.02)


@pytest.mark.parametrize("more", [[], [COST]], ids=["free", "trades cost"])
@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["lower ends", "upper ends"])
def test_slopes_in_the_bounds_are_finite_differences(sign: float, more: list) -> None:
    theta, step = np.array([0.2, 0.02]), 1e-5
    book = replace(BOOK, alpha=sign * ALPHA, constraints=lambda theta: within(theta) + more)

    def measure(point):
        return evaluate(book, SETS, point, level=LEVEL)

    at = measure(theta)
    for k in range(2):
        up, down = measure(theta + step * np.eye(2)[k]), measure(theta - step * np.eye(2)[k])
        assert_allclose(at.alpha_slope[k], (up.alpha - down.alpha) / (2 * step), rtol=1e-4, atol=1e-8)
        slope = (up.shortfall - down.shortfall) / (2 * step)
        assert_allclose(at.shortfall_slope[:, k], slope, rtol=1e-3, atol=1e-6)
    assert at.alpha_slope.min() > 1e-3  # both bind
    assert np.abs(at.shortfall_slope).max() > 0.05


def test_the_dual_of_a_bound_is_the_implicit_slope_of_the_objective() -> None:
    chosen = decide(ALPHA, within(np.array([0.2, 0.02])))
    marginal = ALPHA - 4.0 * (
        MODEL.loading @ (MODEL.loading.T @ chosen.weights) + SPECIFIC**2 * chosen.weights
    )
    dual, implicit = chosen.duals()["style exposure"], chosen.slopes(marginal)["style exposure"]
    assert_allclose(implicit.upper, dual.upper, rtol=1e-4, atol=1e-8)
    assert_allclose(implicit.lower, dual.lower, rtol=1e-4, atol=1e-8)
    assert np.abs(dual.lower).max() > 1e-3


def test_slopes_in_leverage_and_hedge_are_finite_differences() -> None:
    at, step = measure([0.2, 0.2]), 1e-6
    held = at.weights - EVEN
    assert_allclose(at.shortfall_by_gross, at.shortfall / 2)
    assert_allclose(at.alpha_by_gross, at.alpha / 2)
    shift = np.eye(STOCKS)[3] * step
    up, down = (2 * shortfall_of(SETS[0], held - s, LEVEL)[0] for s in (shift, -shift))
    assert_allclose(at.shortfall_by_hedge[0, 3], (up - down) / (2 * step), rtol=1e-3)


MIX = np.eye(STOCKS)[3] - np.eye(STOCKS)[7]


def test_slopes_in_levers_that_theta_holds_are_finite_differences() -> None:
    book = replace(BOOK, mixes=0.1 * MIX[None], levered=True, financing=0.001)
    theta, step = np.array([0.2, 0.02, 0.5, 1.5]), 1e-5
    at = evaluate(book, SETS, theta, level=LEVEL)
    for k in range(4):
        up, down = (evaluate(book, SETS, theta + d * np.eye(4)[k], level=LEVEL) for d in (step, -step))
        assert_allclose(at.alpha_slope[k], (up.alpha - down.alpha) / (2 * step), rtol=1e-4, atol=1e-8)
        slope = (up.shortfall - down.shortfall) / (2 * step)
        assert_allclose(at.shortfall_slope[:, k], slope, rtol=1e-3, atol=1e-6)
    assert at.gross == 1.5
    assert_allclose(at.held, at.weights - EVEN - 0.05 * MIX)
    assert_allclose(at.losses(SETS[0]), 1.5 * SETS[0].losses(at.held))


def test_leverage_and_mix_are_tuned_together_with_bounds() -> None:
    book = replace(BOOK, mixes=0.1 * MIX[None], levered=True)

    def measure(theta):
        return evaluate(book, SETS[:1], theta, level=LEVEL)

    low, high, budget = np.array([0.02, 0.02, -1.0, 0.5]), np.array([0.8, 0.8, 1.0, 4.0]), 0.15
    found = tune(measure, low, high, budget)
    assert found.feasible
    assert_allclose(found.outcome.worst(), budget, rtol=1e-3)
    fixed = tune(lambda theta: evaluate(BOOK, SETS[:1], theta, level=LEVEL), low[:2], high[:2], budget)
    assert found.outcome.alpha > fixed.outcome.alpha + 1e-3
    start = np.append(fixed.outcome.theta[:2], [0.0, 2.0])
    assert tune(measure, low, high, budget, start=start).outcome.alpha >= fixed.outcome.alpha


@pytest.mark.parametrize("worst", [False, True], ids=["mean", "worst"])
def test_the_tuned_bounds_are_as_good_as_the_best_of_a_grid(worst: bool) -> None:
    budget = 0.15
    found = tune(measure, [0.02, 0.02], [0.8, 0.8], budget, worst=worst)
    risk = found.outcome.shortfall.max() if worst else found.outcome.shortfall.mean()
    assert found.feasible
    assert_allclose(risk, budget, rtol=1e-3)  # it binds
    grid = [(a, b) for a in np.linspace(0.02, 0.8, 8) for b in np.linspace(0.02, 0.8, 5)]
    kept = [
        point.alpha
        for point in frontier(measure, grid)
        if (point.shortfall.max() if worst else point.shortfall.mean()) <= budget
    ]
    assert found.outcome.alpha >= max(kept) - 1e-6
    assert found.outcome.alpha < measure([0.8, 0.8]).alpha - 1e-4


def test_a_budget_out_of_reach_is_told() -> None:
    found = tune(measure, [0.02, 0.02], [0.8, 0.8], 0.01)
    assert not found.feasible
    little = replace(BOOK, alpha=ALPHA - measure([0.41, 0.025]).alpha / 2)  # next to none at the start
    near = tune(lambda theta: evaluate(little, SETS, theta, level=LEVEL), [0.02, 0.02], [0.8, 0.03], 0.01)
    grid = frontier(measure, [(size, 0.02) for size in (0.02, 0.1, 0.2, 0.3)])
    assert near.outcome.shortfall.mean() < 1.01 * min(point.shortfall.mean() for point in grid)
    with pytest.raises(InputError, match="lower < upper"):
        tune(measure, [0.5], [0.5], 0.1)
    with pytest.raises(InputError, match="30, as the hedge"):
        evaluate(BOOK, [of_factors(EXPOSURES[:5], FACTORS)], [0.2, 0.2], level=LEVEL)


def test_the_bootstrap_is_paired_and_as_wide_as_the_error() -> None:
    rng = np.random.default_rng(1)
    samples = [expected_shortfall(rng.normal(size=2000), level=0.9) for _ in range(200)]
    loss = rng.normal(size=2000)
    draws = resampled([loss, loss + 0.5], level=0.9, draws=200)
    assert_allclose(draws[:, 1] - draws[:, 0], 0.5, atol=1e-12)
    assert 0.75 < draws[:, 0].std() / np.std(samples) < 1.3  # each sd has a relative error of 5 %
    half = rng.normal(size=1000)
    pair = [np.concatenate([half, -half]), np.concatenate([-half, half])]
    mirrored = resampled(pair, level=0.9, draws=50, pairs=True)
    assert mirrored[:, 0].std() > 0.01
    assert_allclose(mirrored[:, 0], mirrored[:, 1], rtol=1e-12)  # drawn together, the two are one sample


def test_a_manager_whose_problem_is_not_solved_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    decide(ALPHA, within(np.array([0.2, 0.02])))
    monkeypatch.setattr(manager, "ENOUGH", -1.0)
    with pytest.raises(Fault, match="the manager's problem stayed"):
        decide(ALPHA, within(np.array([0.2, 0.02])))
