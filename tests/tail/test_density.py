"""Scores of whole forecasts against closed forms, slow twins and scoringrules."""

import math

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import density


def test_crps_of_a_normal():
    """z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi), Gneiting & Raftery (2007), section 4.2."""
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None]
    for z in (-1.0, 0.0, 2.5):
        wanted = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi)
        assert density.crps([z], draws)[0] == pytest.approx(wanted, abs=1e-3)


def test_scores_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    losses, draws = rng.standard_normal(5), rng.standard_normal((30, 5))
    pairs = np.abs(draws[:, None] - draws[None]).mean(axis=(0, 1)) / 2
    np.testing.assert_allclose(density.crps(losses, draws), np.abs(draws - losses).mean(axis=0) - pairs)
    np.testing.assert_allclose(
        density.energy_score(losses[:, None], draws[..., None]), density.crps(losses, draws)
    )
    tail = density.tail_crps(losses, draws, threshold=0.5)
    cut = np.maximum(draws, 0.5)
    pairs = np.abs(cut[:, None] - cut[None]).mean(axis=(0, 1)) / 2
    np.testing.assert_allclose(tail, np.abs(cut - np.maximum(losses, 0.5)).mean(axis=0) - pairs)


def test_scores_are_those_of_scoringrules():
    rules = pytest.importorskip("scoringrules", reason="scoringrules is not installed")
    rng = np.random.default_rng(1)
    losses, draws = rng.standard_normal((6, 3)), rng.standard_normal((40, 6, 3))
    one = rules.crps_ensemble(losses[:, 0], draws[:, :, 0].T, estimator="nrg")
    np.testing.assert_allclose(density.crps(losses[:, 0], draws[:, :, 0]), one)
    tail = rules.twcrps_ensemble(losses[:, 0], draws[:, :, 0].T, a=0.3, estimator="nrg")
    np.testing.assert_allclose(density.tail_crps(losses[:, 0], draws[:, :, 0], threshold=0.3), tail)
    energy = rules.es_ensemble(losses, np.moveaxis(draws, 0, 1))
    np.testing.assert_allclose(density.energy_score(losses, draws), energy)


def test_pit_is_uniform_under_the_truth_and_not_under_less():
    rng = np.random.default_rng(2)
    losses, draws = rng.standard_normal(1000), rng.standard_normal((500, 1000))
    u = density.pit(losses, draws)
    assert stats.kstest(u, "uniform").pvalue > 0.01
    assert density.berkowitz(u).p_value > 0.01
    assert density.berkowitz(density.pit(losses, 0.8 * draws)).p_value < 1e-6


def test_berkowitz_has_its_size():
    runs = 300
    low = [density.berkowitz(np.random.default_rng(s).random(300)).p_value < 0.05 for s in range(runs)]
    assert abs(np.mean(low) - 0.05) < 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(
    "call",
    [
        lambda: density.crps([0.0, 1.0], [[0.0]]),
        lambda: density.energy_score([0.0], [[0.0]]),
        lambda: density.pit([math.nan], [[0.0]]),
        lambda: density.berkowitz([0.5] * 9),
        lambda: density.berkowitz([1.0] * 20),
    ],
)
def test_what_is_refused(call):
    with pytest.raises(InputError):
        call()
