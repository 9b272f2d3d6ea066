"""The cohorts' day: the engine against the plain twin, its limits, float32, gradients."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.crowd import cohorts
from tests import plain_cohorts
from tests.crowd_world import NAMES, days, drive, parameters, quiet, replaced

COHORTS, PATHS = len(NAMES), 12
SINGLE = {
    "stock": "holdings",
    "order": "backlog",
    "locked": "locked",
    "future": "futures",
    "notices": "notices",
}


def on(market, path):
    """A market as one path sees it."""
    return {k: v if v.ndim < 2 or k == "renewed" else v[..., path] for k, v in market.items()}


@pytest.fixture(scope="module", params=[(4, False, None), (6, True, None), (3, False, 0.02)], ids=str)
def pair(request):
    """Parameters, market, engine's results and the twin's."""
    rounds, hedge_first, width = request.param
    params = parameters(rounds=rounds, hedge_first=hedge_first, width=width)
    params = replaced(params, "margin", intraday=params.margin.enforced * 0.5)
    params = replaced(
        params, "redemption", slope=params.redemption.slope * 10, threshold=params.redemption.base + 0.01
    )
    market = days(9, rounds, PATHS, COHORTS, seed=rounds, stress=6 / rounds)
    plain = jax.tree.map(np.asarray, params)
    return (
        params,
        market,
        drive(params, market),
        [plain_cohorts.run(plain, on(market, n)) for n in range(PATHS)],
    )


def twin(results, key, n):
    return np.array([account[key] for account in results[n][0]])


def test_the_market_of_the_twin_test_reaches_every_branch(pair):
    _, _, (state, _, log), _ = pair
    called, dead = np.asarray(log["state"].called), np.asarray(log["state"].dead)
    assert 0 < (dead[:, 0] > 0.5).mean() < 1
    assert 0 < (called[:, 0] > 0.5).mean() < 1
    assert 0 < (np.asarray(state.stopped) > 0.05).mean() < 1
    assert np.asarray(log["buys"]).max() > 0
    assert np.asarray(log["state"].locked).max() > 0
    assert np.asarray(log["paid"]).max() > 0
    assert np.asarray(log["state"].due).max() > 0
    assert (np.asarray(state.futures) > 0).any()
    assert (np.asarray(state.futures) < 0).any()


@pytest.mark.parametrize(
    "key", ["worth", "high_water", "pace", "called", "dead", "stopped", "asked", "due", *SINGLE]
)
def test_every_account_is_the_twins(pair, key):
    _, _, (state, _, _), results = pair
    engine = np.asarray(getattr(state, SINGLE.get(key, key)))
    for n in range(PATHS):
        mine = engine[..., n].T if key == "notices" else engine[..., n]
        np.testing.assert_allclose(mine, twin(results, key, n), rtol=1e-9, atol=1e-9)


def test_every_flow_is_the_twins(pair):
    _, _, (_, _, log), results = pair
    for n in range(PATHS):
        for day, told in enumerate(results[n][1]):
            for j, flows in enumerate(told["flows"]):
                for key, flow in zip(("sells", "buys", "flow"), flows, strict=True):
                    np.testing.assert_allclose(np.asarray(log[key])[day, j, :, n], flow, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(np.asarray(log["paid"])[day, n], told["paid"], rtol=1e-9)
            np.testing.assert_allclose(np.asarray(log["interest"])[day, n], told["interest"], rtol=1e-9)


DAYS, ROUNDS, WIDE = 5, 3, 24
"""One shape for all that follows, so that the engine is compiled once for each kind of parameters."""


def wild(seed=0, stress=1.0):
    return days(DAYS, ROUNDS, WIDE, COHORTS, seed=seed, stress=stress)


def test_a_quiet_market_moves_nobody():
    params = parameters(rounds=ROUNDS)
    _, _, log = drive(params, quiet(DAYS, ROUNDS, WIDE, COHORTS))
    start = cohorts.init(params, WIDE)
    for key in ("sells", "buys", "flow"):
        assert not np.asarray(log[key]).any()
    after = jax.tree.map(lambda x: x[-1], log["state"])
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(start), jax.tree.leaves(after), strict=True)
    )


OFF = {
    "margin": ("enforced", "intraday"),
    "triggers": ("basis", "momentum", "stop"),
    "redemption": ("base", "slope"),
    "substitution": ("out", "home"),
}


@pytest.mark.parametrize("width", [None, 0.02])
def test_with_every_intensity_zero_nobody_trades_whatever_happens(width):
    params = parameters(rounds=ROUNDS, width=width)
    for part, fields in OFF.items():
        params = replaced(params, part, **{f: 0 * getattr(getattr(params, part), f) for f in fields})
    _, _, log = drive(params, wild(stress=2.0) | {"renewed": np.zeros((DAYS, COHORTS))})
    assert np.asarray(log["state"].called)[-1].max() > 0.9
    for key in ("sells", "buys", "flow"):
        assert not np.asarray(log[key]).any()


def test_float32_follows_float64():
    market = wild(stress=0.4)
    exact, _, _ = drive(parameters(rounds=ROUNDS), market)
    single, residual, _ = drive(parameters(rounds=ROUNDS, dtype="float32"), market)
    assert {leaf.dtype for leaf in jax.tree.leaves(single)} == {jnp.dtype("float32")}
    # a threshold may be crossed a round earlier on some path; all others agree to single precision
    near = np.abs(np.asarray(single.worth) - np.asarray(exact.worth)) < 1e-5 * np.asarray(exact.high_water)
    assert near.mean() > 0.98
    assert all(np.asarray(leaf).max() < 1e-6 for leaf in jax.tree.leaves(residual))


def test_a_path_keeps_its_bits_whatever_runs_beside_it():
    params, market = parameters(rounds=ROUNDS), wild()
    whole, _, _ = drive(params, market)
    narrow = {k: v if v.ndim < 2 or k == "renewed" else v[..., 5:12] for k, v in market.items()}
    part, _, _ = drive(params, narrow)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(part), strict=True):
        assert np.array_equal(np.asarray(a)[..., 5:12], np.asarray(b))


def test_new_numbers_do_not_trace_again():
    params = parameters(rounds=ROUNDS)
    drive(params, wild())
    before = drive._cache_size()
    drive(replace(params, assets=params.assets * 2, long=params.long * 1.1), wild(seed=9))
    assert drive._cache_size() == before


def test_smooth_triggers_have_the_slope_of_finite_differences():
    params, market = parameters(rounds=ROUNDS, width=0.02), wild(seed=3)

    def total(leverage):
        state, _, _ = drive(replace(params, long=leverage), market)
        return jnp.sum(state.worth)

    for c in (0, 1):  # DMA, whose margin it moves, and neutral
        step = jnp.zeros(COHORTS).at[c].set(1.0)
        _, slope = jax.jvp(total, (params.long,), (step,))
        numeric = (total(params.long + 1e-6 * step) - total(params.long - 1e-6 * step)) / 2e-6
        np.testing.assert_allclose(slope, numeric, rtol=1e-5)


def test_narrow_logistics_become_the_hard_triggers():
    market = wild(seed=4)
    hard, _, _ = drive(parameters(rounds=ROUNDS), market)
    soft, _, _ = drive(parameters(rounds=ROUNDS, width=1e-7), market)
    near = np.abs(np.asarray(hard.worth) - np.asarray(soft.worth)) < 1e-6 * np.asarray(hard.high_water)
    assert near.mean() > 0.99
