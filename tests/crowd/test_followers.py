"""Followers: zero sum, saturation, memory, the siphon, and the V of 5 February."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import followers
from tailrisk.market import impact
from tests import plain_followers

ROUNDS = 6
L, M, S, T, U = range(5)


def array(x):
    return jnp.asarray(np.asarray(x, np.float64))


def column(x):
    return array(x)[:, None]


CALM = jnp.zeros(1)
VOLUME = array([210.0, 110.0, 130.0, 190.0, 15.0])


@pytest.fixture
def params():
    return followers.Params(
        following=array(0.3 / ROUNDS),
        half=array([10.0, 5.0, 3.0, 1.0, 0.1]),
        memory=array(0.3),
        always=array(1.0),
        memory_of_rout=array(0.9),
        sight=array(0.0),
        behind=array(0.08),
        rotation=array(
            [
                [1.0, 0.0, 0.0, -0.9, -0.1],
                [0.0, 1.0, 0.0, -0.9, -0.1],
                [0.0, 0.0, 1.0, -0.9, -0.1],
                [-0.2, -0.4, -0.4, 0.9, 0.1],
                [-0.2, -0.4, -0.4, 0.0, 1.0],
            ]
        ),
        focus=1,
    )


@pytest.fixture
def market():
    return impact.Params(
        impact=array([0.08, 0.06, 0.06, 0.17, 0.17]),
        volume=VOLUME,
        evaporation=array(1.0),
        threshold=array(0.05),
        least=array(0.0),
        persistence=array(0.63),
        share=array([0.5]),
        decay=array([0.01]),
    )


def orders_after(params, bought):
    """Orders of a first round in which the state buys `bought` [bucket]."""
    return followers.step(params, followers.init(params, 1), column(bought), VOLUME)[1]


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_they_sum_to_zero_to_the_last_bit(params, dtype):
    """Mechanism 9.13, for any purchases."""
    cast = jax.tree.map(lambda x: x.astype(dtype), params)
    bought = jnp.asarray(np.random.default_rng(1).exponential(5, (5, 1000)), dtype)
    _, flow = followers.step(cast, followers.init(cast, 1000), bought, VOLUME.astype(dtype))
    assert flow.dtype == dtype
    assert float(jnp.abs(flow).max()) > 1
    np.testing.assert_array_equal(flow[0] + flow[1] + flow[2] + flow[3] + flow[4], 0.0)


@pytest.mark.parametrize(("bought", "share"), [(0.0, 0.0), (5.0, 0.5), (15.0, 0.75), (1e9, 1.0)])
def test_the_more_is_bought_the_more_follow_up_to_all(params, bought, share):
    flow = orders_after(params, [0, bought, 0, 0, 0])[:, 0]
    everyone = 0.3 * 655 / ROUNDS
    np.testing.assert_allclose(
        flow, share * everyone * np.array([0, 1, 0, -0.9, -0.1]), rtol=1e-8, atol=1e-15
    )


@pytest.mark.parametrize(("focus", "share"), [(1, 1 / 3), (2, 0.2), (4, 1 / 17)])
def test_eyes_turn_to_the_largest_purchases(params, focus, share):
    """CSI 2000 in sight twice as much as CSI 500, in halves: 1 : 2 of those who look, sharper with focus."""
    seen = followers.State(seen=column([0, 500.0, 0, 200.0, 0]), rout=jnp.ones(1))
    eyes = np.asarray(followers.attention(replace(params, focus=focus), seen))[:, 0]
    np.testing.assert_allclose(eyes[M] / eyes.sum(), share, rtol=1e-3)
    assert 0.99 < eyes.sum() < 1


def test_switched_off_nobody_follows(params):
    off = replace(params, following=array(0.0))
    np.testing.assert_array_equal(orders_after(off, [1, 2, 3, 4, 5]), 0.0)


def test_purchases_are_seen_as_they_come_and_remembered_in_part(params):
    state = followers.init(params, 1)
    for seen in (2.0, 4.0):
        state, _ = followers.step(params, state, column([0, 2.0, 0, 0, 0]), VOLUME)
        assert float(state.seen[M, 0]) == seen
    np.testing.assert_allclose(followers.open(params, state, CALM, CALM).seen[M], 1.2, rtol=1e-15)
    forgetful = replace(params, memory=array(0.0))
    np.testing.assert_array_equal(followers.open(forgetful, state, CALM, CALM).seen, 0.0)


@pytest.mark.parametrize(
    ("bought", "up", "down"), [([0, 9.0, 5.0, 0, 0], (M, S), (T, U)), ([0, 0, 0, 3.5, 0], (T, U), (L, M, S))]
)
def test_the_siphon(params, market, bought, up, down):
    """Mechanism 9.13: buying CSI 500 and 1000 sinks micro-caps; 9.12: buying CSI 2000 lifts them."""
    flow = column(bought) + orders_after(params, bought)
    state = impact.init(market, jnp.zeros((5, 1)))
    _, latent = impact.step(market, state, jnp.zeros((5, 1)), flow, jnp.ones((5, 1)))
    assert all(float(latent[b, 0]) > 0 for b in up)
    assert all(float(latent[b, 0]) < 0 for b in down)


def test_purchases_after_the_low_make_a_v(params, market):
    """CSI 500 falls 1 % a round until the state buys, and then it and its followers turn it."""
    state, seen = impact.init(market, jnp.zeros((5, 1))), followers.init(params, 1)
    latent, path = jnp.zeros((5, 1)), []
    for j in range(ROUNDS):
        bought = column([0, 3.0 * (j >= 3), 1.5 * (j >= 3), 0, 0])
        seen, flow = followers.step(params, seen, bought, VOLUME)
        selling = jnp.full((5, 1), -0.01 if j < 3 else 0.0)
        state, move = impact.step(market, state, selling, bought + flow, jnp.ones((5, 1)))
        latent = latent + move
        path.append(float(latent[M, 0]))
    assert int(np.argmin(path)) == 2
    assert path[-1] > path[2] + 0.01
    assert float(latent[U, 0]) < -0.03


def test_matches_the_plain_twin(params):
    paths = 4
    purchases = np.random.default_rng(2).exponential(1, (3, ROUNDS, 5, paths))
    state, fast = followers.init(params, paths), []
    for day in purchases:
        state = followers.open(params, state, CALM, CALM)
        for bought in day:
            state, flow = followers.step(params, state, array(bought), VOLUME)
            fast.append(np.asarray(flow))
    for n in range(paths):
        seen, slow = [0.0] * 5, []
        for day in purchases[..., n]:
            seen = plain_followers.open(params, seen)
            slow += [plain_followers.step(params, seen, bought, VOLUME, 1.0) for bought in day]
        np.testing.assert_allclose(np.array(fast)[..., n], slow, rtol=1e-9, atol=1e-12)


def test_without_a_rout_nobody_follows_and_one_fades(params):
    wary = replace(params, always=array(0.0), memory_of_rout=array(0.5))
    bought, state = column([5.0, 0, 0, 0, 0]), followers.init(wary, 1)
    calm = followers.open(wary, state, CALM, CALM)
    np.testing.assert_array_equal(followers.step(wary, calm, bought, VOLUME)[1], 0.0)
    afraid = followers.open(wary, calm, jnp.full(1, 0.8), CALM)
    after = followers.open(wary, afraid, CALM, CALM)
    np.testing.assert_allclose([afraid.rout[0], after.rout[0]], [0.8, 0.4], rtol=1e-15)
    full = followers.step(params, followers.init(params, 1), bought, VOLUME)[1]
    np.testing.assert_allclose(followers.step(wary, afraid, bought, VOLUME)[1], 0.8 * full, rtol=1e-12)


@pytest.mark.parametrize(
    ("sight", "lag", "rout"),
    [
        (5.0, 0.2, 0.0),
        (5.0, -0.08, 0.0),
        (5.0, -0.081, 0.005),
        (5.0, -0.18, 0.5),
        (5.0, -0.4, 1.0),
        (0.0, -0.4, 0.0),
    ],
)
def test_a_rout_is_seen_in_prices_on_both_sides_of_its_threshold(params, sight, lag, rout):
    wary = replace(params, always=array(0.0), sight=array(sight))
    after = followers.open(wary, followers.init(wary, 1), CALM, array([lag]))
    np.testing.assert_allclose(after.rout[0], rout, atol=1e-12)
