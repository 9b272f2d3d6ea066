"""README.md and results/README.md are in step with the results, and what they name is there."""

import json
import re
from pathlib import Path

import pytest

from experiments.readme import PAGES, content, filled, kept
from tailrisk import __version__
from tailrisk.cli import commands

ROOT = Path(__file__).resolve().parents[1]
README, INDEX = (page.read_text(encoding="utf-8") for page in PAGES)
SENTENCE = (
    "CI runs the whole suite on the default Python (3.11), and readers, dates, market, config, optimiser, "
    "reports and commands again on the newest of 3.12 and 3.13 it finds; a warning of any library is an "
    "error in both."
)


@pytest.mark.parametrize("page", [README, INDEX], ids=["README.md", "results/README.md"])
def test_every_figure_comes_from_results(page: str) -> None:
    """If this fails: python -m experiments.readme."""
    assert filled(page) == page


def test_a_figure_that_was_typed_is_seen() -> None:
    row = next(line for line in README.splitlines() if line.startswith("| CTA |"))
    typed = README.replace(row, row.replace(".", ".9", 1))
    assert typed != README
    assert filled(typed) == README


def test_every_folder_of_results_is_in_the_index_once() -> None:
    folders = {path.relative_to(ROOT / "results").parts[0] for path in (ROOT / "results").glob("*/")}
    listed = re.findall(r"^\| \[([\w/]+)\]\(", INDEX, re.MULTILINE)
    assert sorted(listed) == kept()
    assert {name.split("/")[0] for name in listed} == folders


def test_the_index_says_what_the_records_say() -> None:
    record = json.loads((ROOT / "results" / "feb2024" / "record.json").read_text(encoding="utf-8"))
    row = content("index", "feb2024")
    assert record["question"] in row
    assert record["commit"][:10] in row


def test_the_readme_is_an_entrance() -> None:
    assert len(README.splitlines()) < 150
    assert README.count("![") == 1
    assert SENTENCE in " ".join(README.split())
    blocks = re.findall(r"<!-- begin .*? -->.*?<!-- end .*? -->", README, re.DOTALL)
    assert len(blocks) == 1
    assert not re.search(r"\d\.\d+ %", README.replace(blocks[0], "")), "a figure that no command made"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_linked_files_are_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_commands_and_folders_are_there() -> None:
    named = set(re.findall(r"^\s+tailrisk (\w+)", README, re.MULTILINE))
    assert named
    assert named <= set(commands.commands)
    folders = re.findall(r"^      (\w+)/ ", README, re.MULTILINE)
    assert len(folders) >= 8
    assert [folder for folder in folders if not (ROOT / "tailrisk" / folder).is_dir()] == []


def test_every_room_is_on_the_map() -> None:
    rooms = {path.parent.name for path in (ROOT / "tailrisk").glob("*/__init__.py")} - {"core"}
    assert rooms == set(re.findall(r"^      (\w+)/ ", README, re.MULTILINE))


def test_the_names_agree() -> None:
    """The distribution's own name in README, citation and build; the version in the citation."""
    import tomllib

    name = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    assert f"`{name}`" in README
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {__version__}\n" in citation
    assert name in citation


def test_no_page_of_results_is_called_as_its_scratch_folder_was():
    pages = list((Path(__file__).resolve().parents[1] / "results").rglob("report.html"))
    assert len(pages) > 10
    assert not [page.parent.name for page in pages if "<title>." in page.read_text(encoding="utf-8")]
