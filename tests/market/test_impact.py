"""Impact: no crowd, linearity, what is given back, depth, and the plain twin."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import impact
from tests import plain_impact

PATHS = 6
ROUNDS = 6


def array(x):
    return jnp.asarray(np.asarray(x, np.float64))


def per_round(daily, rounds=ROUNDS):
    return 1 - (1 - np.asarray(daily)) ** (1 / rounds)


@pytest.fixture
def params():
    """A third gone by the close, half of the rest in 30 days, the remainder for good."""
    return impact.Params(
        impact=array([0.08, 0.06, 0.06, 0.17, 0.17]),
        volume=array([210.0, 110.0, 130.0, 190.0, 15.0]),
        evaporation=array(1.0),
        threshold=array(0.05),
        least=array(0.0),
        persistence=array(0.63),
        share=array([0.33, 0.33]),
        decay=array(per_round([0.9, 0.0228])),
    )


def draws(seed, *shape):
    return array(np.random.default_rng(seed).normal(size=shape))


def whole(params):
    return jnp.ones((5, PATHS))


def start(params):
    return impact.init(params, jnp.zeros((5, PATHS)))


def run(params, rounds, imbalance):
    """Latent return given back, and what is left, `rounds` after one imbalance."""
    state, pushed = impact.step(params, start(params), jnp.zeros((5, PATHS)), imbalance, whole(params))
    back, zero = jnp.zeros((5, PATHS)), jnp.zeros((5, PATHS))
    for _ in range(rounds):
        state, latent = impact.step(params, state, zero, zero, whole(params))
        back = back - latent
    return pushed, back, state


def test_without_impact_the_exogenous_return_is_all_there_is(params):
    off = replace(params, impact=jnp.zeros(5))
    state, exogenous = start(off), draws(1, 5, PATHS)
    for seed in (2, 3):
        state, latent = impact.step(off, state, exogenous, draws(seed, 5, PATHS), whole(off))
        np.testing.assert_array_equal(latent, exogenous)
        state = impact.close(off, state, latent, 0.3 * latent)
        assert float(jnp.max(jnp.abs(state.transient))) == 0.0


def test_buys_raise_and_sells_lower(params):
    imbalance = draws(4, 5, PATHS)
    _, latent = impact.step(params, start(params), jnp.zeros((5, PATHS)), imbalance, whole(params))
    np.testing.assert_array_equal(jnp.sign(latent), jnp.sign(imbalance))


def test_one_day_of_volume_moves_a_bucket_by_k(params):
    imbalance = jnp.broadcast_to(-params.volume[:, None], (5, PATHS))
    _, latent = impact.step(params, start(params), jnp.zeros((5, PATHS)), imbalance, whole(params))
    np.testing.assert_allclose(latent[:, 0], -params.impact, rtol=1e-15)


def test_linear_in_the_imbalance(params):
    zero, a, b = jnp.zeros((5, PATHS)), draws(5, 5, PATHS), draws(6, 5, PATHS)
    push = [impact.step(params, start(params), zero, q, whole(params))[1] for q in (a, b, a + 3 * b)]
    np.testing.assert_allclose(push[2], push[0] + 3 * push[1], rtol=1e-12)


@pytest.mark.parametrize("rounds", [4, 8, 16])
def test_half_is_given_back_in_a_half_life_whatever_the_rounds(params, rounds):
    daily = 1 - 0.5 ** (1 / 10)  # ten days
    slow = replace(params, share=array([1.0]), decay=array([per_round(daily, rounds)]))
    pushed, back, _ = run(slow, 10 * rounds, jnp.ones((5, PATHS)))
    np.testing.assert_allclose(back, pushed / 2, rtol=1e-12)


def test_what_is_neither_given_back_nor_permanent_is_still_in_the_state(params):
    pushed, back, state = run(params, 20, draws(7, 5, PATHS))
    owed = state.transient[0] + state.transient[1]
    np.testing.assert_allclose(owed + back, 0.66 * pushed, rtol=1e-12)
    assert 0.3 < float(back[0, 0] / pushed[0, 0]) < 0.4  # the fast third is gone after three days


@pytest.mark.parametrize(
    ("momentum", "left"), [(0.3, 1.0), (0.0, 1.0), (-0.05, 1.0), (-0.0501, 1 / 1.001), (-0.15, 1 / 2)]
)
def test_depth_on_both_sides_of_its_threshold(params, momentum, left):
    steep = replace(params, evaporation=array(10.0))
    np.testing.assert_allclose(impact.depth(steep, array([[momentum]])), left, rtol=1e-12)
    np.testing.assert_array_equal(
        impact.depth(replace(params, evaporation=array(0.0)), array([[momentum]])), 1.0
    )


@pytest.mark.parametrize(
    ("momentum", "left"), [(-0.05, 1.0), (-0.1, 1 / 1.5), (-0.1499, 1 / 1.999), (-0.3, 0.5)]
)
def test_depth_on_both_sides_of_what_buyers_of_value_leave(params, momentum, left):
    steep = replace(params, evaporation=array(10.0), least=array(0.5))
    np.testing.assert_allclose(impact.depth(steep, array([[momentum]])), left, rtol=1e-12)


def test_thin_markets_move_further(params):
    zero, sale = jnp.zeros((5, PATHS)), -jnp.ones((5, PATHS))
    _, deep = impact.step(params, start(params), zero, sale, whole(params))
    _, thin = impact.step(params, start(params), zero, sale, 0.25 * whole(params))
    np.testing.assert_allclose(thin, 4 * deep, rtol=1e-15)


def test_momentum_is_a_quarter_after_three_quiet_days(params):
    quiet, state = jnp.zeros((5, PATHS)), start(params)
    state = impact.close(params, state, jnp.full((5, PATHS), -0.1), quiet)
    np.testing.assert_allclose(impact.momentum(params, state, quiet + 0.01), 0.01 - 0.063, rtol=1e-12)
    for _ in range(3):
        state = impact.close(params, state, quiet, quiet)
    np.testing.assert_allclose(state.momentum, -0.025, rtol=1e-3)


@pytest.mark.parametrize(
    ("owed", "dropped", "after"),
    [
        (-0.02, -0.03, -0.0101),
        (-0.02, -0.3, 0.0),
        (-0.02, 0.03, -0.02),
        (0.02, 0.03, 0.0101),
        (0.0, -0.3, 0.0),
    ],
)
def test_what_the_limits_swallowed_is_not_given_back(params, owed, dropped, after):
    state = impact.State(transient=jnp.full((2, 5, PATHS), owed), momentum=jnp.zeros((5, PATHS)))
    closed = impact.close(params, state, jnp.zeros((5, PATHS)), jnp.full((5, PATHS), dropped))
    np.testing.assert_allclose(closed.transient, after, rtol=1e-12)


def test_float32_stays_float32(params):
    exogenous, orders = draws(8, 3, ROUNDS, 5, PATHS) * 0.01, draws(9, 3, ROUNDS, 5, PATHS) * 10
    single = jax.tree.map(lambda x: x.astype(jnp.float32), (params, exogenous, orders))
    rough, exact = fast_days(*single, 0.06), fast_days(params, exogenous, orders, 0.06)
    assert rough.dtype == jnp.float32
    np.testing.assert_allclose(rough, exact, atol=1e-6)


def test_matches_the_plain_twin(params):
    days, floor = 4, 0.06
    exogenous, orders = draws(8, days, ROUNDS, 5, PATHS) * 0.01, draws(9, days, ROUNDS, 5, PATHS) * 10
    for b in range(5):
        for n in range(PATHS):
            slow = plain_days(
                params, b, np.asarray(exogenous[..., b, n]), np.asarray(orders[..., b, n]), floor
            )
            if b == n == 0:
                fast = np.asarray(fast_days(params, exogenous, orders, floor))
            np.testing.assert_allclose(fast[:, b, n], slow, rtol=1e-9, atol=1e-15)


def fast_days(params, exogenous, orders, floor):
    """Latent return of each day, the limits being a plain floor here."""

    @jax.jit
    def a_day(state, exogenous, orders):
        latent = jnp.zeros_like(exogenous[0])
        for j in range(ROUNDS):
            depth = impact.depth(params, impact.momentum(params, state, latent))
            state, move = impact.step(params, state, exogenous[j], orders[j], depth)
            latent = latent + move
        shown = jnp.clip(latent, -floor, floor)
        return impact.close(params, state, shown, latent - shown), latent

    state, out = impact.init(params, jnp.zeros_like(exogenous[0, 0])), []
    for day in range(exogenous.shape[0]):
        state, latent = a_day(state, exogenous[day], orders[day])
        out.append(latent)
    return jnp.stack(out)


def plain_days(params, b, exogenous, orders, floor):
    transient, yesterday, out = [0.0, 0.0], 0.0, []
    for day in range(len(exogenous)):
        latent = 0.0
        for j in range(ROUNDS):
            depth = plain_impact.depth(params, plain_impact.momentum(params, yesterday, latent))
            latent += plain_impact.step(params, b, transient, exogenous[day][j], orders[day][j], depth)
        shown = max(-floor, min(floor, latent))
        plain_impact.close(params, transient, latent - shown)
        yesterday = plain_impact.momentum(params, yesterday, shown)
        out.append(latent)
    return out
