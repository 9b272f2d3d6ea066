"""Replay and backtest of frames: real days lived again, forecasts judged, with known answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.core.errors import InputError
from tailrisk.data.sample import write_sample
from tests.studies.backtest.worlds import closes


@pytest.fixture(scope="module")
def american(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Closes that come with a package."""
    return write_sample(tmp_path_factory.mktemp("sample") / "us.csv")


def test_a_replay_of_a_frame_loses_what_its_index_lost(american: pd.DataFrame, tmp_path: Path) -> None:
    found = tr.replay("replay_us.toml", tmp_path, indices=american)
    assert {"daily", "windows", "reported"} <= set(found.tables)
    days = found.daily
    span = american.loc["2018-09-28":"2018-12-31"]
    assert sorted(days["date"].unique()) == [f"{day:%Y-%m-%d}" for day in span.index]
    fund = days[days["product"] == "index_fund"].set_index("date")
    lost = span.iloc[:, 0] / span.iloc[0, 0]
    np.testing.assert_allclose(fund["benchmark_nav"], lost, atol=6e-5)  # four digits are written
    assert fund["nav"].iloc[-1] == pytest.approx(lost.iloc[-1], abs=0.01), "its fees alone lie between"
    window = found.windows.query("window == 'October' and product == 'index_fund'").iloc[0]
    assert window["benchmark"] == pytest.approx(lost.loc["2018-10-31"] - 1, abs=1e-4)
    assert found.page is not None
    assert "On the prices from 2018-09-28 to 2018-12-31" in found.page.read_text(encoding="utf-8")
    assert found.record["command"].startswith("tailrisk replay replay_us.toml")


def test_a_replay_without_its_days_is_refused(american: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="2018"):
        tr.replay("replay_us.toml", indices=american.loc[:"2018-11-30"])


def test_a_backtest_of_a_frame_judges_every_day(tmp_path: Path) -> None:
    prices = closes(330)
    found = tr.backtest(
        prices, first="2016-02-15", last="2016-04-08", output=tmp_path / "judged", levels=("0.9",),
        horizons=(1,), states=(1,), shocks=("gaussian",), starts=1,
    )  # fmt: skip
    judged = prices.loc["2016-02-15":"2016-04-08"]
    assert set(found.table["days"]) == {len(judged)}
    history = found.table.query("model == 'hs_250' and target == 'csi1000-csi300'").iloc[0]
    spread = np.log(prices["csi1000"]).diff() - np.log(prices["csi300"]).diff()
    hits = sum(-spread.loc[day] > np.quantile(-spread.loc[:day].iloc[-251:-1], 0.9) for day in judged.index)
    assert abs(history["hits"] - hits) <= 1, "one day at most lies between two definitions of a quantile"
    assert found.ranking["rate"].between(0.02, 0.25).all()
    assert set(found.ranking["model"]) >= {"hs_250", "garch_t", "gaussian_k1"}
    assert found.page is not None
    assert "scores best" in found.page.read_text(encoding="utf-8")
