"""Panic and speculators: who sells because prices fell, and who sells before the snowballs do."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import panic, speculators
from tests import plain_cohorts
from tests.crowd_world import VOLUME, days, panicking, speculating

FALLS = jnp.asarray(np.linspace(-0.3, 0.1, 5 * 7).reshape(5, 7))


def test_panic_is_the_twins():
    params, willing = panicking(), jnp.linspace(0, 1, 7)
    volume = jnp.broadcast_to(jnp.asarray(VOLUME)[:, None], (5, 7))
    eyes = jnp.asarray(np.random.default_rng(0).dirichlet(np.ones(6), 7).T[:5])
    flow = np.asarray(panic.step(params, FALLS, volume, eyes, willing, 6))
    for n in range(7):
        plain = plain_cohorts.panic(params, FALLS[:, n], VOLUME, eyes[:, n], float(willing[n]), 6)
        np.testing.assert_allclose(flow[:, n], plain, rtol=1e-9)


@pytest.mark.parametrize(("momentum", "sold"), [(-0.03, 0.0), (-0.0299, 0.0), (-0.13, 0.1), (0.05, 0.0)])
def test_panic_starts_beyond_its_threshold(momentum, sold):
    one, zero = jnp.ones((5, 1)), jnp.zeros((5, 1))
    flow = panic.step(panicking(), momentum * one, one, zero, one[0], 1)
    strength = [0, 4.4, 4.4, 4.4, 4.4]
    np.testing.assert_allclose(flow[:, 0], np.multiply(strength, sold), rtol=1e-12, atol=1e-15)


def test_a_day_of_panic_is_the_same_in_any_number_of_rounds_and_none_of_the_unwilling():
    args = panicking(), FALLS, jnp.ones((5, 7)), jnp.zeros((5, 7))
    np.testing.assert_allclose(
        6 * panic.step(*args, jnp.ones(7), 6), panic.step(*args, jnp.ones(7), 1), rtol=1e-12
    )
    assert not np.asarray(panic.step(*args, jnp.zeros(7), 6)).any()


def test_those_who_see_the_state_buy_wait():
    fall = jnp.full((5, 1), -0.13), jnp.ones((5, 1))
    eyes = [jnp.full((5, 1), eye) for eye in (0.0, 0.4)]
    sold = [panic.step(panicking(), *fall, eye, jnp.ones(1), 1)[3, 0] for eye in eyes]
    np.testing.assert_allclose(sold[1] / sold[0], 1 - 0.4 * float(panicking().relief), rtol=1e-12)
    assert sold[1] < sold[0]


def test_fear_takes_hold_in_a_crisis_alone_and_mood_follows_it():
    params, state, seen = panicking(), panic.init(panicking(), 1), []
    hold, calm, build = float(params.hold), float(params.calm), float(params.build)
    days = [(False, 0.0), (True, 1.01 * hold), (True, 0.99 * hold), (True, 0.9), (False, 0.0)]
    for crisis, shock in days:
        state = panic.open(params, state, jnp.full(1, crisis), jnp.full(1, shock))
        seen.append((bool(state.fear[0]), float(state.mood[0])))
    assert [fear for fear, _ in seen] == [False, False, True, True, False]
    built = [1 - (1 - calm) * (1 - build) ** n for n in range(3)]
    after = built[2] + build * (calm - built[2])
    np.testing.assert_allclose([mood for _, mood in seen], [calm, calm, *built[1:], after], rtol=1e-12)


def positions(params, market):
    """Speculators of the engine over a market: state and flows [step, future, path]."""
    state, flows = speculators.init(params, market["returns"].shape[-1]), []
    for day in range(len(market["returns"])):
        for j in range(market["returns"].shape[1]):
            seen = {k: jnp.asarray(market[k][day][j]) for k in ("mass", "momentum", "futures")}
            rescued = jnp.asarray(market["rescued"][day])
            flow = speculators.step(
                params, state, seen["mass"], seen["momentum"], rescued, market["returns"].shape[1]
            )
            state = speculators.settle(state, flow, seen["futures"])
            flows.append(flow)
    return state, np.stack(flows)


def test_speculators_are_the_twins():
    params, market = speculating(), days(4, 3, 6, 1, seed=2)
    state, flows = positions(params, market)
    for n in range(6):
        one = {k: v if v.ndim < 2 or k == "renewed" else v[..., n] for k, v in market.items()}
        position, worth, plain = plain_cohorts.speculate(params, one, 3)
        np.testing.assert_allclose(state.position[:, n], position, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(state.worth[n], worth, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(flows[:, :, n].ravel(), plain, rtol=1e-9, atol=1e-12)


def speculate(position, mass, momentum, rescued):
    params = speculating()
    state = speculators.State(position=jnp.full((3, 1), position), worth=jnp.zeros(1))
    shape = jnp.full((3, 1), mass), jnp.full((5, 1), momentum), jnp.full(1, rescued)
    return np.asarray(speculators.step(params, state, *shape, 2))[:, 0]  # two rounds at pace two: all the way


@pytest.mark.parametrize(
    ("position", "mass", "momentum", "rescued", "flow"),
    [
        (0.0, 40.0, -0.01, False, -12.0),  # short 0.3 of the mass
        (0.0, 60.0, -0.01, False, -18.0),  # more of it near the barrier, more short
        (0.0, 40.0, 0.01, False, 0.0),  # not in a rising market
        (-12.0, 40.0, -0.01, True, 12.0),  # the state buys small caps: cover
        (-12.0, 0.0, -0.01, False, 12.0),  # nothing left near the barrier
    ],
)
def test_speculators_short_near_knock_in_and_cover_when_the_state_buys(
    position, mass, momentum, rescued, flow
):
    np.testing.assert_allclose(speculate(position, mass, momentum, rescued)[1:], flow, rtol=1e-12)


def test_speculators_without_strength_do_nothing():
    params = speculating()
    off = replace(params, strength=0 * params.strength)
    state, flows = positions(off, days(2, 3, 4, 1))
    assert not flows.any()
    assert not np.asarray(state.worth).any()


def test_fear_tires_beyond_its_stamina_and_is_slept_off():
    one = {
        name: jnp.asarray(x) for name, x in {"hold": 1.0, "stamina": 2.0, "tire": 0.4, "build": 1.0}.items()
    }
    params = replace(panicking(), **one, recover=jnp.asarray(1.5))
    calm, state, seen = float(params.calm), panic.init(params, 1), []
    for stress in (True, True, True, True, True, True, False, False, True):
        state = panic.open(params, state, jnp.full(1, stress), jnp.zeros(1))
        seen.append((float(state.worn[0]), float(state.mood[0])))
    worn, mood = zip(*seen, strict=True)
    assert worn == (1, 2, 3, 4, 5, 6, 4.5, 3, 4)
    np.testing.assert_allclose(mood, [1, 1, 0.6, 0.2, calm, calm, calm, calm, 0.2], rtol=1e-12)


@pytest.mark.parametrize(("momentum", "fall"), [(-0.03, 0.0), (-0.1, 0.07), (-0.149, 0.119), (-0.5, 0.12)])
def test_a_deep_fall_brings_no_more_sellers_than_there_are(momentum, fall):
    params, volume = replace(panicking(), full=jnp.asarray(0.12)), jnp.full((5, 1), 100.0)
    orders = panic.step(params, jnp.full((5, 1), momentum), volume, jnp.zeros((5, 1)), jnp.ones(1), 2)
    np.testing.assert_allclose(orders[:, 0], 50.0 * params.strength * fall, rtol=1e-12, atol=1e-12)
