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
    assert said.model_copy(update={"ensemble": None}) == type(said)()
    assert said.ensemble == "calibrated/crowd_2024.toml"
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
    ("overrides", "words"),
    [
        (["crowd.first_day=2024-02-04"], ["a Sunday", "the next session is 2024-02-05"]),
        (["crowd.first_day=2025-01-28"], ["a holiday", "the next session is 2025-02-05"]),
        (["crowd.first_day=9999-12-31"], ["9999-12-31 is after", "the last session"]),
        (["crowd.first_day=1900-01-01"], ["1900-01-01 is before", "1990-12-19"]),
        (
            ["crowd.first_day=2026-12-28", "run.days=10"],
            ["10 days from 2026-12-28 end on", "the last session"],
        ),
    ],
)
def test_a_first_day_that_is_no_session_or_a_run_past_the_calendar_is_refused(
    folder: Path, overrides: list[str], words: list[str]
) -> None:
    with pytest.raises(InputError, match=r"crowd\.first_day") as refusal:
        load("small.toml", overrides)
    for word in words:
        assert word in str(refusal.value)
    assert load("small.toml", ["crowd.first_day=2025-01-27"]).crowd.first_day.day == 27


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


ENSEMBLE = """
parameters = ["panic.relief", "assets.dma"]
members = [[0.25, 1.5], [0.75, 0.5]]
"""


def test_a_member_of_an_ensemble_moves_the_files_figures(folder: Path) -> None:
    (folder / "mine.toml").write_text(ENSEMBLE)
    chosen = ["crowd.ensemble=mine.toml", "crowd.member=1"]
    files = load("small.toml", chosen).attached.crowd
    assert files is not None
    assert files.matched == {"panic.relief": 0.75, "assets.dma": 0.5}
    assert load("small.toml", chosen).digest() != load("small.toml", chosen[:1]).digest()
    said = load("small.toml", chosen).resolved()["crowd"]
    assert said["member"] == 1
    assert len(said["ensemble_sha256"]) == 64


@pytest.mark.parametrize(
    ("text", "member", "found"),
    [
        (ENSEMBLE, 2, "crowd.member: 2\n  allowed: 0 to 1"),
        (ENSEMBLE.replace("0.25, 1.5", "0.25"), 0, "members.0"),
        (ENSEMBLE.replace("0.25", "-0.25"), 0, "members.0"),
        (ENSEMBLE.replace("0.25", "0.0"), 0, "above 0, below a million"),
        (ENSEMBLE.replace("0.25", "1e6"), 0, "above 0, below a million"),
        (ENSEMBLE.replace("members", "member"), 0, "members"),
    ],
)
def test_an_ensemble_that_cannot_be_used_is_refused(folder: Path, text: str, member: int, found: str) -> None:
    (folder / "mine.toml").write_text(text)
    with pytest.raises(InputError) as refusal:
        load("small.toml", ["crowd.ensemble=mine.toml", f"crowd.member={member}"])
    assert found in str(refusal.value)


def test_with_a_crowd_products_live_as_accounts_unless_it_is_said():
    """By default where there are terms and a crowd; without a crowd where it is asked for."""
    said = load(LIBRARY / "crowd_feb2024.toml")
    assert said.as_accounts
    assert not load(LIBRARY / "crowd_feb2024.toml", ["accounts.every_path=false"]).as_accounts
    terms = 'accounts={terms="accounts_2024.toml"}'
    assert not load(LIBRARY / "feb2024.toml", [terms]).as_accounts
    assert load(LIBRARY / "feb2024.toml", [terms, "accounts.every_path=true"]).as_accounts
    assert not load(LIBRARY / "feb2024.toml").as_accounts
