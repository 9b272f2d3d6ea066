"""One place for means, differences and ES: their confidence, their pairing, and what can be lost at most."""

import re
from pathlib import Path

import numpy as np
import pytest

from tailrisk.record import estimates
from tailrisk.tail import Interval
from tailrisk.tail.stream import TailStream

PACKAGE = Path(__file__).resolve().parents[2] / "tailrisk"


def test_no_quantile_of_the_normal_law_is_typed_in():
    typed = [
        f"{file.name}: {line}"
        for file in PACKAGE.rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"\b(1\.96|1\.959|1\.64[45]|2\.57[56]|2\.262)", line) and ">>>" not in line
    ]
    assert typed == []


def test_intervals_are_as_wide_as_was_asked():
    values = np.random.default_rng(1).normal(size=4000)
    wide, narrow = (estimates.mean(values, confidence=sure) for sure in (0.99, 0.8))
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(2.5758 / 1.2816, rel=1e-3)
    funds = np.random.default_rng(2).normal(0.1, 0.05, (3, 4000))
    wide, narrow = (estimates.quantile(funds, 0.95, confidence=sure) for sure in (0.99, 0.8))
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(3.2498 / 1.3830, rel=1e-3)
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high


def test_a_difference_is_of_the_paths_both_saw():
    rng = np.random.default_rng(3)
    market, own = rng.normal(size=(2, 5000))
    paired = estimates.difference(market + 0.01 * own, market, confidence=0.95)
    assert paired.high - paired.low == pytest.approx(2 * 1.96 * 0.01 / np.sqrt(5000), rel=0.05)


def test_nothing_loses_more_than_everything():
    """A few paths beyond VaR, most of them total: the heavy tail alone would reach far above one."""
    loss = np.concatenate([np.full(30, 0.2), 1 - np.random.default_rng(4).random(20) ** 3, np.zeros(950)])
    found = estimates.shortfall(loss, level=0.95, confidence=0.99)
    assert found.estimate < 1
    assert found.low < found.estimate <= found.high <= 1
    assert not found.saturated


def test_a_figure_that_is_all_there_is_says_so():
    whole = estimates.bounded(Interval(1.0, 0.99, np.inf, 0.95, 10, True))
    assert (whole.high, whole.saturated) == (1.0, True)
    unbounded = estimates.bounded(Interval(3.0, 2.0, np.inf, 0.95, 10, True), np.inf)
    assert (unbounded.high, unbounded.saturated) == (np.inf, False)


@pytest.mark.parametrize(("at_the_limit", "seen"), [(40, True), (0, False)])
def test_many_paths_at_one_loss_are_an_edge_of_the_sample(at_the_limit, seen):
    """A price limit over three days, say: the interval has no width, and the figure says why."""
    loss = 0.4 * np.random.default_rng(5).random((1, 1000))
    loss[0, :at_the_limit] = 0.41
    stream = TailStream(1, 200)
    stream.add(loss, np.arange(1000, dtype=np.uint32))
    found = estimates.shortfall(stream.column(0), level=0.97, confidence=0.95)
    assert found.saturated == seen
    assert (found.low == found.high) == seen


def test_a_half_width_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(9).normal(size=(4000, 50))
    for sure in (0.95, 0.8):
        halves = np.array([estimates.half_width(sample, confidence=sure) for sample in samples])
        assert (np.abs(samples.mean(axis=1)) < halves).mean() == pytest.approx(sure, abs=0.02)
