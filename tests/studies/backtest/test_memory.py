"""Forecasts of the memory process: mixtures of t in closed form, sums of days by simulation."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy import stats

from tailrisk.calibrate.ladder import log_returns
from tailrisk.studies.backtest import memory

from .worlds import closes

FIRST, LAST = 420, 440


def test_the_tail_of_a_mixture_of_t():
    rng = np.random.default_rng(0)
    weight, place, scale = np.array([[0.7, 0.3]]), np.array([[0.1, -0.5]]), np.array([[1.0, 2.0]])
    regime = rng.random(2_000_000) < 0.3
    x = np.where(regime, -0.5 + 2 * rng.standard_t(6, len(regime)), 0.1 + rng.standard_t(6, len(regime)))
    var, es = memory.lower(weight, place, scale, 6.0, 0.025)
    cut = np.quantile(x, 0.025)
    assert var[0] == pytest.approx(-cut, rel=0.01)
    assert es[0] == pytest.approx(-x[x <= cut].mean(), rel=0.01)
    one = memory.lower(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), None, 0.05)
    assert one[0][0] == pytest.approx(-stats.norm.ppf(0.05))
    assert one[1][0] == pytest.approx(stats.norm.pdf(stats.norm.ppf(0.05)) / 0.05)


def test_the_tail_of_rows_is_that_of_the_law_they_are_drawn_of():
    """200,000 rows of t against the closed form, on days of different places and widths."""
    rng = np.random.default_rng(1)
    rows = rng.standard_t(5, (200_000, 2))
    middle, loading = np.array([0.01, -0.02, 0.0]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    made = memory.of_rows(middle, loading, rows, [0.05, 0.01])
    for a, tail in enumerate((0.05, 0.01)):
        exact = memory.lower(np.ones((3, 1)), middle[:, None], np.array([[1.0], [2.0], [1.0]]), 5.0, tail)
        np.testing.assert_allclose(made[:, a], exact, rtol=0.03)


@pytest.fixture(scope="module")
def stretch():
    returns = log_returns(closes(LAST + 1).to_numpy())
    with jax.enable_x64(True):
        yield returns, next(memory.stretches(returns, [FIRST], 2, 0))


def test_one_day_simulated_is_one_day_in_closed_form(stretch):
    _, found = stretch
    slopes = np.array([[1.0, 0, 0, 0, 0], [-1.0, 0, 1.0, 0, 0]])
    short = replace(found, end=FIRST + 3)
    shares = [0.05, 0.01]
    simulated = memory.over_days(short, slopes, 1, shares, 0)
    for t, slope in enumerate(slopes):
        exact = memory.one_day(short, slope, shares)
        np.testing.assert_allclose(simulated[:, :, t], exact, rtol=0.12)
        np.testing.assert_allclose(simulated[:, 0, t], exact[:, 0], rtol=0.06)


def test_later_days_change_no_earlier_forecast(stretch):
    returns, found = stretch
    wild = returns.copy()
    wild[FIRST + 10 :] *= 3
    with jax.enable_x64(True):
        other = next(memory.stretches(wild, [FIRST], 2, 0))
    slope = np.array([-1.0, 0, 1.0, 0, 0])
    one, two = (memory.one_day(x, slope, [0.05]) for x in (found, other))
    np.testing.assert_allclose(one[:, :, :11], two[:, :, :11], rtol=1e-9)
    assert (two[:, :, 11:14] > one[:, :, 11:14]).all(), "volatility follows what came"
    early, late = (memory.ahead(x) for x in (found, other))
    np.testing.assert_allclose(early[:11], late[:11], rtol=1e-9)
    assert np.abs(late[11:14] - early[11:14]).max() > 1e-3, "and so do the chances of the regimes"


def test_chances_of_a_day_s_regimes_are_those_after_the_eve_and_a_move(stretch):
    _, found = stretch
    chance, move = memory.ahead(found), found.law.residuals.transition
    assert chance.shape == (LAST - FIRST, len(move))
    np.testing.assert_allclose(chance.sum(axis=1), 1, rtol=1e-6)
    for day in range(LAST - FIRST):
        np.testing.assert_allclose(chance[day], found.chance[FIRST + day - 1] @ move, rtol=1e-12)
