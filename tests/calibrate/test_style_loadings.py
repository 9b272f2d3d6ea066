"""Adaptive loadings: gain and persistence put in are found, their errors are right, styles have any name."""

import tomllib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tailrisk.calibrate import style_loadings
from tailrisk.calibrate.style_memory import adaptive, described, fit_styles
from tailrisk.config.memory import StyleMemory
from tailrisk.core.names import FACTORS

DAYS, COUNT = 1500, 6
GAIN, PERSISTENCE = 0.03, 0.97
VARIANCE = np.array([2e-4, 6e-5, 1.5e-5, 1.2e-5, 2e-5])


def made(gain, persistence, seed):
    """Style returns [day, style] whose loadings move about zero, factors [day, factor], and the shifts."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(DAYS, 5)) * np.sqrt(VARIANCE)
    mixed = np.tril(rng.normal(size=(COUNT, COUNT)) * 0.3 + np.eye(COUNT))
    error = rng.standard_t(8, size=(DAYS, COUNT)) @ mixed.T * 1e-3
    shift, out, shifts = np.zeros((COUNT, 5)), np.empty((DAYS, COUNT)), np.empty((DAYS, COUNT, 5))
    for t in range(DAYS):
        out[t] = shift @ factor[t] + error[t]
        unit = factor[t] / VARIANCE
        shift = persistence * shift + gain * np.outer(error[t], unit) / (1 + gain * factor[t] @ unit)
        shifts[t] = shift
    return out, factor, shifts


def fitted(gain, persistence, seed=0, **how):
    styles, factor, _ = made(gain, persistence, seed)
    return style_loadings.fit(styles, factor, np.tile(VARIANCE, (DAYS, 1)), np.ones(DAYS), **how)


@pytest.fixture(scope="module")
def moving():
    return fitted(GAIN, PERSISTENCE)


def test_gain_and_persistence_are_found_and_so_are_the_loadings(moving):
    assert (moving.error < (0.006, 0.01)).all(), "sharp enough to fail"
    assert (abs(moving.value - (GAIN, PERSISTENCE)) < 4 * moving.error).all()
    assert moving.pays
    shifts = made(GAIN, PERSISTENCE, 0)[2]
    for k in range(COUNT):
        assert np.corrcoef(moving.shift[100:, k].ravel(), shifts[100:, k].ravel())[0, 1] > 0.95


def test_errors_are_the_spread_of_estimates(moving):
    """Five other samples: all within four errors, and errors alike."""
    others = [fitted(GAIN, PERSISTENCE, seed) for seed in range(1, 6)]
    z = np.array([(one.value - (GAIN, PERSISTENCE)) / one.error for one in others])
    assert (abs(z) < 4).all()
    assert 0.3 < np.sqrt((z**2).mean()) < 2.2
    alike = np.array([one.error for one in others]) / moving.error
    assert ((alike > 0.5) & (alike < 2)).all()


def test_loadings_that_stay_do_not_pay():
    still = fitted(0.0, 0.9, with_errors=False)
    assert not still.pays
    assert still.value[0] < 0.01


def test_the_recursion_run_over_data_is_that_of_the_data(moving):
    """With the parameters put in, what is left is the error that was drawn."""
    styles, factor, shifts = made(GAIN, PERSISTENCE, 0)
    left, got = style_loadings.followed(
        np.array([GAIN, PERSISTENCE]), styles, factor, np.tile(VARIANCE, (DAYS, 1))
    )
    np.testing.assert_allclose(got, shifts, rtol=1e-8, atol=1e-12)
    before = np.concatenate([np.zeros((1, COUNT, 5)), shifts[:-1]])
    np.testing.assert_allclose(left, styles - np.einsum("tkj,tj->tk", before, factor), atol=1e-12)


def test_a_calibrated_file_says_how_loadings_move_whatever_styles_are_called(moving):
    styles, factor, _ = made(GAIN, PERSISTENCE, 0)
    index, names = pd.bdate_range("2015-01-01", periods=DAYS), [f"mine_{k}" for k in range(COUNT)]
    ladder = SimpleNamespace(
        filtered=SimpleNamespace(common=np.ones(DAYS), square=np.tile(VARIANCE, (DAYS, 3, 1))),
        residuals=SimpleNamespace(smoothed=np.ones((DAYS, 1))),
    )
    overlay = SimpleNamespace(names=tuple(names), loading=np.zeros((COUNT, 5)), intercept=np.zeros(COUNT))
    found = fit_styles(
        ladder,
        overlay,
        pd.DataFrame(factor, index, FACTORS),
        pd.DataFrame(styles, index, names),
        with_errors=False,
    )
    assert found.loadings is not None
    np.testing.assert_allclose(found.loadings.value, moving.value, rtol=1e-4)
    text = "\n".join(described(found))
    read = StyleMemory.model_validate(tomllib.loads(text)["styles"]["memory"])
    assert read.adaptive is not None
    assert read.problems(COUNT, 5) == []
    np.testing.assert_allclose(read.adaptive.shift, found.loadings.shift[-1], atol=1e-6)
    assert read.adaptive.gain == pytest.approx(moving.value[0], rel=1e-4)
    assert [p.field for p in read.problems(COUNT, 4)] == ["memory.adaptive.shift"]
    alone = tomllib.loads("\n".join(adaptive(replace(moving, error=np.array([np.nan, 0.1])))))
    assert np.isnan(alone["styles"]["memory"]["adaptive"]["error"][0])
