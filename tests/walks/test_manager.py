"""A manager: a panel of stocks, its universe, his book of codes, and the style bounds within his budget."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import calendar, seal
from tailrisk.core.names import BUCKETS
from tailrisk.universe.document import read

from . import asked, record

DAYS, STOCKS = 314, 4300
BOOK = 40
BUDGET = 0.011
MOMENTS, NAMES = "moments.toml", "stocks.csv"
OWN = """
extends = "smoke.toml"
name = "own"
event = []
[run]
paths = 256
days = 5
[tail]
levels = [0.9]
[products.mine]
label = "Own book"
family = "index_enhanced"
benchmark = "csi1000"
holdings = "book.csv"
universe = "stocks.csv"
"""
TUNE = """
name = "bounds"
question = "Which bounds keep our fund within its budget?"
market = "own.toml"
universe = "moments.toml"
stocks = "stocks.csv"
paths = 512
level = 0.95
budget = 0.011
[product]
mix = { csi500 = 0.5, csi1000 = 0.5 }
book = "book.csv"
hedged = true
long = 0.8
[bounds]
size = [0.1, 0.4, 1.0]
styles = { momentum = [0.1, 1.0] }
[limits]
styles = { beta = [-0.3, 0.3] }
industry = 0.05
position = 0.02
[desk]
alpha = "alpha.csv"
weight = 0.01
nav = 1e8
tracking = 0.2
others = 1.0
"""
INDUSTRIES = 6


def panel() -> pd.DataFrame:
    """Long: stocks whose size falls with their number, returns of five buckets and of their own."""
    rng, rank = np.random.default_rng(8), np.arange(STOCKS)
    sessions = calendar.sessions()
    days = sessions[sessions <= np.datetime64("2023-12-29")][-DAYS:]
    group = np.minimum(np.searchsorted([300, 800, 1800, 3800], rank, side="right"), 4)
    ladder = np.cumsum(rng.standard_normal((DAYS, 5)) * [0.012, 0.006, 0.004, 0.004, 0.006], axis=1)
    moves = np.clip(ladder[:, group] + 0.02 * rng.standard_normal((DAYS, STOCKS)), -0.09, 0.09)
    moves[0] = 0
    close = np.round(10 * np.cumprod(1 + moves, axis=0), 2)
    shares = np.round(2e12 / 10 / (1 + rank) ** 0.75)
    rate = np.exp(-4.5 + 0.4 * rng.standard_normal((1, STOCKS)) + 0.2 * rng.standard_normal((DAYS, STOCKS)))
    codes = [f"{600000 + k}" if k < 2000 else f"{k - 2000 + 1:06d}" for k in rank]
    return pd.DataFrame(
        {
            "date": np.repeat(days.astype("M8[ns]"), STOCKS),
            "code": np.tile(codes, DAYS),
            "close": close.ravel(),
            "total_shares": np.tile(shares, DAYS),
            "amount": (rate * close * shares).round().ravel(),
            "turnover": (rate / 0.8).ravel(),
            "industry": np.tile([f"industry {k % INDUSTRIES}" for k in rank], DAYS),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """His folder after `tailrisk universe`: the moments, the file of stocks, and what was said."""
    folder = tmp_path_factory.mktemp("manager")
    panel().to_parquet(folder / "panel.parquet")
    said = asked("universe", folder / "panel.parquet", "-o", folder / MOMENTS, "--stocks", folder / NAMES)
    (folder / "said.txt").write_text(said)
    (folder / "own.toml").write_text(OWN)
    stocks = pd.read_csv(folder / NAMES, dtype={"code": str})
    book = stocks.iloc[:: STOCKS // BOOK][:BOOK]
    value = 1e6 * (1 + np.arange(len(book)) % 3)
    pd.DataFrame({"证券代码": book["code"], "市值": value}).to_csv(folder / "book.csv", index=False)
    score = np.random.default_rng(3).standard_normal(len(stocks))
    small = -0.5 * stocks["raw_size"]  # what most scores are: a bet on the small
    alpha = pd.DataFrame({"code": stocks["code"], "alpha": (0.08 * (0.3 * small + score)).round(5)})
    pd.concat([alpha, pd.DataFrame({"code": ["830799"], "alpha": [0.1]})]).to_csv(
        folder / "alpha.csv", index=False
    )
    return folder


def test_the_file_of_stocks_says_what_every_code_of_the_panel_is(folder: Path) -> None:
    stocks = pd.read_csv(folder / NAMES, dtype={"code": str})
    assert len(stocks) == STOCKS
    assert stocks["code"].str.fullmatch(r"\d{6}").all()
    assert stocks["code"].is_unique
    counts = stocks["bucket"].value_counts()
    assert list(counts[list(BUCKETS[:3])]) == [300, 500, 1000]
    assert 1600 <= counts["csi2000"] <= 2000, "the smallest 400 of a day are taken out of it"
    assert counts["micro"] == STOCKS - 1800 - counts["csi2000"]
    number = stocks["code"].astype(int)
    rank = number.where(number < 600_000, number - 602_000) + 2000  # as `panel` numbers them
    middle = rank.groupby(stocks["bucket"]).median()[list(BUCKETS)]
    assert middle.is_monotonic_increasing
    styles = stocks.columns[2 : list(stocks.columns).index("cap")]
    assert {"size", "liquidity", "beta", "momentum"} <= set(styles)
    assert np.isfinite(stocks[styles]).all(axis=None)
    assert read(folder / MOMENTS).styles == tuple(styles)


def test_a_book_of_codes_finds_its_buckets_and_styles_and_is_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    stocks = pd.read_csv(NAMES, dtype={"code": str}).set_index("code")
    book = pd.read_csv("book.csv", dtype=str)
    weight = book["市值"].astype(float) / book["市值"].astype(float).sum()
    mine = stocks.loc[book["证券代码"]]
    shares = weight.groupby(mine["bucket"].to_numpy()).sum()
    plan = asked("check", "own.toml")
    for bucket, part in shares.items():
        assert f"{bucket} {100 * part:.1f}%" in plan
    asked("run", "own.toml")
    lived = json.loads(Path("results/own/config.json").read_text(encoding="utf-8"))["products"]["mine"]
    assert lived["weights"] == pytest.approx(shares.to_dict())
    for style in stocks.columns[1 : list(stocks.columns).index("cap") - 1]:
        assert lived["style_exposure"][style] == pytest.approx(
            float(weight.to_numpy() @ mine[style].to_numpy())
        )
    assert set(record(Path("results/own"))["holdings_sha256"]) == {"mine"}
    shown = asked("show", "results/own")
    row = next(line for line in shown.splitlines() if line.startswith("mine "))
    own = pd.read_csv("results/own/tail.csv").query("product == 'mine' and view == 'absolute'")
    es = own.set_index("measure")["es"]["terminal"]
    assert f" {100 * es:.2f} ±" in row
    assert 0.2 < 100 * es < 20
    seal.check(Path("results/own"))


def test_his_bounds_are_tuned_on_his_market_and_his_stocks(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("tune.toml").write_text(TUNE)
    said = asked("tune", "tune.toml")
    assert "bounds: 512 paths of 5 days, 4,300 stocks, about" in said
    assert "alpha of 4,300 of 4,300 stocks" in said
    assert "left out 1 codes unknown to the universe" in said
    page = Path("results/bounds/README.md").read_text(encoding="utf-8")
    answer = pd.read_csv("results/bounds/answer.csv").iloc[0]
    assert answer["feasible"]
    assert 0.9 * BUDGET < answer["es"] <= BUDGET * 1.001, "it binds, and is kept"
    assert 0.1 <= answer["size"] <= 1
    told = f"A bound of {answer['size']:.3g} on active size, of {answer['momentum']:.3g} on active momentum"
    assert told in page
    assert told in said
    assert f"(ES 95 % {100 * answer['es']:.2f} %)" in page
    assert "5 days (own.toml)" in page
    book = pd.read_csv("results/bounds/weights.csv", dtype={"code": str})
    assert book["weight"].sum() == pytest.approx(1, abs=1e-3)
    assert book["weight"].max() <= 0.02 + 1e-6
    stocks = pd.read_csv(NAMES, dtype={"code": str}).set_index("code")
    against = stocks[["in_csi500", "in_csi1000"]].mean(axis=1)
    active = book.set_index("code")["weight"].reindex(stocks.index).fillna(0) - against
    assert active.groupby(stocks["industry"]).sum().abs().max() <= 0.05 + 1e-4
    for style, most in (("beta", 0.3), ("size", answer["size"]), ("momentum", answer["momentum"])):
        assert abs(active @ stocks[f"raw_{style}"]) <= most + 1e-3, style
    assert answer["es_tightest"] < answer["es_loosest"]
    assert record(Path("results/bounds"))["command"] == "tailrisk tune tune.toml"
    seal.check(Path("results/bounds"))


def test_the_tuned_book_is_a_book_that_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    Path("tuned.toml").write_text(
        OWN.replace('name = "own"', 'name = "tuned"').replace('"book.csv"', '"results/bounds/weights.csv"')
    )
    asked("run", "tuned.toml")
    stocks = pd.read_csv(NAMES, dtype={"code": str}).set_index("code")
    book = pd.read_csv("results/bounds/weights.csv", dtype={"code": str}).set_index("code")["weight"]
    shares = book.groupby(stocks["bucket"].reindex(book.index)).sum() / book.sum()
    config = json.loads(Path("results/tuned/config.json").read_text(encoding="utf-8"))
    assert config["products"]["mine"]["weights"] == pytest.approx(shares.to_dict(), abs=1e-4)
