"""The optimum against closed forms, a dynamic programme and enumeration."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from tailrisk.core.errors import InputError
from tailrisk.intraday.closed import almgren_chriss, obizhaeva_wang
from tailrisk.intraday.dynamic import schedule
from tailrisk.studies.liquidity.execution import carried_out, schedules
from tailrisk.studies.liquidity.optimum import cost, optimal, value
from tailrisk.studies.liquidity.problem import Prices, Problem


def sale(count=6, buckets=1, **changes):
    """A book to sell in so many slices of one day, without caps, costs or rules."""
    none = np.zeros((count, buckets))
    base = Problem(
        amount=np.full(buckets, 1.0 / buckets),
        buckets=tuple(f"b{k}" for k in range(buckets)),
        cap=none + 10.0,
        absorbed=none + 100.0,
        together=np.full(count, 100.0),
        first_day=np.full(buckets, 1.0 / buckets),
        refused=0.0,
        volume=np.full(count, 1.0 / count),
        impact=none,
        rate=0.0,
        linear=np.zeros(buckets),
        stays=0.0,
        remaining=0.0,
        unsold=5.0,
        ratio=0.0,
        level=0.975,
        aversion=1.0,
        slices=count,
        deadline=1,
    )
    return replace(base, **changes)


def market(moves, hedge=None):
    """Prices of moves [slice, bucket, path]: a slice's sale is before its move."""
    close = 1.0 + np.cumsum(moves, axis=0)
    before = np.concatenate([np.ones_like(close[:1]), close[:-1]])
    still = np.zeros((len(moves), moves.shape[2])) if hedge is None else hedge
    return Prices(sale=before, close=close, hedge=still, filled=np.ones_like(close))


