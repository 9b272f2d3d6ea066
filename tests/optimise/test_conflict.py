"""A region without a portfolio: the message names a set of constraints of which none can be left out."""

import re

import numpy as np
import pytest
from scipy.optimize import linprog

from tailrisk.core import InputError
from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Positions,
    TrackingError,
    Turnover,
    maximise_alpha,
    minimise_shortfall,
    of_matrix,
    of_returns,
)
from tailrisk.optimise.conflict import refuse_conflict
from tailrisk.optimise.region import region
from tests.optimise_world import exposures, returns

ASSETS = 10
EVEN = np.full(ASSETS, 0.1)
SCENARIOS = of_returns(returns(ASSETS, 200))
STYLE = exposures(ASSETS)[:, 1:3]
HARMLESS = [ActiveExposure(STYLE, ("size", "beta"), -5, 5, EVEN), Turnover(EVEN, 5.0)]


def refusal(constraints: list) -> str:
    with pytest.raises(InputError) as refused:
        minimise_shortfall(SCENARIOS, constraints, level=0.95)
    return str(refused.value)


def test_caps_too_small_for_the_budget() -> None:
    said = refusal([Budget(), Positions(0.0, 0.09), *HARMLESS])
    assert "budget (sum of weights); positions (asset 0, asset 1, asset 2, asset 3 and 6 more)" in said
    assert "style" not in said
    assert "turnover" not in said
    assert "by 0.1 in all" in said


def test_a_group_that_its_caps_cannot_fill() -> None:
    said = refusal([Budget(), Positions(0.0, 0.2), Group(np.arange(ASSETS) < 3, lower=0.7), *HARMLESS])
    assert "together positions (asset 0, asset 1, asset 2); group (sum over members)\n" in said


def test_a_style_out_of_reach_of_active_weights() -> None:
    most = np.abs(STYLE[:, 0]).sum() * 0.01
    box = ActiveExposure(STYLE, ("size", "beta"), [most + 0.01, -9], 9, EVEN)
    said = refusal([Budget(), Positions(), ActiveWeights(EVEN, 0.01), box])
    assert "active weights" in said
    assert "style exposure (size)" in said
    assert "beta" not in said
    assert "positions" not in said


def test_turnover_too_small_to_reach_a_group() -> None:
    said = refusal([Budget(), Positions(), Turnover(EVEN, 0.1), Group(np.arange(ASSETS) < 2, lower=0.5)])
    assert "turnover" in said
    assert "group" in said


def test_one_out_and_a_portfolio_is_there() -> None:
    refuse_conflict(region([Budget(), *HARMLESS], ASSETS))
    refuse_conflict(region([Positions(0.0, 0.09), *HARMLESS], ASSETS))
    refuse_conflict(region([Budget(), Positions(0.0, 0.1), *HARMLESS], ASSETS))


def test_a_limit_below_the_least_shortfall_names_the_least() -> None:
    constraints = [Budget(), Positions()]
    least = minimise_shortfall(SCENARIOS, constraints, level=0.95).expected_shortfall
    with pytest.raises(InputError, match=f"at least {least:.6g}"):
        maximise_alpha(SCENARIOS, np.ones(ASSETS), constraints, level=0.95, limit=0.99 * least)
    maximise_alpha(SCENARIOS, np.ones(ASSETS), constraints, level=0.95, limit=1.01 * least)


def test_of_two_conflicts_only_one_is_told() -> None:
    first = Group(np.arange(ASSETS) < 2, lower=0.3, name="first two")
    last = Group(np.arange(ASSETS) > 7, lower=0.3, name="last two")
    said = refusal([Budget(), Positions(0.0, 0.12), first, last])
    assert "positions (asset 8, asset 9); last two (sum over members)" in said
    assert "first two" not in said
    assert "budget" not in said


def random_constraints(rng: np.random.Generator) -> list:
    """A mandate of a few constraints over six assets, tight enough to conflict now and then."""
    n, some = 6, lambda: rng.random(6) < 0.5
    floors, caps = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    bench = rng.dirichlet(np.ones(n))
    every = [Budget(), Positions(0.0, float(rng.choice([0.15, 0.2, 0.3, 1.0])))]
    every += [Group(some(), lower=rng.uniform(0.1, 0.7), name=f"floor {i}") for i in range(floors)]
    every += [Group(some(), upper=rng.uniform(0.0, 0.6), name=f"cap {i}") for i in range(caps)]
    every.append(ActiveWeights(bench, float(rng.uniform(0.02, 0.3))))
    every.append(ActiveExposure(rng.normal(size=(n, 2)), ("a", "b"), -0.2, 0.2, bench))
    every.append(Turnover(rng.dirichlet(np.ones(n)), float(rng.uniform(0.05, 1.0))))
    order = rng.permutation(len(every))
    return [every[i] for i in order]


def has_a_portfolio(constraints: list) -> bool:
    """Whether HiGHS finds a point within the rows."""
    space = region(constraints, 6)
    table = np.vstack([space.matrix.toarray(), -space.matrix.toarray()])
    ends = np.concatenate([space.row_upper, -space.row_lower])
    bounds = np.column_stack([space.lower, space.upper])
    kept = np.isfinite(ends)
    done = linprog(
        np.zeros(len(space.lower)), table[kept] if kept.any() else None, ends[kept] if kept.any() else None,
        bounds=bounds,
    )  # fmt: skip
    return bool(done.status == 0) and bool((space.lower <= space.upper).all())


def test_every_set_named_conflicts_and_no_part_of_it_does() -> None:
    conflicts = 0
    for seed in range(60):
        constraints = random_constraints(np.random.default_rng(seed))
        if has_a_portfolio(constraints):
            refuse_conflict(region(constraints, 6))
            continue
        conflicts += 1
        with pytest.raises(InputError) as refused:
            refuse_conflict(region(constraints, 6))
        named = re.findall(r"(?:together |; )([a-z]+(?: [a-z0-9]+)?) \(", str(refused.value))
        least = [c for c in constraints if c.name in named]
        assert len(least) == len(named) > 0
        assert not has_a_portfolio(least), seed
        for one in least:
            assert has_a_portfolio([c for c in least if c is not one]), (seed, one.name, named)
    assert conflicts > 20


def test_a_conflict_is_named_whatever_the_size_of_the_portfolio() -> None:
    for size in (1e-3, 1.0, 1e6):
        caps = Positions(0.0, 0.09 * size)  # a tenth of the budget is missing
        said = refusal([Budget(size, size), caps, Turnover(EVEN * size, 5.0 * size)])
        assert "together budget (sum of weights); positions (asset 0" in said
        assert f"by {0.1 * size:.3g} in all" in said


def test_two_tracking_errors_that_no_portfolio_keeps_are_named_together() -> None:
    risk = of_matrix(0.0004 * np.eye(4))
    near, far = np.array([1.0, 0, 0, 0]), np.array([0, 1.0, 0, 0])
    one, other = TrackingError(risk, near, 0.012, "one"), TrackingError(risk, far, 0.012, "other")
    table = returns(4, 100)
    with pytest.raises(InputError, match=r"together one \(limit 0.012\); other \(limit 0.012\)"):
        minimise_shortfall(of_returns(table), [Budget(), Positions(), one, other], level=0.9)
    wide = [TrackingError(risk, near, 0.0145, "one"), TrackingError(risk, far, 0.0145, "other")]
    assert minimise_shortfall(of_returns(table), [Budget(), Positions(), *wide], level=0.9).gap < 1e-6
