"""P&L attribution against SciPy and the rule's edges; the cascade where it is known."""

import math

import numpy as np
import pytest
from scipy import stats

from tailrisk.core import InputError
from tailrisk.tail import basel


def test_both_statistics_are_scipys():
    rng = np.random.default_rng(0)
    one = rng.standard_normal(250).round(1)  # ties
    other = (one + 0.5 * rng.standard_normal(250)).round(1)
    found = basel.attribution(one, other)
    assert found.spearman == pytest.approx(stats.spearmanr(one, other).statistic)
    assert found.kolmogorov == pytest.approx(stats.ks_2samp(one, other).statistic)


def test_zones():
    rng = np.random.default_rng(1)
    pnl, noise = rng.standard_normal(5000), rng.standard_normal(5000)
    assert basel.attribution(pnl, pnl).zone == "green"
    near = pnl + 0.8 * noise
    amber = basel.attribution(pnl, near / near.std())
    assert 0.70 < amber.spearman < 0.80
    assert amber.zone == "amber"
    assert basel.attribution(pnl, noise).zone == "red"
    wide = basel.attribution(pnl, 1.8 * pnl)  # the same ranks, another law
    assert wide.spearman == pytest.approx(1.0)
    assert wide.kolmogorov > 0.12
    assert wide.zone == "red"


def test_the_cascade_is_the_square_root_of_time_where_all_positions_are_alike():
    assert basel.liquidity_cascade([0.03] * 5) == pytest.approx(0.03 * math.sqrt(12))
    assert basel.liquidity_cascade([0.03, 0, 0, 0, 0]) == pytest.approx(0.03)
    assert basel.liquidity_cascade([3.0, 4.0], [10, 20]) == pytest.approx(5.0)
    assert basel.liquidity_cascade([1.0], [20], base=1) == pytest.approx(math.sqrt(20))


@pytest.mark.parametrize(
    "call",
    [
        lambda: basel.attribution([1.0, 1.0], [1.0, 2.0]),
        lambda: basel.attribution([1.0], [1.0]),
        lambda: basel.liquidity_cascade([1.0], [10, 20]),
        lambda: basel.liquidity_cascade([1.0, 1.0], [20, 10]),
        lambda: basel.liquidity_cascade([-1.0], [10]),
        lambda: basel.liquidity_cascade([1.0], [10], base=0),
    ],
)
def test_what_is_refused(call):
    with pytest.raises(InputError):
        call()
