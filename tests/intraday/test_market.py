"""Prices inside the day: closed forms, the crowd's day as a limit, limits, and T+1."""

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.intraday import market, settlement
from tailrisk.market import impact as crowd_impact


def params(slices, *, exponent=1.0, scale=0.1, lost=(0.5, 0.03), share=(0.3, 0.2), gap=0.0, give_back=0.0):
    decay = 1.0 - (1.0 - np.array(lost)) ** (1.0 / slices)
    return market.Params(
        scale=jnp.full(2, scale),
        exponent=jnp.full(2, exponent),
        volume=jnp.array([100.0, 40.0]),
        share=jnp.repeat(jnp.array(share)[:, None], 2, axis=1),
        decay=jnp.repeat(jnp.asarray(decay)[:, None], 2, axis=1),
        gap=jnp.full(2, gap),
        give_back=jnp.full(2, give_back),
        give_speed=jnp.full(2, 1.0 - 1e-6 ** (1.0 / slices)),
    )


def crowd(flow):
    """Latent return of a day of the crowd's market from the flows of its rounds [round, bucket, path]."""
    rounds = len(flow)
    law = crowd_impact.Params(
        impact=jnp.full(2, 0.1),
        volume=jnp.array([100.0, 40.0]),
        evaporation=jnp.array(0.0),
        threshold=jnp.array(0.0),
        least=jnp.array(0.0),
        persistence=jnp.array(0.0),
        share=jnp.array([0.3, 0.2]),
        decay=jnp.asarray(1.0 - (1.0 - np.array([0.5, 0.03])) ** (1.0 / rounds)),
    )
    state, total = crowd_impact.init(law, jnp.zeros(flow.shape[1:])), 0.0
    for one in flow:
        state, move = crowd_impact.step(law, state, jnp.zeros_like(one), one, jnp.ones_like(one))
        total = total + move
    return np.asarray(total)


def test_with_a_linear_law_the_slices_of_the_crowds_day_give_its_day():
    flow = jnp.asarray(np.random.default_rng(1).normal(size=(6, 2, 3)))
    _, seen = market.day(params(6), flow)
    np.testing.assert_allclose(seen.latent[-1], crowd(flow), rtol=1e-12)


def test_without_decay_the_days_sum_is_the_crowds_linear_law_to_the_second():
    flow = jnp.asarray(np.random.default_rng(2).normal(size=(14_400, 2, 1)))
    _, seen = market.day(params(14_400, share=(0.0, 0.0)), flow)
    linear = 0.1 * np.asarray(flow).sum(axis=0) / np.array([[100.0], [40.0]])
    np.testing.assert_allclose(seen.latent[-1], linear, rtol=1e-9)


def test_seconds_and_the_crowds_rounds_agree_when_flow_is_spread_over_the_rounds():
    rounds = np.random.default_rng(3).normal(size=(6, 2, 1)) + 1.0
    seconds = jnp.asarray(np.repeat(rounds / 240, 240, axis=0))
    _, seen = market.day(params(1440), seconds)
    whole = crowd(jnp.asarray(rounds))
    assert np.abs(np.asarray(seen.latent[-1]) - whole).max() < 0.06 * np.abs(whole).max()
    assert np.abs(np.asarray(seen.latent[-1]) - whole).max() > 1e-6  # decay within a round is there


@pytest.mark.parametrize("exponent", [0.5, 0.6, 1.0])
def test_an_order_without_decay_has_the_law_of_its_size_however_it_is_split(exponent):
    law = params(50, exponent=exponent, share=(0.0, 0.0))
    for schedule in (np.full(50, -0.2), np.r_[np.full(10, -1.0), np.zeros(40)]):
        flow = jnp.asarray(np.repeat(schedule[:, None, None], 2, axis=1))
        _, seen = market.day(law, flow)
        expected = -0.1 * (10.0 / np.array([100.0, 40.0])) ** exponent
        np.testing.assert_allclose(seen.latent[-1, :, 0], expected, rtol=1e-12)


