"""A region without a portfolio: the message names a set of constraints of which none can be left out."""

import numpy as np
import pytest

from tailrisk.core import InputError
from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Positions,
    Turnover,
    maximise_alpha,
    minimise_shortfall,
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
