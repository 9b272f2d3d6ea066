"""Random mandates against the whole linear program: sizes, units, weights with zeros, costs, turnover."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.optimise import (
    ActiveExposure,
    ActiveWeights,
    Budget,
    Group,
    Positions,
    TradingCost,
    Turnover,
    maximise_alpha,
    maximise_utility,
    minimise_shortfall,
    of_returns,
)
from tailrisk.tail import expected_shortfall
from tests.optimise_world import reference


def mandate(rng: np.random.Generator, n: int, inside: np.ndarray, size: float, unit: float) -> list:
    """Some of the constraints, in units of `size`, around a portfolio that keeps them all."""
    previous, bench = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    active, style = inside - bench, rng.normal(size=(n, 2))
    some = rng.random(n) < 0.4
    tilt, traded = active @ style, np.abs(inside - previous).sum()
    box = ActiveExposure(style, ("a", "b"), (tilt - 0.2) * size, (tilt + 0.1) * size, bench * size)
    optional = [
        Group(some, (inside[some].sum() - 0.1) * size, (inside[some].sum() + 0.05) * size),
        box,
        ActiveWeights(bench * size, 1.2 * np.abs(active).max() * size),
        Turnover(previous * size, traded * rng.uniform(1.0, 1.6) * size),
        TradingCost(previous * size, unit * rng.uniform(0, 0.003, n)),
    ]
    caps = Positions(0.0, 1.3 * inside.max() * size) if rng.random() < 0.5 else Positions()
    return [Budget(size, size), caps, *(c for c in optional if rng.random() < 0.5)]


def weighted(rng: np.random.Generator, count: int) -> np.ndarray | None:
    weight = rng.random(count) ** 2 * (rng.random(count) < 0.6) + 0.01 * (np.arange(count) == 0)
    return None if rng.random() < 0.4 else weight / weight.sum()


@pytest.mark.parametrize("seed", range(40))
def test_a_random_mandate_is_solved_as_the_whole_linear_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, count, size, unit = int(rng.integers(2, 25)), int(rng.integers(60, 250)), 1.0, 1.0
    if seed % 2:
        size, unit = 10 ** rng.uniform(-4, 6), 10 ** rng.uniform(-3, 2)
    wide = rng.standard_t(4, (n, count))
    table = unit * (0.01 * rng.normal(size=count) * rng.uniform(0.3, 1.7, (n, 1)) + 0.012 * wide)
    inside, alpha = rng.dirichlet(np.ones(n)), unit * 0.002 * rng.normal(size=n)
    weight, made = weighted(rng, count), mandate(np.random.default_rng(seed), n, inside, size, unit)
    plain = mandate(np.random.default_rng(seed), n, inside, 1.0, 1.0)  # the same problem, in units of one
    scenarios, some = of_returns(table, weight), slice(None) if weight is None else weight > 0
    p = None if weight is None else weight[some]
    limit = 1.1 * float(expected_shortfall(-(inside @ table[:, some]), p, level="0.9"))
    how = {"level": 0.9, "weight": p}
    if seed % 3 == 0:
        found = minimise_shortfall(scenarios, made, level=0.9)
        right = reference(table[:, some] / unit, plain, **how)
    elif seed % 3 == 1:
        found = maximise_utility(scenarios, alpha, made, level=0.9, aversion=0.3)
        right = -reference(table[:, some] / unit, plain, alpha=alpha / unit, aversion=0.3, **how)
    else:
        found = maximise_alpha(scenarios, alpha, made, level=0.9, limit=limit * size)
        right = -reference(
            table[:, some] / unit, plain, alpha=alpha / unit, aversion=0.0, limit=limit / unit, **how
        )
        assert found.expected_shortfall <= limit * size * (1 + 1e-7)
    assert found.gap < 1e-6
    assert found.violation < 1e-8
    assert found.warning == ""
    assert_allclose(found.objective / (size * unit), right, rtol=2e-6, atol=1e-8)
