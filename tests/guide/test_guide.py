"""The guide: its pages are there, and every "mechanism n.m" of code, configs and README is a place in it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tailrisk.cli import commands
from tailrisk.core.errors import InputError
from tailrisk.guide import page, section, topics

from .pages import FENCE

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = re.compile(r"mechanism(?:\.md)?\)?,? (\d+(?:\.\d+|[a-f]\b)?)")


def references() -> dict[str, set[str]]:
    """Number -> the files that cite it."""
    cited: dict[str, set[str]] = {}
    files = [ROOT / "README.md", *ROOT.glob("configs/**/*.toml"), *ROOT.glob("tailrisk/guide/*.md")]
    files += [file for top in ("tailrisk", "experiments", "tests") for file in (ROOT / top).rglob("*.py")]
    for file in files:
        for number in REFERENCE.findall(file.read_text(encoding="utf-8")):
            cited.setdefault(number, set()).add(str(file.relative_to(ROOT)))
    return cited


def test_every_reference_to_the_mechanism_is_a_place_in_it() -> None:
    cited = references()
    assert len(cited) > 20
    for number, files in cited.items():
        assert section("mechanism", number), (number, files)


def test_a_section_ends_where_the_next_of_its_depth_begins() -> None:
    text = section("mechanism", "5.2")
    assert text.startswith("### 5.2 Cohorts")
    assert "### 5.3" not in text
    assert "### 5.3" in section("mechanism", "5")
    assert "## 6" not in section("mechanism", "5")
    assert section("mechanism", "9.7").startswith("**9.7** -1.47 %")
    assert "9.8" not in section("mechanism", "9.7")


def test_every_folder_of_results_is_explained() -> None:
    told = page("results")
    folders = {path.name for path in (ROOT / "results").iterdir() if path.is_dir()}
    assert len(folders) > 40
    assert not [name for name in sorted(folders) if f"`{name}`" not in told and f"`{name}/" not in told]


def test_what_is_not_there_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="mechanism"):
        page("mechanics")
    with pytest.raises(InputError, match=r"no section '12\.9'"):
        section("mechanism", "12.9")


def test_the_command_lists_pages_and_prints_them() -> None:
    run = CliRunner().invoke
    assert "mechanism" in run(commands, ["guide"]).output
    assert run(commands, ["guide", "mechanism"]).output.rstrip() == page("mechanism").rstrip()
    assert run(commands, ["guide", "mechanism", "5.4"]).output.startswith("### 5.4 Basis")


def test_every_page_has_one_title_and_short_lines() -> None:
    for name in topics():
        text = FENCE.sub("", page(name))
        assert text.startswith("# "), name
        assert len(re.findall(r"^# \S", text, re.MULTILINE)) == 1, name
