"""A config from a file, a dict, a dict with frames; overrides as a dict."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.config import load
from tailrisk.core import InputError

BOOK = pd.DataFrame({"code": ["600000", "000001", "300750"], "value": [5e6, 3e6, 2e6]})
STOCKS = pd.DataFrame(
    {
        "code": ["600000", "000001", "300750"],
        "bucket": ["csi500", "csi500", "micro"],
        "size": [0.1, -0.1, -0.5],
    }
)
MINE = {"label": "mine", "family": "index_enhanced", "benchmark": "csi500"}


def said(**product: object) -> dict[str, object]:
    return {"extends": "smoke.toml", "name": "mine", "products": {"mine": {**MINE, **product}}}


def test_a_dict_is_the_file_it_would_be(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        'extends = "smoke.toml"\nname = "mine"\n[run]\npaths = 700\ndays = 7\n[tail]\nlevels = [0.9]\n'
    )
    table = {
        "extends": "smoke.toml",
        "name": "mine",
        "run": {"paths": np.int64(700), "days": 7},
        "tail": {"levels": np.array([0.9])},
    }
    assert tr.load(table) == load(tmp_path / "my.toml")
    assert tr.load(table).digest() == load(tmp_path / "my.toml").digest()
    assert table["extends"] == "smoke.toml", "it is left as it was"


def test_overrides_are_a_dict_or_what_set_takes() -> None:
    told = {"run.paths": 512, "market.start": "calm", "tail.levels": [0.9, 0.95], "event": []}
    words = ["run.paths=512", "market.start=calm", "tail.levels=[0.9,0.95]", "event=[]"]
    assert tr.load("smoke.toml", told) == tr.load("smoke.toml", words) == load("smoke.toml", words)
    with pytest.raises(InputError, match="a list such as"):
        tr.load("smoke.toml", "run.paths=1")
    with pytest.raises(InputError, match=r"run\.pths"):
        tr.load("smoke.toml", {"run.pths": 1})


def test_a_book_comes_in_as_a_frame_and_is_matched_by_code() -> None:
    config = tr.load(said(holdings=BOOK, universe=STOCKS.sample(frac=1, random_state=1)))
    mine = config.products["mine"]
    assert mine.weights == pytest.approx({"csi500": 0.8, "micro": 0.2})
    assert mine.style_exposure["size"] == pytest.approx(0.5 * 0.1 - 0.3 * 0.1 - 0.2 * 0.5)
    assert config.resolved()["products"]["mine"]["holdings"] == "mine.holdings.csv"
    by_code = BOOK.set_index("code")["value"]
    book = tr.Book(by_code, STOCKS)
    assert book.weights == pytest.approx(mine.weights)
    assert book.style_exposure == pytest.approx(mine.style_exposure)
    again = tr.load({**said(), "products": {"mine": book.product(benchmark="csi500", label="mine")}})
    assert again.products["mine"].weights == pytest.approx(mine.weights)


def test_what_is_wrong_with_a_frame_is_said_by_its_field_and_row() -> None:
    short = BOOK.assign(value=[5e6, -3e6, 2e6])
    with pytest.raises(InputError, match=r"^mine\.holdings\.csv: row 2: value = .*short position"):
        tr.load(said(holdings=short, universe=STOCKS))
    with pytest.raises(InputError, match="holdings"):
        tr.load(said(holdings=42))


def test_stocks_in_no_bucket_are_a_named_remainder() -> None:
    more = pd.DataFrame({"code": ["830799", "601318"], "value": [1e5, 2e5]})
    book = tr.Book(pd.concat([BOOK, more]), STOCKS)
    assert sum(book.weights.values()) == pytest.approx(1)
    assert book.remainder == pytest.approx(
        {"of Beijing": 1e5 / 10.3e6, "unknown to the file of stocks": 2e5 / 10.3e6}
    )
    assert "of Beijing 1.0%" in repr(book)


def test_a_config_that_is_loaded_is_given_back() -> None:
    config = tr.load("smoke.toml")
    assert tr.load(config) is config
    with pytest.raises(InputError, match="of a config that is loaded"):
        tr.load(config, {"run.paths": 5})


def test_a_wrong_dict_is_refused_with_every_problem() -> None:
    with pytest.raises(InputError) as refused:
        tr.load({"extends": "smoke.toml", "run": {"paths": "many"}, "tail": {"levels": [2.0]}})
    assert "config: run.paths" in str(refused.value)
    assert "config: tail.levels.0" in str(refused.value)
    with pytest.raises(InputError, match=r"config: extends: .*no such file"):
        tr.load({"extends": "nowhere.toml"})
