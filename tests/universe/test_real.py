"""The two proofs on real data: our size factor is the published one, our micro index is 8841431.

Thresholds are the task's: correlation above 0.9, median absolute difference below 0.3 points; what is
measured is in results/universe.
"""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.names import BUCKETS
from tailrisk.data.prices import read_prices, read_styles
from tailrisk.universe.measure import measure
from tailrisk.universe.replica import replicas

STOCKS = ("stock_close_shares_2021_2024q1.parquet", "stock_returns_turnover_2022_2024q1.parquet")


@pytest.fixture(scope="module")
def found(market_data):
    return measure([market_data / name for name in STOCKS])


@pytest.mark.market_data
def test_our_size_factor_is_the_published_one(found, market_data):
    days, style = found.panel.dates, found.estimates.style
    ours = pd.DataFrame(style, days, found.estimates.styles)
    published = read_styles(market_data / "style_factors_daily.csv")
    assert ours["size"].dropna().index.isin(published.index).sum() > 450
    for name, least in (("size", 0.9), ("momentum", 0.8)):
        assert ours[name].corr(published[name]) > least
        for year in ("2022", "2023", "2024"):
            assert ours.loc[year, name].corr(published.loc[year, name]) > least


@pytest.mark.market_data
def test_our_micro_index_is_the_published_one(found, market_data):
    published = read_prices(market_data / "indices_daily.csv").pct_change(fill_method=None)
    ours = pd.DataFrame(replicas(found.panel, found.members), found.panel.dates, BUCKETS)
    apart = (ours - published.reindex(ours.index)).abs()
    assert np.isfinite(apart.loc["2024"].to_numpy()).all()
    assert apart.loc["2024", "micro"].median() < 0.003
    assert apart.loc["2024", "micro"].max() < 0.01
    assert (apart.loc["2022":].median() < 0.003).all()
    assert ours.loc["2022":].corrwith(published).min() > 0.96


@pytest.mark.market_data
def test_the_real_universe_has_what_a_portfolio_needs(found):
    it = found.universe
    assert it.date == "2024-03-29"
    assert len(it.ids) > 4600
    np.testing.assert_allclose(it.cap @ it.style / it.cap.sum(), 0, atol=1e-9)
    np.testing.assert_allclose(it.benchmark.sum(axis=0), 1)
    for values in (it.loading, it.specific_sd, it.adv, it.cap):
        assert np.isfinite(values).all()
    assert 0.005 < it.specific_sd.min() < it.specific_sd.max() < 0.1
    assert (it.adv > 0).all()
