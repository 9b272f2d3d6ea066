"""What the crowd adds, path by path: differences of ES and of odds on the same paths, with intervals."""

import numpy as np
from numpy.testing import assert_allclose

from tailrisk.core.names import MEASURES
from tailrisk.record.estimates import odds_change, shortfall_change
from tailrisk.studies.demo.paired import Watched
from tailrisk.studies.demo.tables import long_run
from tailrisk.tail import expected_shortfall, expected_shortfall_interval

LEVEL = 0.95


def test_blocks_in_any_order_are_the_paths_in_order() -> None:
    draw = np.random.default_rng(0)
    loss = draw.normal(size=(2, len(MEASURES), 3, 50)).astype(np.float32)
    days = draw.integers(0, 3, size=(4, 50))
    watched = Watched()
    for first in (20, 0):
        block = slice(first, first + 20 if first == 0 else 50)
        watched(first, loss[..., block], days[:, block])
    assert_allclose(watched.losses, loss[:, MEASURES.index("terminal")])
    assert_allclose(watched.happened, days > 0)


def test_the_same_paths_twice_differ_by_nothing_and_the_interval_says_so() -> None:
    loss = np.random.default_rng(1).normal(size=1000)
    assert shortfall_change(loss, loss, level=LEVEL, confidence=0.95) == (0.0, 0.0, 0.0)
    shifted = shortfall_change(loss + 0.5, loss, level=LEVEL, confidence=0.95)
    assert_allclose(shifted, 0.5)


def test_the_interval_covers_the_true_difference_and_pairing_narrows_it() -> None:
    draw, covered, widths = np.random.default_rng(2), 0, []
    true = 0.2 * 2.0627  # ES at 95 % of a standard normal, of a loss 1.2 times as wide
    for _ in range(400):
        before = draw.normal(size=2000)
        after = 1.2 * before + 0.1 * draw.normal(size=2000)
        change, low, high = shortfall_change(after, before, level=LEVEL, confidence=0.95)
        assert_allclose(
            change, expected_shortfall(after, level=LEVEL) - expected_shortfall(before, level=LEVEL)
        )
        spread = (np.hypot(1.2, 0.1) - 1) * 2.0627
        covered += low <= spread <= high
        widths.append(high - low)
    assert abs(true - spread) < 0.02
    assert 0.92 <= covered / 400 <= 0.98
    alone = expected_shortfall_interval(before, level=LEVEL, confidence=0.95)
    assert np.mean(widths) < 0.6 * float(alone.high - alone.low)


def test_the_difference_of_odds_is_that_of_the_paths_that_changed() -> None:
    before, after = np.zeros(10_000), np.zeros(10_000)
    before[:100], after[50:250] = 1, 1
    change, low, high = odds_change(after, before, confidence=0.95)
    assert_allclose(change, 0.01)
    error = np.sqrt((200 / 10_000 - 0.01**2) / 10_000)  # 150 gained it, 50 lost it
    assert_allclose((high - low) / 2, 1.96 * error, rtol=0.02)
    assert low < change < high


def test_the_long_run_of_a_chain_is_left_alone_by_a_day_of_it() -> None:
    chain = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.5, 0.5]])
    often = long_run(chain)
    assert_allclose(often @ chain, often)
    assert_allclose(often.sum(), 1)
