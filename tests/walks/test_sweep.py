"""A sweep over a config of one's own, killed on the way, and asked for again."""

import time
from pathlib import Path

import pandas as pd
import pytest

from tailrisk.core import seal

from . import asked, record, started

CONFIG = """
extends = "smoke.toml"
name = "own"
event = []
[run]
paths = 256
days = 5
[tail]
levels = [0.9]
"""
SWEEP = ("sweep", "own.toml", "--set", "run.seed=1,2,3")
PATIENCE = 120


def whole(folder: Path) -> list[Path]:
    """The seals of cells that are there; a hidden folder is none."""
    return sorted(path for path in folder.glob("*/SHA256SUMS") if not path.parent.name.startswith("."))


def test_a_sweep_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text(CONFIG)
    folder = Path("results/own_sweep")
    first = started(tmp_path, *SWEEP)
    since = time.monotonic()
    while not whole(folder) and time.monotonic() - since < PATIENCE:
        assert first.poll() is None, first.stdout and first.stdout.read()
        time.sleep(0.02)
    first.kill()
    first.communicate()
    cells = whole(folder)
    assert 1 <= len(cells) < 3, "killed with cells to go"
    assert not (folder / "sweep.csv").exists(), "half a sweep is no sweep"
    there = {path: path.stat().st_mtime_ns for path in cells}

    said = asked(*SWEEP)
    assert {path: path.stat().st_mtime_ns for path in cells} == there, "what was there was not run again"
    assert said.count("done before") == len(cells)
    table = pd.read_csv(folder / "sweep.csv")
    assert sorted(table["run.seed"].unique()) == [1, 2, 3]
    for seed, rows in table.groupby("run.seed"):
        cell = folder / str(rows["cell"].iloc[0])
        seal.check(cell)
        assert f"run.seed={seed}" in str(record(cell)["command"])
        own = pd.read_csv(cell / "tail.csv")
        assert list(rows["es"]) == list(own["es"])
    assert table.groupby("run.seed")["es"].sum().nunique() == 3, "three seeds, three answers"
    assert not [path for path in Path("results").rglob("*") if path.name.startswith(".")], "nothing left over"
    shown = asked("show", folder)
    for cell in table["cell"].unique():
        row = " ".join(line for line in shown.splitlines() if line.startswith(cell))
        es = table.query("cell == @cell and view == 'absolute' and measure == 'terminal'")["es"]
        assert all(f" {100 * one:.2f} ±" in row for one in es)
