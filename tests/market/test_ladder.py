"""Regimes, ladder and styles: chains and covariances in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.market import ladder, regimes, styles

TRANSITION = np.array([[0.9, 0.08, 0.02], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])


def chain(cumulative):
    return regimes.Params(cumulative=jnp.asarray(cumulative), start=jnp.asarray([0.2, 0.7, 1.0]))


def test_transition_frequencies_are_the_matrix():
    params, n = chain(np.cumsum(TRANSITION, 1)), 90_000
    u = jnp.asarray((np.arange(n) + 0.5) / n)  # stratified: frequencies are exact to 1/n
    for origin in range(3):
        drawn = np.asarray(regimes.step(params, jnp.full(n, origin), u))
        np.testing.assert_allclose(np.bincount(drawn, minlength=3) / n, TRANSITION[origin], atol=2 / n)


def test_the_start_is_drawn_from_its_law_and_rounding_never_leaves_the_states():
    u = jnp.asarray([0.0, 0.19999, 0.2, 0.69999, 0.7, 1.0])
    assert np.asarray(regimes.init(jnp.asarray([0.2, 0.7, 1.0]), u)).tolist() == [0, 0, 1, 1, 2, 2]
    short = jnp.asarray([0.2, 0.7, 1 - 1e-9])  # rows that sum to a hair less than one
    assert int(regimes.init(short, jnp.asarray([1.0]))[0]) == 2


def test_an_absorbing_regime_absorbs():
    params = chain(np.cumsum(np.eye(3), 1))
    state = jnp.asarray([0, 1, 2])
    for u in (0.0, 0.5, 0.999999):
        assert np.asarray(regimes.step(params, state, jnp.full(3, u))).tolist() == [0, 1, 2]


def test_each_path_gets_the_law_of_its_own_regime():
    rng = np.random.default_rng(0)
    mean, loading = rng.normal(size=(3, 5)), np.tril(rng.normal(size=(3, 5, 5)))
    affine = np.concatenate([mean[:, :, None], loading], axis=2)
    params = ladder.Params(affine=jnp.asarray(affine), inverse_nu=None)
    regime = np.array([0, 1, 2, 1, 0, 2, 2])
    shock = rng.normal(size=(6, 7))  # the sixth coordinate of three pairs is not used
    got = ladder.step(params, jnp.asarray(regime), tuple(jnp.asarray(z) for z in shock))
    want = np.stack([mean[k] + loading[k] @ shock[:5, n] for n, k in enumerate(regime)], axis=-1)
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_styles_are_loadings_plus_residuals_and_zero_residuals_leave_the_loadings():
    rng = np.random.default_rng(1)
    loading, residual = rng.normal(size=(3, 5)), np.tril(rng.normal(size=(3, 3)))
    r, shock = rng.normal(size=(5, 4)), rng.normal(size=(4, 4))
    params = styles.Params(loading=jnp.asarray(loading), residual=jnp.asarray(residual))
    got = styles.step(params, jnp.asarray(r), [jnp.asarray(z) for z in shock])
    np.testing.assert_allclose(got, loading @ r + residual @ shock[:3], rtol=1e-12)
    none = styles.Params(loading=params.loading, residual=jnp.zeros((3, 3)))
    calm = styles.step(none, jnp.asarray(r), [jnp.asarray(z) for z in shock])
    np.testing.assert_allclose(calm, loading @ r, rtol=1e-12)


@pytest.mark.parametrize("states", [1, 2, 4])
def test_any_number_of_regimes_works(states):
    mean = np.arange(states * 5.0).reshape(states, 5)
    affine = np.concatenate([mean[:, :, None], np.zeros((states, 5, 5))], axis=2)
    params = ladder.Params(affine=jnp.asarray(affine), inverse_nu=None)
    got = ladder.step(params, jnp.arange(states), (jnp.zeros(states),) * 5)
    np.testing.assert_allclose(np.asarray(got).T, mean)
