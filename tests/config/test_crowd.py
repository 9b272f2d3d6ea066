"""The [crowd] block: off by default, its files found and read, its edges switched by one word, refusals."""

import shutil
from pathlib import Path

import pytest

from tailrisk.config import load
from tailrisk.core.errors import InputError

LIBRARY = Path(__file__).resolve().parents[2] / "configs"
FILES = ("crowd_2024.toml", "snowballs_2024.toml", "crowd_market_2024.toml")


def test_a_config_without_the_block_has_no_crowd_and_its_old_digest(folder: Path) -> None:
    config = load("small.toml")
    assert config.crowd is None
    assert config.attached.crowd is None
    assert "crowd" not in config.resolved()


def test_one_key_turns_the_crowd_on_with_the_librarys_files(folder: Path) -> None:
    config = load("small.toml", ["crowd.rounds=4"])
    assert config.crowd is not None
    assert config.crowd.first_day.isoformat() == "2024-01-02"
    assert config.crowd.edges.restriction == 0
    said = config.resolved()["crowd"]
    assert said["first_day"] == "2024-01-02"
    assert {f"{name}_sha256" for name in ("parameters", "snowballs", "market")} <= set(said)


def test_the_demo_says_every_edge_and_only_the_defaults() -> None:
    said = load(LIBRARY / "crowd_feb2024.toml").crowd
    assert said is not None
    assert said == type(said)()
    assert said.edges.model_fields_set == set(type(said.edges).model_fields)


def test_quiet_is_laid_under_every_cohort() -> None:
    files = load(LIBRARY / "crowd_feb2024.toml").attached.crowd
    assert files is not None
    dma, retail = files.participants.cohorts["dma"], files.participants.cohorts["margin_retail"]
    assert dma.margin.call == 0.15
    assert retail.hedge == 0
    assert retail.participation == files.participants.participation


def test_an_ablation_changes_the_digest_and_a_renamed_file_does_not(folder: Path) -> None:
    whole = load("small.toml", ["crowd.rounds=6"]).digest()
    assert load("small.toml", ["crowd.edges.snowball=0"]).digest() != whole
    shutil.copy(LIBRARY / "crowd_2024.toml", folder / "mine.toml")
    assert load("small.toml", ["crowd.parameters=mine.toml"]).digest() == whole


@pytest.mark.parametrize(
    ("override", "place"),
    [
        ("crowd.edges.snowbal=0", "crowd.edges.snowbal"),
        ("crowd.edges.panic=-1", "crowd.edges.panic"),
        ("crowd.rounds=1", "crowd.rounds"),
        ("crowd.kappa_crisis=0", "crowd.kappa_crisis"),
        ("crowd.first_day=2024-13-01", "crowd.first_day"),
        ("crowd.market=nowhere.toml", "crowd.market"),
    ],
)
def test_refusals_name_the_field(folder: Path, override: str, place: str) -> None:
    with pytest.raises(InputError, match=place):
        load("small.toml", [override])


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        ("crowd_2024.toml", "csi300 = 0.03", "csi300 = 0.04", "cohorts.dma.weights"),
        ("crowd_2024.toml", "call = 0.15, ", "", "cohorts.dma.margin.call"),
        ("crowd_2024.toml", "mix = { IC = 0.5, IM = 0.5 } # 20-80", "mix = {} # 20-80", "cohorts.dma.mix"),
        ("crowd_market_2024.toml", "micro = 0.62", "micro = 1.62", "limits.wide_board.micro"),
        ("crowd_market_2024.toml", "csi2000 = -0.9", "csi2000 = -0.8", "followers.rotation.csi300"),
        ("snowballs_2024.toml", 'future = "IC"', 'future = "IF"', "book"),
    ],
)
def test_a_data_file_that_makes_no_sense_is_refused(
    folder: Path, name: str, old: str, new: str, place: str
) -> None:
    for file in FILES:
        text = (LIBRARY / file).read_text(encoding="utf-8")
        if file == name:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=place):
        load("small.toml", ["crowd.rounds=6"])
