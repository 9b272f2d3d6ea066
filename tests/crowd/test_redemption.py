"""Redemptions: who gives notice, when it is paid, and what it leaves of the marks."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import cohorts
from tests.crowd_world import drive, parameters, quiet, replaced


def fund(lag=5, benchmark="csi500", **redemption):
    """An index fund with no edge but redemptions; daily dealing unless said otherwise."""
    off = {"strength": 0.0, "threshold": 1.0}
    terms = {"base": 0.0, "slope": 0.5, "threshold": 0.08, "open": 1.0, "lag": lag} | redemption
    params = parameters(
        ("index_enhanced_500",),
        rounds=3,
        benchmark=benchmark,
        redemption=terms,
        momentum=off,
        stop={"share": 0.0, "line": 0.8},
        swap={"out": 0.0, "home": 0.0, "start": 1.0, "end": 0.0},
    )
    return replace(params, cost=params.cost * 0)


def lags_by(loss, days=8):
    """A market in which csi500 stands still and everything the fund holds but csi500 falls on day 0."""
    market = quiet(days, 3, 1, 1)
    market["returns"][0, 0, [0, 2, 3, 4]] = -loss / 0.62
    return market


@pytest.mark.parametrize(("loss", "behind"), [(0.05, 0.0), (0.0799, 0.0), (0.10, 0.02), (0.20, 0.12)])
def test_notices_answer_to_what_the_fund_is_behind_its_benchmark(loss, behind):
    _, _, log = drive(fund(lag=5), lags_by(loss))
    given = np.asarray(log["state"].notices)[0, :, 0, 0]
    np.testing.assert_allclose(given, [0, 0, 0, 0, 1 - np.exp(-0.5 * behind)], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("lag", [1, 5, 6])
def test_a_notice_is_paid_on_the_lag_th_morning(lag):
    params = fund(lag=lag)
    _, _, log = drive(params, lags_by(0.15))
    paid = np.asarray(log["paid"])[:, 0]
    assert np.flatnonzero(paid).min() == lag
    np.testing.assert_allclose(paid[lag], 300 * 0.85 * (1 - np.exp(-0.5 * 0.07)), rtol=1e-12)


def test_stock_is_sold_for_what_was_paid_in_proportion():
    _, _, log = drive(fund(lag=1), lags_by(0.15, days=2))
    held = np.asarray(log["state"].holdings)[:, 0, :, 0]
    np.testing.assert_allclose(held[1] / held[0], np.exp(-0.5 * 0.07), rtol=1e-12)
    worth = np.asarray(log["state"].worth)[:, 0, 0]
    np.testing.assert_allclose(worth[1], held[1].sum(), rtol=1e-12)  # all of it invested, nothing borrowed


def test_leaving_investors_do_not_move_the_drawdown_of_those_who_stay():
    _, _, log = drive(fund(lag=1), lags_by(0.15))
    state = log["state"]
    behind = 1 - np.asarray(state.worth / state.pace)[:, 0, 0]
    down = 1 - np.asarray(state.worth / state.high_water)[:, 0, 0]
    assert np.asarray(log["paid"])[1:].min() > 0
    np.testing.assert_allclose(behind, 0.15, rtol=1e-12)
    np.testing.assert_allclose(down, 0.15, rtol=1e-12)


def test_a_fund_that_falls_with_its_benchmark_is_not_behind_and_one_judged_by_cash_is():
    market = quiet(3, 3, 1, 1)
    market["returns"][0, 0] = -0.2
    _, _, log = drive(fund(), market)
    assert not np.asarray(log["state"].notices).any()
    _, _, log = drive(fund(benchmark="cash"), market)
    np.testing.assert_allclose(
        np.asarray(log["state"].notices)[0, 4, 0, 0], 1 - np.exp(-0.5 * 0.12), rtol=1e-12
    )


def test_the_benchmark_may_also_run_away():
    market = quiet(1, 3, 1, 1)
    market["returns"][0, 0, 1] = 0.30
    _, _, log = drive(fund(), market)
    behind = 1 - (1 + 0.38 * 0.3) / 1.3
    np.testing.assert_allclose(
        np.asarray(log["state"].notices)[0, 4, 0, 0], 1 - np.exp(-0.5 * (behind - 0.08)), rtol=1e-12
    )


def test_monthly_dealing_spreads_the_notices_and_the_base_hazard_needs_no_loss():
    _, _, log = drive(fund(base=0.1, open=0.05), quiet(1, 3, 1, 1))
    np.testing.assert_allclose(
        np.asarray(log["state"].notices)[0, 4, 0, 0], 0.05 * (1 - np.exp(-0.1)), rtol=1e-12
    )


def test_who_owes_the_broker_is_paid_nothing():
    params = replaced(fund(), "redemption", slope=jnp.asarray([50.0]))
    state = replace(cohorts.init(params, 1), worth=jnp.full((1, 1), -3.0))
    state, _ = cohorts.close(params, state, jnp.zeros((5, 1)), jnp.zeros(()))
    for _ in range(5):
        state, paid = cohorts.open(params, state, jnp.asarray(1e6), jnp.zeros(1))
    assert float(state.due[0, 0]) > 0.9
    assert float(paid[0]) == 0.0
    assert float(state.worth[0, 0]) == -3.0
