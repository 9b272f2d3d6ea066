"""Panels: means and deviations as stated, and the limits in which everyone is alike."""

import numpy as np
import pytest

from tailrisk.core import random
from tailrisk.products import panel

MEAN = np.array([0.12, 0.30, 0.26, 0.25, 0.07])
FUNDS = 20_000


def test_weights_have_their_mean_and_the_stated_scatter():
    drawn = panel.weights(MEAN, 0.35, FUNDS, random.stream(1, "panel"))
    np.testing.assert_allclose(drawn.sum(axis=1), 1, atol=1e-12)
    error = drawn.std(axis=0) / np.sqrt(FUNDS)
    assert (error < 0.01 * MEAN).all()
    assert (np.abs(drawn.mean(axis=0) - MEAN) < 4 * error).all()
    assert drawn[:, 4].std() == pytest.approx(0.35 * 0.07, rel=4 / np.sqrt(FUNDS))
    wide = panel.weights([0.25, 0.75, 0, 0, 0], 0.5, FUNDS, random.stream(1, "panel"))
    assert wide[:, 1].std() == pytest.approx(0.5 * 0.75, rel=4 / np.sqrt(FUNDS))


def test_no_spread_one_bucket_and_one_seed():
    stream = random.stream(1, "panel")
    np.testing.assert_array_equal(panel.weights(MEAN, 0.0, 3, stream), [MEAN] * 3)
    np.testing.assert_array_equal(panel.weights([0, 0, 0, 1.0, 0], 0.3, 2, stream), [[0, 0, 0, 1, 0]] * 2)
    np.testing.assert_array_equal(
        panel.weights(MEAN, 0.3, 5, stream)[:3], panel.weights(MEAN, 0.3, 3, stream)
    )


def test_shares_keep_to_their_range():
    drawn = panel.fractions(0.8, 0.05, FUNDS, random.stream(2, "panel"), low=0.5, high=0.95)
    assert 0.5 <= drawn.min() < drawn.max() <= 0.95
    assert abs(drawn.mean() - 0.8) < 4 * drawn.std() / np.sqrt(FUNDS)
    assert drawn.std() == pytest.approx(0.05, rel=4 / np.sqrt(FUNDS))
    assert (panel.fractions(0.8, 0.0, 4, random.stream(2, "panel")) == 0.8).all()


def test_exposures_to_styles_are_normal_and_each_style_has_its_own():
    streams = [random.stream(3, "size"), random.stream(3, "liquidity")]
    drawn = panel.deviations(0.3, FUNDS, streams)
    error = 0.3 / np.sqrt(FUNDS)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=4 * error)
    np.testing.assert_allclose(drawn.std(axis=0), 0.3, atol=3 * error)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(FUNDS)
    np.testing.assert_array_equal(panel.deviations(0.3, FUNDS, streams[1:])[:, 0], drawn[:, 1])
    assert not panel.deviations(0.0, 3, streams).any()
    assert panel.deviations(0.3, 3, []).shape == (3, 0)
