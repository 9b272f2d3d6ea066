"""Margin accounts: where the call comes, what it demands, when it binds, who is wiped out."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import cohorts, margin, trading
from tests.crowd_world import NAMES, drive, parameters, quiet, replaced

HAIR = 1e-9


def dma(start=0.25, call=0.15, **changes):
    """One hedged account without costs or any edge but margin."""
    quiet_edges = {"strength": 0.0, "threshold": 0.0}
    params = parameters(
        ("dma",),
        long=1 / start,
        margin={"call": call, "reset": max(start - 0.05, call), "enforced": 1.0, "intraday": 0.0} | changes,
        basis=quiet_edges,
        momentum=quiet_edges,
        financing_annual=0.0,
        rounds=3,
    )
    return replace(params, cost=params.cost * 0, participation=params.participation + 1e6)


def hedge_rises(params, loss):
    """The account after its short leg rose by `loss` [path] and the evening came."""
    state = cohorts.init(params, len(loss))
    futures = jnp.broadcast_to(jnp.asarray(loss), (3, len(loss)))
    state = replace(state, worth=state.worth + jnp.sum(state.futures * futures[None], axis=1))
    return evening(params, state)


def stocks_fall(params, loss):
    """The account after its stocks fell by `loss` [path] and the evening came."""
    state = cohorts.init(params, len(loss))
    return evening(params, cohorts.mark(state, -jnp.broadcast_to(jnp.asarray(loss), (5, len(loss)))))


def evening(params, state):
    return cohorts.close(params, state, jnp.zeros((5, state.worth.shape[-1])), jnp.zeros(()))[0]


@pytest.mark.parametrize(("start", "call", "distance"), [(0.25, 0.15, 0.10), (0.20, 0.15, 0.05)])
def test_the_call_comes_at_a_net_loss_of_start_less_call(start, call, distance):
    state = hedge_rises(dma(start, call), np.array([distance - HAIR, distance + HAIR]))
    assert state.called[0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("start", "call"), [(0.25, 0.15), (0.20, 0.15)])
def test_when_the_long_leg_falls_the_book_shrinks_and_the_call_comes_a_little_later(start, call):
    line = (start - call) / (1 - call)  # 11.8 % and 5.9 %, against the 10 % and 5 % of the short leg
    state = stocks_fall(dma(start, call), np.array([line - HAIR, line + HAIR]))
    assert state.called[0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("start", [0.25, 0.20])
@pytest.mark.parametrize("leg", [hedge_rises, stocks_fall])
def test_the_account_is_wiped_out_at_a_loss_of_its_starting_margin(start, leg):
    state = leg(dma(start), np.array([start - HAIR, start + 0.03]))
    assert state.dead[0].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(cohorts.shortfall(state)[0], [0.0, 200 * 0.03], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(cohorts.equity(state)[0], [200 * HAIR, 0.0], rtol=1e-4)


def crash(loss, day=0, moment=0, days=4):
    """A market in which futures jump by `loss` in one round."""
    market = quiet(days, 3, 1, 1)
    market["futures"][day, moment] = loss
    return market


@pytest.mark.parametrize(("intraday", "first"), [(0.0, (1, 0)), (1.0, (0, 1))])
def test_a_call_binds_next_morning_and_at_once_only_if_enforced_within_the_day(intraday, first):
    _, _, log = drive(dma(intraday=intraday), crash(0.13))
    selling = np.asarray(log["sells"]).sum(axis=(2, 3)) > 0
    assert np.argwhere(selling)[0].tolist() == list(first)


def test_what_is_sold_restores_the_reset_margin_and_no_more():
    params = dma()
    _, _, log = drive(params, crash(0.13))
    held = np.asarray(log["state"].holdings).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(
        np.asarray(log["state"].worth)[:, 0, 0] / held, [0.12, 0.2, 0.2, 0.2], rtol=1e-12
    )
    sold = 200 - held[-1]
    np.testing.assert_allclose(sold, 200 * (1 - 0.12 / 0.2), rtol=1e-12)
    assert np.asarray(log["state"].called)[:, 0, 0].tolist()[0] == 1.0


def test_a_call_ends_only_when_the_reset_margin_is_back():
    params = dma()
    state = evening(params, replace(cohorts.init(params, 3), worth=jnp.asarray([[29.0, 31.0, 41.0]])))
    assert state.called[0].tolist() == [1.0, 0.0, 0.0]
    state = replace(state, worth=jnp.asarray([[39.9, 39.9, 39.9]]))
    assert evening(params, state).called[0].tolist() == [1.0, 0.0, 0.0]
    assert evening(params, replace(state, worth=state.worth + 0.2)).called[0].tolist() == [0.0, 0.0, 0.0]


def test_a_dead_account_is_sold_out_and_what_it_brings_repays_the_broker_first():
    market = crash(0.27, days=5)
    market["sell_fill"][1] = 0.0  # nothing can be sold on the first day
    market["futures"][1, 2] = -0.05  # and the hedge comes back
    _, _, log = drive(dma(), market)
    worth = np.asarray(log["state"].worth)[:, 0, 0]
    np.testing.assert_allclose(worth[0], 50 - 54.0)
    np.testing.assert_allclose(worth[1:], 50 - 54 + 200 * 1.27 * 0.05, rtol=1e-12)
    assert np.asarray(log["state"].dead)[:, 0, 0].tolist() == [1.0] * 5
    assert np.asarray(log["state"].holdings)[2:].max() == 0.0
    assert abs(np.asarray(log["state"].futures)[2:]).max() == 0.0


@pytest.mark.parametrize(("dead", "demand"), [(0.0, 50.0), (1.0, 200.0)])
def test_the_broker_wants_all_of_a_dead_account_even_when_it_has_recovered(dead, demand):
    params, one = dma(), jnp.ones((1, 1))
    asked = margin.demand(params.margin, one, dead * one, 30.0 * one, 200.0 * one, params.width)
    np.testing.assert_allclose(asked, demand, rtol=1e-12)


LEVERAGES = (1.0, 2.0, 4.0, 5.0, 8.0)


def levered():
    """The same hedged book at five leverages, margin lines in proportion to the start."""
    params = parameters(("dma",) * 5, rounds=3, basis={"strength": 0.0, "threshold": 1.0})
    params = replaced(params, "triggers", momentum=params.triggers.momentum * 0)
    scale = jnp.asarray(LEVERAGES)
    lines = {"call": 0.6 / scale, "reset": 0.8 / scale}
    params = replace(params, long=scale, financing_annual=0 * scale, cost=params.cost * 0)
    return replaced(params, "margin", **lines)


def test_before_any_call_the_loss_is_in_proportion_to_leverage():
    market = quiet(4, 3, 1, 5)
    market["returns"][0, 0, 3:] = -0.02
    market["futures"][0, 1] = 0.01
    params = levered()
    _, _, log = drive(params, market)
    start = params.assets / params.long
    loss = 1 - np.asarray(log["state"].worth)[0, :, 0] / np.asarray(start)
    assert loss[2] > 0.05
    np.testing.assert_allclose(loss / loss[2], np.array(LEVERAGES) / 4, rtol=1e-12)
    np.testing.assert_allclose(loss[1] / loss[2], 0.5, rtol=1e-12)


def test_shortfall_is_more_likely_the_higher_the_leverage():
    rng = np.random.default_rng(3)
    shape = (4, 3)
    spread = rng.standard_t(3, size=(*shape, 4000)) * 0.05 - 0.01  # fixed paths: no feedback to prices
    market = quiet(4, 3, 4000, 5)
    market["returns"] = np.repeat(spread[:, :, None], 5, axis=2).clip(-0.3, 0.3)
    market["volume"] = market["volume"] / 1e3
    state, _, _ = drive(levered(), market)
    probability = (np.asarray(state.dead) > 0).mean(axis=1)
    assert (np.diff(probability) > 0).all(), probability
    noise = np.sqrt(probability * (1 - probability) / 4000)
    assert (np.diff(probability) > 3 * np.hypot(noise[1:], noise[:-1])).all(), probability


def test_without_leverage_margin_never_sells_and_with_it_more_is_sold_the_higher_it_is():
    market = quiet(4, 3, 1, 5)
    market["futures"][0, 0] = 0.11
    params = levered()
    params = replaced(params, "margin", call=jnp.full(5, 0.15), reset=jnp.full(5, 0.20))
    _, _, log = drive(params, market)
    held = np.asarray(log["state"].holdings)[-1].sum(axis=(1, 2))
    assert held[:2].tolist() == [200.0, 200.0]
    assert (np.diff(held[1:]) < 0).all()


def test_the_cap_on_leverage_bites_at_renewal_and_only_there():
    market = quiet(4, 3, 1, 5)
    market["cap"] = np.full(4, 2.0)
    market["renewed"] = np.array([[0] * 5, [1, 1, 1, 0.5, 0], [0] * 5, [0] * 5], float)
    _, _, log = drive(levered(), market)
    held = np.asarray(log["state"].holdings).sum(axis=(2, 3))
    worth = np.asarray(log["state"].worth)[:, :, 0]
    np.testing.assert_allclose(held[0], 200.0)
    np.testing.assert_allclose(held[-1] / worth[-1], [1.0, 2.0, 2.0, 3.5, 8.0], rtol=1e-12)


def test_only_margin_accounts_are_called():
    params = parameters()
    state = cohorts.init(params, 1)
    low = replace(state, worth=state.worth * 0.01)
    called, dead = margin.close(
        params.margin, state.called, state.dead, low.worth, low.holdings.sum(axis=1), params.width
    )
    assert [name for name, c in zip(NAMES, called[:, 0], strict=True) if c > 0] == ["dma", "margin_retail"]
    assert not np.asarray(dead).any()


def test_selling_half_a_book_needs_half_the_hedge():
    params = dma()
    state = replace(cohorts.init(params, 1), called=jnp.ones((1, 1)), worth=jnp.full((1, 1), 20.0))
    seen = trading.Seen(
        annual_basis=jnp.zeros((3, 1)),
        momentum=jnp.zeros((5, 1)),
        volume=jnp.full((5, 1), 1e6),
        restriction=jnp.zeros((1, 1)),
    )
    state, sent = trading.submit(params, state, seen)
    _, done = trading.fill(params, state, sent, (jnp.ones((5, 1)), jnp.ones((5, 1))), jnp.zeros((5, 1)))
    np.testing.assert_allclose(done.flow[:, 0], [0.0, 50.0, 50.0], rtol=1e-12)  # futures bought, stock sold
    np.testing.assert_allclose(done.sold.sum(), 100.0, rtol=1e-12)


def test_a_share_of_nothing_is_nothing_and_so_is_its_slope():
    whole = jnp.asarray([0.0, 0.0, 4.0])
    np.testing.assert_array_equal(margin.over(jnp.asarray([0.0, 1.0, 1.0]), whole), [0.0, 0.0, 0.25])
    slope = jax.grad(lambda w: margin.over(jnp.asarray([0.0, 1.0, 1.0]), w).sum())(whole)
    np.testing.assert_array_equal(slope, [0.0, 0.0, -1 / 16])
