"""Styles with memory: the day by hand, where memory vanishes, and the ladder's common variance."""

from dataclasses import replace

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