def gaussian(slices, sd, paths=4000):
    """Independent moves with exact means and covariance [slice, 1, path]."""
    half = np.random.default_rng(3).standard_normal((slices, paths // 2))
    whole = np.concatenate([half, -half], axis=1)
    root = np.linalg.cholesky(np.cov(whole, bias=True))
    return sd * np.linalg.solve(root, whole)[:, None]


def test_with_quadratic_cost_and_gaussian_moves_it_is_almgren_and_chriss():
    """min E + a sd has the schedule of min E + lambda Var with lambda = a / (2 sd)."""
    sd, level = 0.02, 0.975
    problem, prices = sale(linear=np.array([0.2])), market(gaussian(6, sd))
    best, answer = optimal(problem, prices)
    held = 1.0 - np.cumsum(best[:, 0])
    a = norm.pdf(norm.ppf(level)) / (1 - level)
    aversion = a / (2 * sd * np.sqrt((held**2).sum()))
    closed = almgren_chriss(1.0, 6, sd, 0.1, aversion)
    np.testing.assert_allclose(best[:, 0], closed, atol=0.02)
    assert best[0, 0] > 1.3 / 6  # risk brings sales forward
    assert value(problem, prices, closed[:, None]) < 1.005 * answer_value(problem, prices, best)
    assert answer.gap < 1e-6


def answer_value(problem, prices, best):
    return value(problem, prices, best)


@pytest.mark.parametrize("remaining", [0.2, 0.7])
def test_without_aversion_on_a_recovering_book_it_is_obizhaeva_and_wang(remaining):
    problem = sale(8, linear=np.array([0.3]), remaining=remaining, aversion=0.0)
    best, _ = optimal(problem, market(np.zeros((8, 1, 60))))
    np.testing.assert_allclose(best[:, 0], obizhaeva_wang(1.0, 8, remaining), atol=2e-4)


def test_without_risk_square_root_costs_follow_the_volume():
    volume = np.array([0.4, 0.1, 0.2, 0.3])
    problem = sale(4, impact=0.05 / np.sqrt(volume)[:, None], aversion=0.0)
    best, _ = optimal(problem, market(np.zeros((4, 1, 60))))
    np.testing.assert_allclose(best[:, 0], volume, atol=1e-4)
    assert cost(problem, best) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize("cap", [0.25, 1.0])
def test_on_one_shock_it_is_within_one_percent_of_the_dynamic_programme(cap):
    shock = np.random.default_rng(5).standard_t(4, size=2000)
    sd = np.array([0.01, 0.03, 0.01, 0.02, 0.01])
    prices = market(sd[:, None, None] * shock)
    impact = np.array([0.02, 0.06, 0.03, 0.03, 0.05])
    problem = sale(5, impact=impact[:, None], rate=0.001, cap=np.full((5, 1), cap), unsold=0.3)
    best, _ = optimal(problem, prices)
    tail = np.sort(-shock)[::-1][:50].mean()
    _, least = schedule(
        1.0,
        np.full(5, cap),
        lambda t, x: 0.001 * x + impact[t] * x**1.5,
        lambda t, h: tail * sd[t] * h,
        lambda h: 0.3 * h,
        points=401,
    )
    mine = value(problem, prices, best)
    assert mine == pytest.approx(least, rel=0.01)
    assert mine <= least * (1 + 1e-6)
    assert best.max() <= cap + 1e-9


def test_no_schedule_of_a_grid_is_better():
    moves = 0.03 * np.random.default_rng(6).standard_t(3, size=(3, 1, 400))
    problem = sale(3, impact=np.array([[0.03], [0.02], [0.04]]), unsold=0.05)
    prices = market(moves)
    best, answer = optimal(problem, prices)
    mine = value(problem, prices, best)
    grid = np.linspace(0, 1, 26)
    others = [
        value(problem, prices, np.array(x)[:, None]) for x in product(grid, repeat=3) if sum(x) <= 1 + 1e-12
    ]
    assert mine <= min(others) + 1e-7
    assert min(others) < 1.01 * mine
    assert problem.unsold - answer.objective == pytest.approx(mine, rel=1e-5)


def test_caps_t_plus_one_and_the_order_rate_are_fences():
    moves = -0.05 * np.ones((4, 2, 60))
    base = sale(4, 2, impact=np.full((4, 2), 0.001), slices=2, deadline=2, volume=np.array([0.5, 0.5]))
    free, _ = optimal(base, market(moves))
    assert free[0].sum() > 0.9
    locked, _ = optimal(replace(base, first_day=np.array([0.1, 0.5])), market(moves))
    assert locked[:2, 0].sum() == pytest.approx(0.1, abs=1e-6)
    slow, _ = optimal(replace(base, together=np.full(4, 0.3)), market(moves))
    assert slow.sum(axis=1).max() <= 0.3 + 1e-6
    half, _ = optimal(replace(base, cap=np.full((4, 2), 0.2), refused=0.5), market(moves))
    assert half.max() <= 0.1 + 1e-6


def test_a_hedge_in_the_same_index_takes_the_risk_away():
    moves = gaussian(6, 0.02)
    hedge = np.cumsum(moves[:, 0], axis=0)
    prices = market(moves, np.concatenate([np.zeros_like(hedge[:1]), hedge[:-1]]))
    problem = sale(impact=np.full((6, 1), 0.02))
    even = np.full((6, 1), 1 / 6)
    naked = value(problem, prices, even) - cost(problem, even)
    covered = replace(problem, ratio=1.0)
    assert naked > 0.04
    assert value(covered, prices, even) - cost(covered, even) == pytest.approx(0.0, abs=1e-12)
    best, _ = optimal(covered, prices)
    np.testing.assert_allclose(best[:, 0], 1 / 6, atol=1e-3)  # nothing to hurry for


def test_nothing_may_be_sold_is_refused():
    with pytest.raises(InputError, match="nothing may be sold"):
        optimal(sale(cap=np.zeros((6, 1))), market(np.zeros((6, 1, 60))))


def test_carried_out_without_limits_a_schedule_costs_what_it_says():
    moves = gaussian(6, 0.02)
    problem, prices = sale(impact=np.full((6, 1), 0.03), rate=0.001), market(moves)
    plan = np.full((6, 1), 1 / 6)
    done = carried_out(problem, prices, plan)
    assert done.cost == pytest.approx(cost(problem, plan), rel=1e-9)
    assert (done.unsold < 1e-12).all()
    assert (done.days == 1).all()
    gain = (plan[..., None] * (prices.sale - 1)).sum(axis=(0, 1))
    np.testing.assert_allclose(done.shortfall, -gain, atol=1e-12)


def test_a_linear_impact_costs_in_execution_what_it_costs_in_the_plan():
    problem = sale(linear=np.array([0.2]), stays=0.4, remaining=0.6)
    plan = np.random.default_rng(0).dirichlet(np.ones(6))[:, None]
    done = carried_out(problem, market(np.zeros((6, 1, 3))), plan)
    assert done.cost == pytest.approx(cost(problem, plan), rel=1e-9)


def test_what_limits_leave_is_sent_again_and_days_to_exit_grow():
    problem = sale(8, slices=2, deadline=2, volume=np.array([0.5, 0.5]), unsold=0.1)
    still = market(np.zeros((8, 1, 2)))
    filled = np.ones((8, 1, 2))
    filled[:6, :, 1] = 0.0
    prices = replace(still, filled=filled)
    done = carried_out(problem, prices, schedules(problem)["TWAP"])
    assert list(done.days) == [2.0, 4.0]
    assert list(done.unsold) == pytest.approx([0.0, 1.0])
    assert done.cost[1] == pytest.approx(0.1)
    never = carried_out(problem, replace(still, filled=np.zeros((8, 1, 2))), schedules(problem)["POV"])
    assert list(never.days) == [5.0, 5.0]


def test_t_plus_one_holds_in_execution():
    problem = sale(4, slices=2, deadline=2, volume=np.array([0.5, 0.5]), first_day=np.array([0.3]))
    done = carried_out(problem, market(np.zeros((4, 1, 1))), schedules(problem)["immediate"], capped=False)
    assert done.days[0] == 2.0
