"""The likelihood against enumeration of every regime path, scipy's laws and two published packages."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t

from tailrisk.calibrate.em import uniform
from tailrisk.calibrate.forward import filtered, likelihood, smoothed
from tailrisk.calibrate.ladder import observe
from tailrisk.calibrate.regimes import Regimes, log_density

from . import worlds

DAYS, STATES = 7, 3
density = jax.jit(log_density)


@pytest.fixture(scope="module")
def chain() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Initial law, transition and densities of wildly different sizes, all logs."""
    generator = np.random.default_rng(8)
    initial = np.log(generator.dirichlet(np.ones(STATES)))
    transition = np.log(generator.dirichlet(np.ones(STATES), STATES))
    return initial, transition, generator.normal(0.0, 30.0, (DAYS, STATES))


@pytest.fixture(scope="module")
def paths(chain: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Every path of regimes [path, day], and its log joint probability with each number of days seen."""
    initial, transition, density = chain
    every = np.array(list(itertools.product(range(STATES), repeat=DAYS)))
    first = initial[every[:, :1]] + density[0][every[:, :1]]
    later = transition[every[:, :-1], every[:, 1:]] + density[np.arange(1, DAYS), every[:, 1:]]
    return every, np.cumsum(np.concatenate([first, later], axis=1), axis=1)


def test_likelihood_is_the_sum_over_all_regime_paths(
    chain: tuple[np.ndarray, ...], paths: tuple[np.ndarray, ...]
) -> None:
    np.testing.assert_allclose(likelihood(*map(jnp.asarray, chain)), logsumexp(paths[1][:, -1]), rtol=1e-13)


def test_filtered_is_the_share_of_paths_seen_so_far(
    chain: tuple[np.ndarray, ...], paths: tuple[np.ndarray, ...]
) -> None:
    every, joint = paths
    found = filtered(*map(jnp.asarray, chain))
    for day, k in itertools.product(range(DAYS), range(STATES)):
        begun = np.unique(np.column_stack([every[:, : day + 1], joint[:, day]]), axis=0)
        weight = np.exp(begun[:, -1] - begun[:, -1].max())
        share = weight[begun[:, day] == k].sum() / weight.sum()
        np.testing.assert_allclose(found[day, k], share, atol=1e-12)


def test_smoothed_and_moves_are_averages_over_all_regime_paths(
    chain: tuple[np.ndarray, ...], paths: tuple[np.ndarray, ...]
) -> None:
    every, joint = paths
    weight = np.exp(joint[:, -1] - logsumexp(joint[:, -1]))
    _, moves, chance = smoothed(*map(jnp.asarray, chain))
    for k in range(STATES):
        np.testing.assert_allclose(chance[:, k], weight @ (every == k), atol=1e-12)
        for to in range(STATES):
            count = ((every[:, :-1] == k) & (every[:, 1:] == to)).sum(axis=1)
            np.testing.assert_allclose(moves[k, to], weight @ count, atol=1e-12)


def test_an_impossible_move_leaves_everything_finite(chain: tuple[np.ndarray, ...]) -> None:
    initial, transition, density = (jnp.asarray(part) for part in chain)
    barred = transition.at[0, 2].set(-jnp.inf)
    value, moves, chance = smoothed(initial, barred, density)
    assert jnp.isfinite(value)
    assert jnp.isfinite(chance).all()
    assert moves[0, 2] == 0.0


@pytest.mark.parametrize("student", [True, False])
def test_densities_of_days_with_gaps_are_the_marginals_of_scipys_laws(student: bool) -> None:
    world = worlds.regimes(3, 5, student=student, nu=4.5)
    complete = worlds.returns(worlds.draw(world, 24, seed=5))
    holes = complete.copy()
    holes[:8, 3] = np.nan
    holes[8:12, [0, 4]] = np.nan
    holes[12:14, [1, 2, 3]] = np.nan
    found = np.asarray(density(observe(holes), world))
    up = np.tril(np.ones((5, 5)))  # returns are sums of factors; both maps have determinant one
    for day, values in enumerate(holes):
        seen = np.isfinite(values)
        for k in range(3):
            centre = (up @ np.asarray(world.mean[k]))[seen]
            shape = (up @ np.asarray(world.scale[k]) @ up.T)[np.ix_(seen, seen)]
            law = multivariate_t(centre, shape, df=4.5) if student else multivariate_normal(centre, shape)
            np.testing.assert_allclose(found[day, k], law.logpdf(values[seen]), rtol=1e-11)


def test_a_day_with_nothing_seen_says_nothing() -> None:
    world = worlds.regimes(2, 3)
    values = worlds.returns(worlds.draw(world, 5, seed=5))
    values[2] = np.nan
    np.testing.assert_allclose(density(observe(values), world)[2], 0.0, atol=1e-14)


def test_gaussian_likelihood_is_hmmlearns() -> None:
    from hmmlearn.hmm import GaussianHMM

    world = worlds.regimes(3, 5, student=False)
    factors = worlds.draw(world, 400, seed=6)
    peer = GaussianHMM(3, covariance_type="full")
    peer.startprob_ = np.full(3, 1.0 / 3.0)
    peer.transmat_ = np.asarray(world.transition)
    peer.means_, peer.covars_ = np.asarray(world.mean), np.asarray(world.scale)
    ours = value(world, worlds.returns(factors), np.full(3, 1.0 / 3.0))
    np.testing.assert_allclose(ours, peer.score(factors), rtol=1e-10)


def test_univariate_likelihood_is_statsmodels() -> None:
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    world = worlds.regimes(2, 1, student=False)
    factors = worlds.draw(world, 500, seed=7)
    transition = np.asarray(world.transition)
    peer = MarkovRegression(factors[:, 0], k_regimes=2, trend="c", switching_variance=True)
    point = [
        transition[0, 0],
        transition[1, 0],
        *np.asarray(world.mean)[:, 0],
        *np.asarray(world.scale).ravel(),
    ]
    steady = np.array([transition[1, 0], transition[0, 1]]) / (transition[1, 0] + transition[0, 1])
    np.testing.assert_allclose(value(world, factors, steady), peer.loglike(np.array(point)), rtol=1e-10)


def test_many_degrees_of_freedom_tend_to_the_gaussian_at_rate_one_over_nu() -> None:
    world = worlds.regimes(2, 3, student=False)
    values = worlds.returns(worlds.draw(world, 200, seed=9))
    gaussian = value(world, values, np.full(2, 0.5))
    apart = [gaussian - value(worlds.regimes(2, 3, nu=nu), values, np.full(2, 0.5)) for nu in (1e4, 1e5)]
    assert apart[0] != 0
    np.testing.assert_allclose(apart[0] / apart[1], 10.0, rtol=0.05)


def value(world: Regimes, values: np.ndarray, initial: np.ndarray) -> float:
    """Log-likelihood of log returns from a given first-day law."""
    observed = observe(values)
    given = jnp.log(jnp.asarray(initial)), jnp.log(world.transition), density(observed, world)
    return float(jax.jit(likelihood)(*given))


def test_the_first_day_is_uniform() -> None:
    np.testing.assert_allclose(jnp.exp(uniform(4)), 0.25)
