"""Cells shared between sweeps, cells that fail, and what the table and the page say of them."""

import json

import pandas as pd
import pytest

from tailrisk.core import Fault, seal
from tailrisk.studies.sweep import page
from tailrisk.studies.sweep import run as sweeps
from tests.studies.sweep.test_run import SEEDS, plan, ran, swept

__all__ = ["ran"]


@pytest.fixture
def failing(ran, monkeypatch):
    """Runs of these seeds fail while they are listed."""
    done, _ = ran
    seeds, plain = [], sweeps.run

    def run(config, *more, **options):
        if config.run.seed in seeds:
            raise Fault("12 paths are not finite\nby far")
        return plain(config, *more, **options)

    monkeypatch.setattr(sweeps, "run", run)
    return seeds, done


def test_a_cell_of_another_sweep_is_copied_and_not_run(ran, tmp_path):
    done, _ = ran
    first, _ = swept(plan("run.seed=1,2", *SEEDS, name="one"), tmp_path)
    done.clear()
    second, told = swept(plan("run.days=20,21", "run.seed=2,3", *SEEDS, name="two"), tmp_path)
    assert len(done) == 3
    assert told[0].endswith("done before, in one")
    (here,) = [c for c in plan("run.days=20,21", "run.seed=2,3", *SEEDS).cells if c.settings == ("20", "2")]
    (there,) = [c for c in plan("run.seed=1,2", *SEEDS).cells if c.settings == ("2",)]
    assert here.key == there.key
    for name in ("tail.csv", "record.json", seal.SUMS):
        copy, original = second / here.name / name, first / there.name / name
        assert copy.read_bytes() == original.read_bytes()
    seal.check(second)


def test_a_damaged_cell_of_another_sweep_is_run_and_not_copied(ran, tmp_path):
    done, _ = ran
    first, _ = swept(plan("run.seed=1,2", *SEEDS, name="one"), tmp_path)
    for path in first.glob("seed-2*/tail.csv"):
        path.write_bytes(path.read_bytes()[:-1])
    done.clear()
    swept(plan("run.seed=2,3", *SEEDS, name="two"), tmp_path)
    assert len(done) == 2


def test_a_failed_cell_is_recorded_and_the_rest_goes_on(failing, tmp_path):
    seeds, done = failing
    seeds.append(2)
    it = plan("run.seed=1,2,3", *SEEDS)
    folder, told = swept(it, tmp_path)
    assert len(done) == 2
    assert told[-2].endswith("failed: Fault: 12 paths are not finite by far")
    table = pd.read_csv(folder / "cells.csv", keep_default_na=False)
    assert list(table.status) == ["done", "failed", "done"]
    assert table.error[1] == "Fault: 12 paths are not finite by far"
    assert set(pd.read_csv(folder / "sweep.csv")["run.seed"]) == {1, 3}
    record = json.loads((folder / "sweep.json").read_text())
    assert (record["done"], record["failed"]) == (True, 1)
    assert "1 of 3 cells failed" in page.show(folder)
    assert "12 paths are not finite" in (folder / "index.html").read_text()
    seal.check(folder)
    seeds.clear()
    swept(it, tmp_path)
    assert len(done) == 3, "the same command tries what failed, and only that"
    assert not page.Grid.read(folder).errors
    assert "failed" not in page.show(folder)


def test_where_every_cell_fails_nothing_is_published(failing, tmp_path):
    failing[0].extend([1, 2])
    with pytest.raises(Fault, match="all 2 cells failed, the first with Fault: 12 paths"):
        swept(plan("run.seed=1,2", *SEEDS), tmp_path)


def test_the_disk_stops_the_sweep(ran, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sweeps, "run", full)
    with pytest.raises(OSError, match="No space"):
        swept(plan("run.seed=1,2", *SEEDS), tmp_path)
