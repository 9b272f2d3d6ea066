"""The climb: never down, one program for all starts, arrives where the gradient vanishes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.calibrate.em import climb_all, climb_once
from tailrisk.calibrate.ladder import Observed, observe
from tailrisk.calibrate.regimes import NU_BOUNDS, Regimes
from tailrisk.calibrate.starts import starts

from . import worlds

STARTS = 3


@pytest.fixture(scope="module")
def observed() -> Observed:
    """Three regimes, five buckets, two of them missing at times."""
    values = worlds.returns(worlds.draw(worlds.regimes(3, 5), 300, seed=11))
    return observe(worlds.gaps(worlds.gaps(values, 3, 120), 0, 40))


@pytest.mark.parametrize("student", [True, False])
def test_likelihood_never_falls_and_all_starts_share_one_program(observed: Observed, student: bool) -> None:
    programs = climb_all._cache_size()
    regimes = starts(observed, 3, student, STARTS, seed=0)
    values = []
    for _ in range(60):
        regimes, value, days = climb_all(observed, regimes)
        values.append(np.asarray(value))
        np.testing.assert_allclose(np.asarray(days).sum(axis=1), 300.0, rtol=1e-10)
    steps = np.diff(np.array(values), axis=0)
    assert steps.min() > -1e-9 * abs(values[-1]).max()
    assert (steps[0] > 1.0).all()
    assert climb_all._cache_size() <= programs + 1
    np.testing.assert_allclose(np.asarray(regimes.transition).sum(axis=-1), 1.0, atol=1e-12)


def test_a_complete_gaussian_regime_arrives_in_one_step_at_its_sample_moments() -> None:
    values = worlds.returns(worlds.draw(worlds.regimes(1, 4, student=False), 200, seed=12))
    observed = observe(values)
    begun = jax.tree.map(lambda leaf: leaf[0], starts(observed, 1, False, 1, seed=0))
    once, _, _ = jax.jit(climb_once)(observed, begun)
    factors = np.diff(values, axis=1, prepend=0.0)
    np.testing.assert_allclose(once.mean[0], factors.mean(axis=0), atol=1e-14)
    np.testing.assert_allclose(once.scale[0], np.cov(factors.T, ddof=0), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("tails", "bound"), [("wild", NU_BOUNDS[0]), ("none", NU_BOUNDS[1])])
def test_degrees_of_freedom_stop_at_their_bounds(tails: str, bound: float) -> None:
    generator = np.random.default_rng(13)
    normal = generator.normal(size=(400, 4))
    wild = np.sqrt(1.2 / generator.chisquare(1.2, (400, 1)))
    mix = wild if tails == "wild" else 1.0 / np.linalg.norm(normal, axis=1, keepdims=True)
    observed = observe(worlds.returns(0.01 * mix * normal))
    regimes = starts(observed, 1, True, 1, seed=0)
    for _ in range(60):
        regimes, _, _ = climb_all(observed, regimes)
    np.testing.assert_allclose(regimes.nu[0], bound, rtol=1e-12)


def test_a_start_depends_on_seed_and_its_number_alone(observed: Observed) -> None:
    few, many = starts(observed, 3, True, 2, seed=4), starts(observed, 3, True, 4, seed=4)
    other = starts(observed, 3, True, 2, seed=5)
    for name in ("mean", "scale"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[:2])
        assert not np.allclose(getattr(few, name), getattr(other, name))
        assert not np.allclose(getattr(few, name)[0], getattr(few, name)[1])


def test_a_broken_start_does_not_disturb_the_others(observed: Observed) -> None:
    begun = starts(observed, 3, True, STARTS, seed=0)
    broken = Regimes(
        transition=begun.transition,
        mean=begun.mean.at[1].set(jnp.nan),
        scale=begun.scale,
        nu=begun.nu,
        student=True,
    )
    sound, values, _ = climb_all(observed, begun)
    mended, with_break, _ = climb_all(observed, broken)
    assert np.isnan(with_break[1])
    np.testing.assert_array_equal(with_break[::2], values[::2])
    np.testing.assert_array_equal(mended.mean[::2], sound.mean[::2])
