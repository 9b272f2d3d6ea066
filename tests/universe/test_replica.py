"""Replicas and circulating shares on panels small enough for a hand."""

import numpy as np
import pandas as pd

from tailrisk.data.panel import Panel
from tailrisk.universe.circulation import RECENT, circulating, filled
from tailrisk.universe.membership import Membership
from tailrisk.universe.replica import replicas


def panel(cap, returns, amount, turnover):
    cap = np.asarray(cap, float)
    return Panel(
        dates=pd.bdate_range("2023-01-02", periods=len(cap)),
        ids=tuple(map(str, range(600000, 600000 + cap.shape[1]))),
        traded=np.isfinite(returns),
        cap=cap,
        returns=np.asarray(returns, float),
        turnover=np.asarray(turnover, float),
        amount=np.asarray(amount, float),
        st=None,
        fundamentals={},
        industry=None,
    )


def test_circulating_is_the_ratio_of_sums_of_the_last_days():
    days = RECENT + 5
    cap, turnover = np.full((days, 3), 100.0), np.full((days, 3), 0.1)
    amount = np.full((days, 3), 8.0)
    amount[0, 0] = 1e6  # long ago
    amount[-1, 0], turnover[-1, 0] = 24.0, 0.3
    amount[:, 1] = 99.0  # more than there is
    amount[:, 2] = np.nan
    found = circulating(panel(cap, np.zeros((days, 3)), amount, turnover))[-1]
    np.testing.assert_allclose(found, [0.8, 1.0, np.nan])
    np.testing.assert_allclose(filled(found, np.array([0, 1, 0], np.int8)), [0.8, 1.0, 0.8])


def test_indices_earn_what_the_members_of_the_evening_before_earn():
    """Two in CSI 300 (one half in circulation), one each below; the second day's new caps do not matter."""
    cap = [[300.0, 100, 50, 40, 30, 20, 10], [1.0, 1, 1, 1, 1, 1, 1]]
    returns = [[np.nan] * 7, [0.10, -0.10, 0.02, 0.03, 0.04, -0.05, np.nan]]
    turnover = np.full((2, 7), 0.1)
    amount = 0.1 * np.array(cap)
    amount[0, 0] /= 2
    index = np.array([[0, 0, 1, 2, 3, -1, -1], [3, 2, 1, 0, 0, 0, 0]], np.int8)
    micro = np.array([[False] * 5 + [True] * 2, [True] * 7])
    found = replicas(panel(cap, returns, amount, turnover), Membership(index=index, micro=micro))
    assert np.isnan(found[0]).all()
    large = (150 * 0.10 - 100 * 0.10) / 250
    np.testing.assert_allclose(found[1], [large, 0.02, 0.03, 0.04, -0.05])
