"""Labels in the pictures of studies: in the language of the page."""

import re
from pathlib import Path

import pytest

import tailrisk
from tailrisk.core.names import home
from tailrisk.report.language import IN_ENGLISH, Say

from .drawings import LABELS, every, left, texts

RESULTS = Path(tailrisk.__file__).parents[1] / "results"
HAN = re.compile(r"[\u4e00-\u9fff]")
STUDIES = (
    "adoption", "sensitivities", "gauge", "backtest", "reverse", "liquidity", "minute", "validate", "match",
    "replay", "tune", "sweep", "demo",
)  # fmt: skip


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    return every(IN_ENGLISH, tmp_path_factory.mktemp("en"), RESULTS)


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    return every(Say("zh"), tmp_path_factory.mktemp("zh"), RESULTS)


@pytest.mark.parametrize("study", STUDIES)
def test_no_label_is_left_in_english(chinese, study):
    for drawn in chinese[study]:
        assert not left(drawn)
        assert any(HAN.search(text) for text in texts(drawn))


@pytest.mark.parametrize("study", STUDIES)
def test_english_has_nothing_else(english, study):
    own = [*LABELS.values()]
    for drawn in english[study]:
        assert not [text for text in texts(drawn) if HAN.search(text) and text not in own]


def test_names_of_the_users_own_stay(chinese):
    for study in ("adoption", "sensitivities", "replay", "demo"):
        assert any("DMA 4x" in texts(drawn) for drawn in chinese[study]), study
    assert home().label("csi300") == "CSI 300"
    assert any("中证1000减沪深300" in texts(drawn) for drawn in chinese["validate"])


def test_no_picture_shows_tex(english):
    for drawn in (one for some in english.values() for one in some):
        assert "mathdefault" not in drawn
        assert "$" not in drawn
