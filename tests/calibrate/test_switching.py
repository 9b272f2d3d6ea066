"""The whole fit: truth found again within its errors, order, degenerate fits refused in words."""

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.calibrate.information import standard_errors
from tailrisk.calibrate.ladder import observe
from tailrisk.calibrate.regimes import Regimes
from tailrisk.calibrate.switching import Switching, choose, fit_switching, parameters
from tailrisk.core.errors import InputError

from . import worlds

DAYS = 3000


@pytest.fixture(scope="module")
def world() -> Regimes:
    return worlds.regimes(2, 3, nu=5.0)


@pytest.fixture(scope="module")
def fit(world: Regimes) -> Switching:
    """Two regimes of three factors, one bucket missing on the first quarter of days."""
    values = worlds.returns(worlds.draw(world, DAYS, seed=21))
    return fit_switching(observe(worlds.gaps(values, 1, DAYS // 4)), states=2, shocks="student", number=3)


def test_the_truth_is_found_within_four_standard_errors(world: Regimes, fit: Switching) -> None:
    deviation = np.sqrt(5.0 / 3.0 * np.diagonal(np.asarray(world.scale), axis1=1, axis2=2))  # nu/(nu-2)
    assert fit.nu is not None
    assert fit.error.nu is not None
    for found, truth, error, sharp in (
        (fit.mean, np.asarray(world.mean), fit.error.mean, deviation * 0.1),
        (fit.standard_deviation, deviation, fit.error.standard_deviation, deviation * 0.1),
        (fit.transition, np.asarray(world.transition), fit.error.transition, 0.03),
        (np.array(fit.nu), np.array(5.0), np.array(fit.error.nu), 0.6),
    ):
        assert (error < sharp).all()
        assert (error > 0).all()
        assert (abs(found - truth) < 4 * error).all()


def test_regimes_run_from_calm_to_crisis_and_probabilities_add_up(fit: Switching) -> None:
    traces = np.trace(fit.covariance, axis1=1, axis2=2)
    assert (np.diff(traces) > 0).all()
    for part in (fit.transition, fit.filtered, fit.smoothed):
        np.testing.assert_allclose(part.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(fit.occupancy, fit.smoothed.mean(axis=0))
    np.testing.assert_allclose(fit.filtered[-1], fit.smoothed[-1], atol=1e-12)
    np.testing.assert_allclose(fit.duration, 1 / (1 - np.diagonal(fit.transition)))


def test_the_climb_ends_at_the_top_and_bic_counts_every_parameter(fit: Switching) -> None:
    assert 0 <= fit.error.gain_left < 1e-3
    assert fit.at_best >= 2
    assert fit.parameters == parameters(2, 3, True) == 2 * (3 + 6) + 2 + 1
    np.testing.assert_allclose(fit.bic, -2 * fit.log_likelihood + 21 * np.log(DAYS))


def test_errors_of_one_gaussian_regime_are_the_textbooks() -> None:
    days = 500
    values = worlds.returns(worlds.draw(worlds.regimes(1, 3, student=False), days, seed=22))
    factors = np.diff(values, axis=1, prepend=0.0)
    top = Regimes(
        transition=jnp.ones((1, 1)),
        mean=jnp.asarray(factors.mean(axis=0)[None]),
        scale=jnp.asarray(np.cov(factors.T, ddof=0)[None]),
        nu=jnp.asarray(np.float64(np.inf)),
        student=False,
    )
    error = standard_errors(observe(values), top)
    np.testing.assert_allclose(error.mean[0], factors.std(axis=0) / np.sqrt(days), rtol=1e-6)
    np.testing.assert_allclose(
        error.standard_deviation[0], factors.std(axis=0) / np.sqrt(2 * days), rtol=1e-6
    )
    assert error.nu is None
    assert np.isnan(error.transition).all()
    assert abs(error.gain_left) < 1e-12


def test_too_many_regimes_for_the_days_are_refused_with_the_empty_one_named() -> None:
    values = worlds.returns(worlds.draw(worlds.regimes(1, 5), 70, seed=23))
    with pytest.raises(InputError, match=r"model with 4 states, student shocks") as refusal:
        fit_switching(observe(values), states=4, shocks="student", number=2)
    text = str(refusal.value)
    assert "none of 2 starts" in text
    assert "holds" in text or "non-finite" in text
    assert "fewer states" in text


def test_constant_prices_are_refused_with_every_start_broken() -> None:
    values = worlds.returns(worlds.draw(worlds.regimes(1, 5), 70, seed=24))
    values[:, 4] = values[:, 3]
    with pytest.raises(InputError, match="2 ended in non-finite numbers"):
        fit_switching(observe(values), states=4, shocks="student", number=2)


def test_an_unsound_start_is_passed_over_even_when_its_likelihood_is_greater() -> None:
    reached, days = (
        np.array([np.nan, 50.0, 40.0, 30.0]),
        np.array([[90, 90], [175, 5], [60, 120], [90, 90.0]]),
    )
    assert choose(reached, days, "model") == 2


@pytest.mark.parametrize(
    ("reached", "days", "words"),
    [
        ([np.nan, np.nan], [[np.nan, np.nan], [np.nan, np.nan]], "2 ended in non-finite numbers"),
        ([5.0, 7.0], [[100.0, 1.0], [3.25, 97.75]], "regime 1 of 2 holds 3.2 expected days"),
        (
            [np.nan, 7.0],
            [[np.nan, 1.0], [90.0, 19.9]],
            "1 ended in non-finite numbers, 1 with an empty regime",
        ),
    ],
)
def test_the_refusal_says_which_start_failed_how(reached: list, days: list, words: str) -> None:
    with pytest.raises(InputError, match=words):
        choose(np.array(reached), np.array(days), "model")


@pytest.mark.parametrize(("states", "shocks"), [(0, "student"), (2, "cauchy")])
def test_a_model_that_is_none_is_refused(states: int, shocks: str) -> None:
    observed = observe(worlds.returns(worlds.draw(worlds.regimes(1, 3), 30, seed=1)))
    with pytest.raises(InputError, match=f"{states}.*{shocks}"):
        fit_switching(observed, states=states, shocks=shocks)
