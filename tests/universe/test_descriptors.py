"""Descriptors against plain loops, and never from the future."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tailrisk.data.panel import Panel
from tailrisk.universe.descriptors import (
    HALF_LIFE,
    LARGEST,
    MOMENTUM_HALF_LIFE,
    MOMENTUM_LAG,
    MOMENTUM_WINDOW,
    WINDOW,
    descriptors,
    market,
)

DAYS, STOCKS = 400, 6


@pytest.fixture(scope="module")
def it():
    rng = np.random.default_rng(3)
    whole = 0.01 * rng.standard_normal((DAYS, 1))
    returns = whole * np.linspace(0.5, 1.5, STOCKS) + 0.01 * rng.standard_normal((DAYS, STOCKS))
    returns[0] = np.nan
    returns[100:140, 2] = np.nan
    returns[200, 3] = 1.5  # a listing day: left out
    turnover = rng.uniform(0.001, 0.05, (DAYS, STOCKS))
    turnover[:, 5] = np.nan
    return Panel(
        dates=pd.bdate_range("2022-01-03", periods=DAYS),
        ids=tuple(map(str, range(600000, 600000 + STOCKS))),
        traded=np.isfinite(returns),
        cap=rng.uniform(1e9, 1e11, (DAYS, STOCKS)),
        returns=returns,
        turnover=turnover,
        amount=turnover * 1e9,
        st=None,
        fundamentals={},
        industry=None,
    )


def plain_market(it):
    found = [0.0]
    for t in range(1, DAYS):
        pairs = [
            (it.cap[t - 1, i], it.returns[t, i])
            for i in range(STOCKS)
            if np.isfinite(it.returns[t, i]) and abs(it.returns[t, i]) < LARGEST
        ]
        found.append(sum(c * r for c, r in pairs) / sum(c for c, _ in pairs))
    return np.array(found)


@pytest.mark.parametrize("stock", range(STOCKS))
def test_beta_and_residual_volatility_are_the_weighted_regression(it, stock):
    raw, whole = descriptors(it), plain_market(it)
    returns = np.where(np.abs(it.returns) < LARGEST, it.returns, np.nan)
    np.testing.assert_allclose(market(returns, it.cap), whole, atol=1e-15)
    for t in (260, DAYS - 1):
        window = slice(t - WINDOW + 1, t + 1)
        y, m = returns[window, stock], whole[window]
        w = 0.5 ** (np.arange(WINDOW)[::-1] / HALF_LIFE)
        y, m, w = y[np.isfinite(y)], m[np.isfinite(y)], w[np.isfinite(y)]
        slope, level = np.polyfit(m, y, 1, w=np.sqrt(w))
        deviation = np.sqrt(np.average((y - level - slope * m) ** 2, weights=w))
        np.testing.assert_allclose(raw["beta"][t, stock], slope, rtol=1e-9)
        np.testing.assert_allclose(raw["residual_volatility"][t, stock], deviation, rtol=1e-9)


def test_momentum_leaves_out_the_last_month(it):
    raw, t, stock = descriptors(it), DAYS - 1, 2
    past = np.log1p(
        np.nan_to_num(
            it.returns[max(0, t - MOMENTUM_LAG - MOMENTUM_WINDOW + 1) : t - MOMENTUM_LAG + 1, stock]
        )
    )
    weight = 0.5 ** (np.arange(len(past))[::-1] / MOMENTUM_HALF_LIFE)
    np.testing.assert_allclose(raw["momentum"][t, stock], weight @ past, rtol=1e-9)


def test_liquidity_mixes_month_quarter_and_year(it):
    raw, t = descriptors(it), DAYS - 1
    mean = [it.turnover[t - 21 * months + 1 : t + 1, 0].mean() for months in (1, 3, 12)]
    want = 0.35 * np.log(21 * mean[0]) + 0.35 * np.log(21 * mean[1]) + 0.30 * np.log(21 * mean[2])
    np.testing.assert_allclose(raw["liquidity"][t, 0], want, rtol=1e-9)
    assert np.isnan(raw["liquidity"][:, 5]).all()


def test_nothing_is_known_before_it_happened(it):
    """Another future leaves every descriptor of today alone."""
    t = 300
    future = it.returns.copy()
    future[t + 1 :] *= -3
    cap = it.cap.copy()
    cap[t + 1 :] *= 2
    other = descriptors(dataclasses.replace(it, returns=future, cap=cap, turnover=it.turnover.clip(max=9)))
    for name, values in descriptors(it).items():
        np.testing.assert_array_equal(other[name][: t + 1], values[: t + 1])


def test_short_histories_are_unknown(it):
    raw = descriptors(it)
    assert np.isnan(raw["beta"][:60]).all()
    assert np.isfinite(raw["beta"][61, 0])
    assert np.isnan(raw["momentum"][: 60 + MOMENTUM_LAG]).all()
