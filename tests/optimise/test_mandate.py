"""The mandate of a tuned product: its bounds, its hedge, and what its trades cost."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tailrisk.optimise.mandate import Desk, Product, alphas, costly, costs, hedge_of, mandate, swap
from tests.small_universe import small_universe

UNIVERSE = small_universe()
DESK = Desk(weight=0.05, nav=1e8, tracking=0.2, others=1.0)
NEUTRAL = Product({"csi500": 0.5, "csi1000": 0.5}, 0.8, 0.05, True)
ENHANCED = Product({"csi500": 1.0}, 1.0, 0.06, False)
DAILY = np.diag([1e-4] + [2e-5] * 4 + [1e-5] * 3)
LOOSE = (1.5, 0.6)


def test_the_book_keeps_its_bounds_and_one_of_them_binds() -> None:
    book = mandate(UNIVERSE, ENHANCED, DESK, 60, DAILY)
    small = UNIVERSE.bucket == 4
    benchmark = UNIVERSE.benchmark[:, 1]
    for theta in ((0.2, 0.3), (0.4, 0.05)):
        held = book.decide(theta).weights
        assert_allclose(held.sum(), 1.0)
        active = UNIVERSE.style[:, 2] @ (held - benchmark)
        assert -theta[0] - 1e-8 <= active < 0  # a premium on small ones is what it is after
        assert held[small].sum() <= theta[1] + 1e-8
        assert np.abs(held - benchmark).max() <= 0.05 + 1e-8
    assert_allclose(UNIVERSE.style[:, 2] @ (book.decide((0.2, 0.3)).weights - benchmark), -0.2, atol=1e-7)


def test_alpha_is_against_the_mix() -> None:
    book = mandate(UNIVERSE, NEUTRAL, DESK, 60, DAILY)
    mix = 0.5 * (UNIVERSE.benchmark[:, 1] + UNIVERSE.benchmark[:, 2])
    assert_allclose(book.alpha @ mix, 0.0, atol=1e-15)
    assert_allclose(book.alpha - alphas(UNIVERSE, DESK, 60), -(alphas(UNIVERSE, DESK, 60) @ mix))


def test_futures_or_the_benchmark_stand_against_stocks() -> None:
    assert_allclose(hedge_of(UNIVERSE, NEUTRAL), [*np.zeros(60), 0.0, 0.5, 0.5])
    assert_allclose(hedge_of(UNIVERSE, ENHANCED), [*UNIVERSE.benchmark[:, 1], 0.0, 0.0, 0.0])
    more = hedge_of(UNIVERSE, NEUTRAL) + 0.2 * swap(UNIVERSE, "IC", "IM")
    assert_allclose(more[60:], [0.0, 0.7, 0.3])


def test_trades_out_of_the_loose_book_are_paid_for() -> None:
    free = mandate(UNIVERSE, NEUTRAL, DESK, 60, DAILY)
    before = free.decide(LOOSE).weights
    rate, impact = costs(UNIVERSE, DESK, DAILY)
    book = costly(free, before, rate, impact)
    assert_allclose(book.decide(LOOSE).weights, before, atol=1e-6)  # nothing to gain from a trade
    chosen = book.decide((0.1, 0.3))
    moved = chosen.weights - before
    bought, sold = np.maximum(moved, 0.0).sum(), np.maximum(-moved, 0.0).sum()
    paid = DESK.fee * (bought + sold) + DESK.stamp * sold + impact @ np.abs(moved) ** 1.5
    assert_allclose(chosen.cost, paid, rtol=1e-6)
    assert chosen.cost > 1e-4
    assert np.abs(moved).sum() < np.abs(free.decide((0.1, 0.3)).weights - before).sum()


def test_impact_is_the_square_root_law_on_a_days_volatility() -> None:
    _, impact = costs(UNIVERSE, DESK, DAILY)
    volatility = np.sqrt(UNIVERSE.loading @ DAILY @ UNIVERSE.loading.T).diagonal()
    assert_allclose(impact, np.hypot(volatility, 0.02) * np.sqrt(1e8 / 1e8), rtol=1e-10)
    assert costs(UNIVERSE, DESK, DAILY)[0] == pytest.approx(0.0003 + 0.00025)
