"""The minute and getting out, from Python: frames in, the command's own numbers out, refusals by field."""

from pathlib import Path

import pandas as pd
import pytest

import tailrisk as tr
from tailrisk.core.errors import InputError
from tailrisk.studies.minute.config import load_minute

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's minute without its halt, on few parameters."""
    text = (CONFIGS / "minute_20240219.toml").read_text(encoding="utf-8").split("[halt]")[0]
    for old, new in (
        ("smoothing = [30, 60, 240]", "smoothing = [60]"),
        ("give_back = [0.0, 0.15, 0.3]", "give_back = [0.0]"),
        ("[-0.5, 0.0, 0.5]", "[0.0]"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path_factory.mktemp("minute") / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_minute_is_a_set_and_answers(small: Path, tmp_path: Path) -> None:
    found = tr.minute(small, tmp_path)
    assert (found.sets["low"] < found.sets["high"]).all()
    assert set(found.sets["venue"]) == set(load_minute(small).venues)
    assert found.page is not None
    text = found.page.read_text(encoding="utf-8")
    low, high = 100 * found.sets["low"].min(), 100 * found.sets["high"].max()
    assert f"{low:.1f}" in text
    assert f"{high:.1f}" in text
    with pytest.raises(InputError, match="is there already"):
        tr.minute(small, tmp_path)


@pytest.mark.parametrize(
    ("book", "match"),
    [
        ({}, "is empty"),
        ({"small": 1.0}, r"book\.small.*is no bucket"),
        ({"micro": -1.0}, r"book\.micro.*above zero"),
    ],
)
def test_a_book_that_is_none_is_refused_before_any_path(book: dict, match: str) -> None:
    with pytest.raises(InputError, match=f"(?s){match}"):
        tr.liquidity(book)


def test_a_deadline_beyond_the_paths_is_refused() -> None:
    with pytest.raises(InputError, match="deadline"):
        tr.liquidity({"micro": 1.0}, deadline=600)


def test_a_book_of_codes_without_yuan_is_refused() -> None:
    book = pd.DataFrame({"code": ["600000"], "weight": [1.0]})
    stocks = pd.DataFrame({"code": ["600000"], "bucket": ["micro"]})
    with pytest.raises(InputError, match="the file has weights, no yuan"):
        tr.liquidity(book, universe=stocks)
