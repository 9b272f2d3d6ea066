"""The README's figures are the results' own, and what it names is there."""

import re
from pathlib import Path

from experiments.readme import filled
from tailrisk.cli import commands

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_figure_in_the_readme_comes_from_results():
    """If this fails: python -m experiments.readme."""
    assert filled(README) == README


def test_linked_files_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_commands_and_folders_are_there():
    named = set(re.findall(r"^\s+tailrisk (\w+)", README, re.MULTILINE))
    assert named
    assert named <= set(commands.commands)
    folders = re.findall(r"^      (\w+)/ ", README, re.MULTILINE)
    assert len(folders) >= 8
    assert [folder for folder in folders if not (ROOT / "tailrisk" / folder).is_dir()] == []