def test_the_gap_is_given_back_and_nothing_else_happens_without_flow():
    _, seen = market.day(params(100, gap=0.0155, give_back=0.3), jnp.zeros((100, 2, 1)))
    assert np.asarray(seen.returns[-1]) == pytest.approx(0.0155 * (1 - 0.3), rel=1e-5)
    assert (np.diff(np.asarray(seen.returns[:, 0, 0])) < 0).all()


def test_the_fitted_scale_gives_the_fall():
    flow = jnp.asarray(np.random.default_rng(4).uniform(-1, 0, size=(30, 2, 1)))
    law = market.fitted(params(30, exponent=0.5), flow, jnp.array([-0.01, -0.02]))
    _, seen = market.day(law, flow)
    np.testing.assert_allclose(seen.latent[-1, :, 0], [-0.01, -0.02], rtol=1e-12)


def test_a_price_at_its_limit_shows_the_limit_and_fills_what_is_locked_through():
    flow = jnp.full((10, 2, 1), -50.0)
    _, seen = market.day(params(10, scale=1.0), flow, market.stopped(0.1, locked=0.2))
    assert np.asarray(seen.returns).min() == -0.1
    assert np.asarray(seen.latent).min() < -0.2
    assert set(np.unique(seen.sells)) == {0.2}
    assert (np.asarray(seen.buys) == 1.0).all()


def books(sell, buy, **more):
    state = settlement.init(jnp.full((1, 2, 1), 10.0))
    orders = settlement.Orders(sell=jnp.asarray(sell), buy=jnp.asarray(buy))
    return settlement.day(params(len(sell)), state, orders, **more)


def test_what_is_bought_today_is_not_sold_today():
    buy, sell = np.zeros((3, 1, 2, 1)), np.zeros((3, 1, 2, 1))
    buy[0], sell[1:] = 5.0, 100.0
    after, done, _ = books(sell, buy)
    assert np.asarray(after.holding) == pytest.approx(5.0)
    assert np.asarray(done.sold).sum(axis=0) == pytest.approx(10.0)
    tomorrow = settlement.next_morning(after)
    sent = settlement.send(
        tomorrow, settlement.Orders(sell=jnp.asarray(sell[1]), buy=jnp.asarray(buy[1])), 0.0
    )
    assert np.asarray(sent.sell) == pytest.approx(5.0)


def test_refused_sales_and_limits_leave_the_book_where_it_is():
    sell, none = np.full((4, 1, 2, 1), 10.0), np.zeros((4, 1, 2, 1))
    after, done, _ = books(sell, none, refused=jnp.ones((1, 2, 1)))
    assert np.asarray(done.sold).sum() == 0.0
    assert np.asarray(after.holding) == pytest.approx(10.0)
    half, _, _ = books(sell[:1], none[:1], show=lambda m: market.unlimited(m).__class__(
        latent=m, returns=m, sells=jnp.full_like(m, 0.5), buys=jnp.ones_like(m)
    ))  # fmt: skip
    assert np.asarray(half.holding) == pytest.approx(5.0)


def test_books_and_trades_balance():
    rng = np.random.default_rng(5)
    sell, buy = rng.uniform(0, 3, size=(2, 20, 3, 2, 4))
    state = settlement.init(jnp.asarray(rng.uniform(5, 20, size=(3, 2, 4))))
    orders = settlement.Orders(sell=jnp.asarray(sell), buy=jnp.asarray(buy))
    after, done, _ = settlement.day(params(20), state, orders, market.stopped(0.1, 0.2))
    change = np.asarray(done.bought - done.sold).sum(axis=0)
    np.testing.assert_allclose(after.holding, np.asarray(state.holding) + change, rtol=1e-12)
    assert (np.asarray(after.holding) >= -1e-12).all()
