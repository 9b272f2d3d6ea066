"""The replays against what was reported: acceptance checks 19 and 27 of mechanism 9, on the user's data."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tailrisk.core.errors import InputError
from tailrisk.products.account import LINES
from tailrisk.record.files import write_csv
from tailrisk.studies.replay.config import Reported, load_replay
from tailrisk.studies.replay.page import write
from tailrisk.studies.replay.run import _reported, _windows, replay

CONFIGS = Path(__file__).resolve().parents[3] / "configs"


@pytest.fixture(scope="module")
def folders(market_data, tmp_path_factory):
    output = tmp_path_factory.mktemp("replays")
    made = {}
    for name in ("feb2024_replay", "replay_2014"):
        loaded = load_replay(CONFIGS / f"{name}.toml")
        few = loaded._replace(replay=loaded.replay.model_copy(update={"funds": 20}))
        made[name] = replay(
            few,
            output,
            indices=market_data / "indices_daily.csv",
            futures=market_data / "index_futures_daily.csv" if name == "feb2024_replay" else None,
            commodities=market_data / "commodity_futures_daily.csv" if name == "feb2024_replay" else None,
        )
    return made


def test_the_losses_of_2024_lie_where_they_were_reported(folders):
    """mechanism 9.27: year to 8 February."""
    windows = pd.read_csv(folders["feb2024_replay"] / "windows.csv")
    year = windows[windows["window"] == "year to 8 Feb"].set_index("product")["nav"]
    for product, (low, high) in {
        "public_quant": (-0.41, -0.27),
        "ie1000": (-0.29, -0.15),
        "neutral": (-0.15, -0.04),
        "dma": (-0.80, -0.20),
    }.items():
        assert low <= year[product] <= high, product
    reported = pd.read_csv(folders["feb2024_replay"] / "reported.csv")
    assert reported.set_index("product").loc["stock_selection", "agrees"].isin(["own", "funds"]).all()


def test_the_lines_of_every_day_sum_to_its_nav(folders):
    for folder in folders.values():
        daily = pd.read_csv(folder / "daily.csv")
        np.testing.assert_allclose(1 + daily[list(LINES)].sum(axis=1), daily["nav"], atol=1e-3)


def test_the_cta_earns_what_the_rule_did(folders, market_data):
    """results/cta has -4.2 % for February 2024; without commodities a CTA earns its cash alone."""
    daily = pd.read_csv(folders["feb2024_replay"] / "daily.csv")
    cta = daily[daily["product"] == "cta"].set_index("date")
    month = cta.loc["2024-02-01":"2024-02-29"]
    before = cta["nav"][cta.index < "2024-02-01"].iloc[-1]
    assert month["nav"].iloc[-1] / before - 1 == pytest.approx(-0.0419 + 0.02 / 12, abs=1.5e-3)
    assert (1 + cta[list(LINES)].sum(axis=1)).to_numpy() == pytest.approx(cta["nav"].to_numpy(), abs=1e-3)
    old = pd.read_csv(folders["replay_2014"] / "daily.csv")
    assert not old["other"].any()


def test_2014_went_the_other_way(folders):
    """mechanism 9.19: a premium that widened cost the hedged; 10 to 20 % for a book that leaned mildly."""
    windows = pd.read_csv(folders["replay_2014"] / "windows.csv").set_index(["window", "product"])
    rise = windows.loc["6 Nov to 5 Jan"]
    assert -0.20 <= rise.loc["neutral_mild", "nav"] <= -0.10
    assert rise.loc["neutral_mild", "basis"] < -0.01
    daily = pd.read_csv(folders["replay_2014"] / "daily.csv").set_index(["product", "date"])["benchmark_nav"]
    ratio = daily["micro_active", "2015-01-05"] / daily["ie300", "2015-01-05"] - 1
    assert ratio == pytest.approx(-0.345, abs=0.001)


def test_the_page_shows_what_the_tables_hold(folders):
    folder = folders["feb2024_replay"]
    page = write(folder).read_text(encoding="utf-8")
    reported = pd.read_csv(folder / "reported.csv")
    assert f"Of {len(reported)} reported figures" in page
    assert f"| {100 * reported['replay'].iloc[0]:.1f} |" in page
    assert '<title id="replay-title">' in (folder / "paths.svg").read_text(encoding="utf-8")


def test_bad_words_are_refused(tmp_path):
    text = (CONFIGS / "feb2024_replay.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    for old, new, said in (
        ("funds = 200", "funds = 0", "funds"),
        ("roll = 4", "rolls = 4", "roll"),
        ("last = 2024-03-20", "last = 2023-03-20", "last"),
    ):
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(InputError, match=said):
            load_replay(path)


def test_nothing_reported_and_no_window_is_a_table_without_rows(folders, tmp_path):
    known = (SimpleNamespace(reported=Reported(), replay=SimpleNamespace(window=())), None, {}, None)
    folder = Path(shutil.copytree(folders["replay_2014"], tmp_path / "r"))
    write_csv(_reported(*known), folder / "reported.csv")
    write_csv(_windows(*known), folder / "windows.csv")
    assert "reported figures" not in write(folder).read_text(encoding="utf-8")
    assert not len(pd.read_csv(folder / "reported.csv"))
