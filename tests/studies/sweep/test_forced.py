"""A forced sweep that is stopped: the old one stays, the same command goes on, no old cell counts as new."""

import os
import shutil
import signal
import warnings

import pandas as pd
import pytest

from tailrisk.core import disk
from tailrisk.record.store import mended
from tailrisk.studies.sweep import forced, page
from tests.studies.sweep import test_run
from tests.studies.sweep.test_run import SEEDS, plan, ran, swept

__all__ = ["ran"]
GRID = ("run.seed=1,2,3", *SEEDS)


@pytest.fixture
def newer(monkeypatch):
    """From here on every cell comes out otherwise than before."""
    before = test_run.shortfall

    def change():
        monkeypatch.setattr(test_run, "shortfall", lambda config: before(config) + 0.3)

    return change


def seen(folder):
    """ES of the cells a reader sees; reading refuses what is damaged or not finished."""
    assert page.show(folder)
    return set(pd.read_csv(folder / "sweep.csv").es.round(6))


def test_the_old_sweep_stays_and_the_same_command_goes_on(ran, newer, tmp_path):
    done, stop = ran
    folder, _ = swept(plan(*GRID), tmp_path)
    (folder / "notes.txt").write_text("mine")
    (old,) = seen(folder)
    newer()
    done.clear()
    stop.append(plan(*GRID).cells[2].name)
    with pytest.raises(KeyboardInterrupt):
        swept(plan(*GRID), tmp_path, force=True)
    assert len(done) == 2
    assert seen(folder) == {old}
    assert "a forced sweep in its place is not finished" in page.show(folder)
    stop.clear()
    _, told = swept(plan(*GRID), tmp_path, force=True)
    assert [line.endswith("done before") for line in told] == [True, True, False]
    assert seen(folder) == {round(old + 0.3, 6)}
    assert "not finished" not in page.show(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    done.clear()
    swept(plan(*GRID), tmp_path, force=True)
    assert len(done) == 3, "a finished one is begun anew"


def test_cells_begun_by_other_code_are_run_again(ran, newer, tmp_path, monkeypatch):
    done, stop = ran
    folder, _ = swept(plan(*GRID), tmp_path)
    stop.append(plan(*GRID).cells[1].name)
    with pytest.raises(KeyboardInterrupt):
        swept(plan(*GRID), tmp_path, force=True)
    stop.clear()
    newer()
    monkeypatch.setattr(forced, "code", lambda: "another" * 9)
    done.clear()
    swept(plan(*GRID), tmp_path, force=True)
    assert len(done) == 3
    assert len(seen(folder)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_cells_of_another_grid_stay_and_are_never_taken_for_forced_ones(ran, newer, tmp_path, monkeypatch):
    done, _ = ran
    folder, _ = swept(plan("run.seed=4,5", *SEEDS), tmp_path)
    (old,) = seen(folder)
    newer()

    def stopped(place, folder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(forced, "swap", stopped)  # all is there but the new place
        with pytest.raises(KeyboardInterrupt):
            swept(plan(*GRID), tmp_path, force=True)
    assert seen(folder) == {old}
    done.clear()
    swept(plan("run.seed=3,4", *SEEDS), tmp_path, force=True)
    assert [name[:6] for name in done] == ["seed-4"], "the third was run by the first forced sweep"
    assert seen(folder) == {round(old + 0.3, 6)}
    assert [path.name[:6] for path in sorted(folder.glob("seed-*"))] == ["seed-3", "seed-4", "seed-5"]


def killed_at(operation, act):
    """Run `act` in a process of its own that is killed at so many operations on the disk; whether it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX's threads do not write
        child = os.fork()
    if child == 0:
        count = 0

        def counted(real):
            def call(*arguments):
                nonlocal count
                count += 1
                if count == operation:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments)

            return call

        for name in ("write", "sync", "rename", "remove", "beside"):
            setattr(disk, name, counted(getattr(disk, name)))
        try:
            act()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_kill_at_any_operation_shows_the_old_or_the_new_and_the_same_command_goes_on(ran, newer, tmp_path):
    done, _ = ran
    it = plan("run.seed=1,2", *SEEDS)
    folder, _ = swept(it, tmp_path / "0", finish=None)
    (old,) = seen(folder)
    newer()
    lasted = []
    for k in range(1, 400, 4):
        output = tmp_path / str(k)
        folder = output / it.name
        shutil.copytree(tmp_path / "0" / it.name, folder)
        if not killed_at(k, lambda output=output: swept(it, output, force=True, finish=None)):
            break
        first = seen(mended(folder))
        assert first in ({old}, {round(old + 0.3, 6)})
        done.clear()
        swept(it, output, force=True, finish=None)
        lasted.append(len(done))
        assert seen(folder) == {round(old + 0.3, 6)}
        assert [path.name for path in output.iterdir()] == [it.name]
    assert len(lasted) > 10
    assert {0, 1, 2} <= set(lasted), "what was done was not done again"
