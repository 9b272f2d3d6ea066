"""BibTeX of a result: what its record says it used, and nothing else."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tailrisk.cli import commands
from tailrisk.core.errors import InputError
from tailrisk.core.risks import KINDS
from tailrisk.guide.cite import CROWD, PROCESSES, RISKS, SAMPLING, STUDIES, cite, entries

RESULTS = Path("results")


def result(folder: Path, command: str = "tailrisk run a.toml", **config: object) -> Path:
    record = {
        "command": command,
        "commit": "0123456789abcdef",
        "version": "9.9",
        "sampling": {"method": "plain"},
    }
    record["calibration"] = {"window": ["2005-01-04", "2023-12-29"], "data_sha256": "ab12"}
    if isinstance(config.get("sampling"), dict):
        record["sampling"] = config["sampling"]
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def cited(text: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)


def test_every_key_is_an_entry_and_every_entry_is_sound() -> None:
    known = entries()
    keys = {*RISKS.values(), *SAMPLING.values(), *CROWD, "tailrisk", "tasche1999", "salmon2011"}
    keys |= {key for group in (*PROCESSES.values(), *STUDIES.values()) for key in group}
    assert keys == set(known), "none is missing, none is never used"
    for key, entry in known.items():
        assert entry.count("{") == entry.count("}"), key
        assert "title = {" in entry
        assert "author = {" in entry
        assert key == "tailrisk" or f"year = {{{key[-4:]}}}" in entry


LONE = {"tailrisk", "tasche1999", "fishburn1977", "shapley1953", "arthur2007", "wang2022", "hansen2016"}
"""Entries without a DOI: none was given, or the text is a preprint."""


def test_entries_say_where_they_stand() -> None:
    """Journal, volume and pages of every article; a DOI of the form they have, each once."""
    found = [re.search(r"doi = \{(.+)\},", entry) for entry in entries().values()]
    dois = [match[1] for match in found if match]
    assert len(set(dois)) == len(dois)
    assert all(re.fullmatch(r"10\.\d{4,5}/\S+", doi) for doi in dois)
    assert {key for key, entry in entries().items() if "doi = {" not in entry} == LONE
    for key, entry in entries().items():
        assert re.search(r"author = \{[^{}]*(\{[^{}]*(\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}", entry), key
        if entry.startswith("@article"):
            assert re.search(r"journal = \{[^}]+\}, volume = \{\d+\}", entry), key
            pages = re.search(r"pages = \{(\d+)(?:--(\d+))?\}", entry)
            assert pages, key
            assert pages[2] is None or int(pages[1]) < int(pages[2]), key


@pytest.mark.parametrize(
    ("name", "key"),
    [("monitor", "wang2022"), ("minute", "shapley1953"), ("reverse", "arthur2007"), ("match", "hansen2016")],
)
def test_studies_of_this_repository_cite_their_methods(name: str, key: str) -> None:
    assert key in cited(cite(RESULTS / name))


def test_only_what_was_used_is_cited(tmp_path: Path) -> None:
    plain = cite(result(tmp_path, market={"process": "regimes"}, tail={"risks": ["var", "es"]}))
    assert cited(plain) == ["tailrisk", "hamilton1989", "salmon2011", "rockafellar2000", "data"]
    assert "version = {9.9}" in plain
    assert "commit 0123456789ab}" in plain
    assert "2005-01-04 to 2023-12-29" in plain
    more = cite(
        result(
            tmp_path,
            market={"process": "memory"},
            tail={"risks": ["expectile:0.99", "wang:0.5", "wang:0.9", "mean"]},
            crowd={},
            sampling={"method": "splitting"},
        )
    )
    assert {"corsi2009", "newey1987", "wang2000", "cont2013", "cerou2007"} <= set(cited(more))
    assert "rockafellar2000" not in cited(more)
    assert len(cited(more)) == len(set(cited(more)))


@pytest.mark.parametrize("name", ["feb2024", "crowd_feb2024", "backtest", "validation/memory"])
def test_results_of_this_repository_are_cited(name: str) -> None:
    done = CliRunner().invoke(commands, ["cite", str(RESULTS / name)])
    assert done.exit_code == 0
    keys = cited(done.output)
    assert keys[0] == "tailrisk"
    assert ("cont2013" in keys) == name.startswith("crowd")
    assert ("kupiec1995" in keys) == (name == "backtest")
    assert ("corsi2009" in keys) == (name != "backtest")


def test_every_risk_with_a_source_is_a_risk() -> None:
    assert set(RISKS) <= {*KINDS, "es"}


def test_a_folder_without_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a tailrisk command wrote"):
        cite(tmp_path)
