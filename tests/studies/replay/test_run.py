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
from tailrisk.studies.replay.run import _reported, _styles, _windows, replay

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
            styles=market_data / "style_factors_daily.csv" if name == "feb2024_replay" else None,
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


def test_a_file_of_styles_tells_funds_apart_and_leaves_the_products_own(folders, market_data, tmp_path):
    loaded = load_replay(CONFIGS / "feb2024_replay.toml")
    bare = loaded.replay.model_copy(
        update={"funds": 20, "data": loaded.replay.data.model_copy(update={"styles": None})}
    )
    files = {name: market_data / f"{name}_daily.csv" for name in ("indices", "commodity_futures")}
    without = replay(
        loaded._replace(replay=bare),
        tmp_path,
        indices=files["indices"],
        futures=market_data / "index_futures_daily.csv",
        commodities=files["commodity_futures"],
    )
    narrow, wide = (
        pd.read_csv(folder / "daily.csv").set_index(["product", "date"])
        for folder in (without, folders["feb2024_replay"])
    )
    np.testing.assert_allclose(wide["nav"], narrow["nav"], atol=1e-9)
    apart = (wide["nav_90"] - wide["nav_10"]) / (narrow["nav_90"] - narrow["nav_10"])
    crash = apart.xs("2024-02-08", level="date")
    assert crash[["ie500", "ie1000", "neutral"]].mean() > 1.3  # 19 funds' quantiles are rough
    assert crash["dma"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("date,size\n2024-01-03,0.01\n", "no return on 2024-01-04"),
        ("date,momentum\n2024-01-03,0.01\n2024-01-04,0.02\n", "no column size"),
    ],
)
def test_a_file_of_styles_has_every_day_and_every_style_in_use(file, said, tmp_path):
    path = tmp_path / "styles.csv"
    path.write_text(file, encoding="utf-8")
    loaded = SimpleNamespace(config=SimpleNamespace(styles_in_use=["size"]))
    days = pd.DataFrame(index=pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04"]))
    with pytest.raises(InputError, match=said):
        _styles(loaded, path, days)


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
