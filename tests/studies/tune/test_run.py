"""A tuning end to end on a small universe: the folder, the budget, the other half, the page."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tailrisk.core import InputError, seal
from tailrisk.studies.tune.config import Loaded, load_tune
from tailrisk.studies.tune.page import in_words, write
from tailrisk.studies.tune.run import publish
from tests.small_universe import STYLES, small_universe

TEXT = """
name = "small"
question = "Does the tuner keep its budget?"
market = "smoke.toml"
paths = 512
level = 0.95
budget = {budget}
[product]
mix = {{ csi500 = 0.5, csi1000 = 0.5 }}
hedged = true
long = 0.8
[bounds]
size = [0.1, 0.3, 0.6, 1.0]
{more}
[desk]
weight = 0.05
nav = 1e8
tracking = 0.2
others = 1.0
"""


def loaded(folder: Path, budget: float, more: str = "") -> Loaded:
    (folder / "tune.toml").write_text(TEXT.format(budget=budget, more=more), encoding="utf-8")
    return load_tune(folder / "tune.toml", STYLES)


def tuned(folder: Path, budget: float, more: str = "") -> tuple[pd.Series, pd.DataFrame, Path]:
    where = publish(
        loaded(folder, budget, more),
        small_universe(),
        folder,
        force=True,
        command="tailrisk tune tune.toml",
        tell=lambda done, what: None,
    )
    return pd.read_csv(where / "answer.csv").iloc[0], pd.read_csv(where / "frontier.csv"), where


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.Series, pd.DataFrame, Path]:
    return tuned(tmp_path_factory.mktemp("tune"), 0.045)


def test_the_budget_is_kept_and_binds(one: tuple) -> None:
    best, table, where = one
    assert best["feasible"]
    assert_allclose(best["es"], 0.045, rtol=1e-3)
    assert table["es"].min() < 0.045 < table["es"].max()
    assert 0.1 <= best["size"] <= 1.0
    assert best["es_other_low"] < best["es_other_half"] < best["es_other_high"]
    assert_allclose(pd.read_csv(where / "weights.csv")["weight"].sum(), 1.0, atol=1e-4)


def test_looser_bounds_keep_more_alpha_and_the_loosest_trades_nothing(one: tuple) -> None:
    _, table, _ = one
    assert (np.diff(table["alpha_year"] - table["cost_once"] * 250 / 20) > 0).all()
    assert table["cost_once"].iloc[-1] < 1e-6 < table["cost_once"].iloc[0]
    assert table["es_saved"].iloc[-1] == 0


def test_leverage_and_hedge_are_tuned_where_the_config_says_so(one: tuple, tmp_path: Path) -> None:
    best, _, _ = tuned(tmp_path, 0.045, "long = [0.4, 1.2]\nswap = [-0.5, 0.5]")
    assert best["feasible"]
    assert 0.4 <= best["long"] <= 1.2
    assert -0.5 <= best["swap"] <= 0.5
    assert best["alpha_year"] > one[0]["alpha_year"]


def test_a_budget_out_of_reach_is_said(tmp_path: Path) -> None:
    best, _, where = tuned(tmp_path, 0.001)
    assert not best["feasible"]
    write(where)
    assert "do not keep the budget" in in_words(where)


def test_the_folder_says_what_made_it_and_its_page_is_always_the_same(one: tuple, tmp_path: Path) -> None:
    best, _, where = one
    record = json.loads((where / "record.json").read_text(encoding="utf-8"))
    assert record["universe"] == "sixty"
    assert record["tune"]["budget"] == 0.045
    assert seal.check(where) == {
        "answer.csv", "frontier.csv", "README.md", "record.json", "report.html", "weights.csv",
        "frontier.svg", "frontier.png", "frontier.pdf",
    }  # fmt: skip
    write(where)
    first = [(where / name).read_bytes() for name in ("README.md", "frontier.svg")]
    write(where)
    assert first == [(where / name).read_bytes() for name in ("README.md", "frontier.svg")]
    said = in_words(where)
    assert f"A bound of {best['size']:.3g} on active size" in said
    assert "keep the budget" in said
    assert "svg" not in said
    with pytest.raises(InputError, match="is there already"):
        publish(
            loaded(tmp_path, 0.03),
            small_universe(),
            where.parent,
            force=False,
            command="",
            tell=lambda done, what: None,
        )
