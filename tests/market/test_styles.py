"""Styles with memory: the day by hand, where memory vanishes, common variance, moving loadings."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import ladder, memory, styles
from tests import memories

RNG = np.random.default_rng(4)
LOADING = RNG.normal(size=(5, 5)) * 0.2
ROOT = np.stack([np.tril(RNG.normal(size=(5, 5)) * 0.2 + np.eye(5)) * s for s in (1.0, 1.5)])


def params(**changes):
    """Five styles, since the filter of tests.memories has five rows."""
    affine = np.concatenate([np.zeros((2, 5, 1)), ROOT], axis=2)
    law = styles.Memory(
        filter=memories.filter_(mean=np.zeros(5), **changes),
        ladder=ladder.Params(affine=jnp.asarray(affine), inverse_nu=jnp.asarray(0.1)),
        start=memories.states(),
    )
    return styles.Params(loading=jnp.asarray(LOADING), residual=jnp.zeros((5, 5)), memory=law)


def live(law, state, market, regime, log_return, shock):
    return styles.live(
        law, state, market, jnp.asarray(regime), jnp.asarray(log_return), [jnp.asarray(z) for z in shock]
    )


def test_without_memory_a_day_is_the_ladders_part_and_a_scaled_shock():
    none = np.zeros(5)
    law = params(weight=np.eye(5)[:, :1] * np.ones(5), phi=none, kappa=none)
    state = styles.init(law, 2)
    returns, shock = RNG.normal(size=(5, 2)) * 0.01, RNG.normal(size=(5, 2))
    for _ in range(3):
        state = live(law, state, memories.states(2), [0, 1], returns, shock)
        for n, regime in enumerate((0, 1)):
            want = LOADING @ returns[:, n] + np.sqrt(memories.VARIANCE) * (ROOT[regime] @ shock[:, n])
            np.testing.assert_allclose(np.asarray(state.today)[:, n], want, rtol=1e-10)


def test_the_markets_common_variance_widens_styles_and_their_own_moves_are_remembered():
    law, still = params(), np.zeros((5, 2))
    market = replace(memories.states(2), common=jnp.asarray([1.0, 9.0]))
    shock = np.ones((5, 2))
    state = live(law, styles.init(law, 2), market, [0, 0], still, shock)
    calm, stormy = np.abs(np.asarray(state.today)).T
    ratio = np.sqrt((0.06 + 0.8 + 0.14 * 9) / 1.0)
    np.testing.assert_allclose(stormy / calm, ratio, rtol=1e-9)
    after = memory.expected(law.memory.filter, replace(state.remembered, common=jnp.ones(2)))[1]
    assert (np.asarray(after)[:, 1] > np.asarray(after)[:, 0]).any()
    assert np.asarray(state.remembered.last) == pytest.approx(np.asarray(state.today))


def following(gain=0.03, persistence=0.99, shift=None, **changes):
    """The same styles, their loadings adaptive."""
    law = params(**changes)
    start = np.zeros((5, 5)) if shift is None else shift
    adaptive = styles.Adaptive(
        gain=jnp.asarray(gain), persistence=jnp.asarray(persistence), start=jnp.asarray(start)
    )
    return replace(law, memory=replace(law.memory, adaptive=adaptive))


SHIFT = np.random.default_rng(8).normal(size=(5, 5)) * 0.3


def test_covariance_given_the_state_is_of_todays_loadings_and_of_the_residuals():
    """cov = (B + b) Sigma (B + b)' + s S s."""
    paths, rng = 200_000, np.random.default_rng(5)
    none = np.zeros(5)
    law = following(shift=SHIFT, weight=np.eye(5)[:, :1] * np.ones(5), phi=none, kappa=none)
    root = np.tril(rng.normal(size=(5, 5))) * 0.01
    factor = root @ rng.normal(size=(5, paths))
    shock = rng.normal(size=(5, paths))
    today = live(
        law, styles.init(law, paths), memories.states(paths), [1] * paths, np.cumsum(factor, axis=0), shock
    ).today
    on_factors = LOADING[:, ::-1].cumsum(axis=1)[:, ::-1] + SHIFT
    own = np.sqrt(memories.VARIANCE)[:, None] * ROOT[1]
    want = on_factors @ root @ root.T @ on_factors.T + own @ own.T
    sd = np.sqrt(np.diag(want))
    error = np.sqrt((np.outer(sd, sd) ** 2 + want**2) / paths)
    assert (error < 0.004 * np.outer(sd, sd)).all(), "sharp enough to fail"
    assert (abs(np.cov(np.asarray(today)) - want) < 4.5 * error).all()
    still = on_factors - SHIFT
    other = still @ root @ root.T @ still.T + own @ own.T
    assert (abs(other - want) > 20 * error).any(), "the shifts are seen"


def test_a_gain_of_zero_is_one_loading_for_every_day_to_the_bit():
    plain, law = params(), following(gain=0.0)
    step = jax.jit(styles.live)
    one, other = styles.init(plain, 64), styles.init(law, 64)
    for _ in range(4):
        returns, shock = (
            jnp.asarray(RNG.normal(size=(5, 64)) * 0.01),
            list(jnp.asarray(RNG.normal(size=(5, 64)))),
        )
        regime = jnp.asarray(RNG.integers(0, 2, 64))
        one = step(plain, one, memories.states(64), regime, returns, shock)
        other = step(law, other, memories.states(64), regime, returns, shock)
        assert np.asarray(one.today).tobytes() == np.asarray(other.today).tobytes()
    assert not np.asarray(other.shift).any()
    moving = step(following(), styles.init(law, 64), memories.states(64), regime, returns, shock)
    assert np.asarray(moving.shift).all()


def test_loadings_move_as_a_kalman_filters_do():
    """b + P f (f' P f + v_e)^-1 e with P = g v_e / v, times the persistence where it was."""
    law, gain, back = following(shift=SHIFT), 0.03, 0.99
    rng = np.random.default_rng(9)
    factor, error, known = rng.normal(size=5) * 0.01, rng.normal(size=5) * 0.002, memories.VARIANCE * 1.7
    got = styles.adapt(
        law.memory.adaptive,
        jnp.asarray(SHIFT)[:, :, None],
        *(jnp.asarray(x)[:, None] for x in (factor, known, error)),
    )
    for k, noise in enumerate((1e-6, 3e-6, 1e-5, 1e-4, 1.0)):  # whatever v_e is
        prior = np.diag(gain * noise / known)
        want = back * SHIFT[k] + prior @ factor / (factor @ prior @ factor + noise) * error[k]
        np.testing.assert_allclose(np.asarray(got)[k, :, 0], want, rtol=1e-12)
