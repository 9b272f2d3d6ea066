"""A sweep by the processes of a local cluster, one of them killed, beside the same sweep left alone."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tailrisk.cli import main
from tailrisk.core import Fault, InputError, seal
from tailrisk.studies.sweep import cluster
from tailrisk.studies.sweep.cluster import Where, checked

SWEEP = [
    "sweep", "smoke.toml", "--set", "run.paths=256", "--set", "run.days=3", "--set", "tail.levels=[0.9]",
    "--set", "event=[]", "--set", "run.seed=1,2,3,4", "--name", "many", "--quiet",
]  # fmt: skip
VOLATILE = {"record.json", "report.html", "page.md", seal.SUMS}


def asked(*more: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main([*SWEEP, *more])
    return int(stop.value.code or 0)


def files(folder: Path) -> dict[str, bytes]:
    """What was computed of every cell."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in VOLATILE and path.name != "sweep.json"
    }


def workers() -> list[int]:
    """Processes that work for this one, newest last."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ")
            parent = int(path.with_name("stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == os.getpid() and b"spawn_main" in command:
            found.append(int(path.parent.name))
    return sorted(found)


def kill_one_after_the_first_cell(folder: Path, killed: list[int]) -> None:
    since = time.monotonic()
    while time.monotonic() - since < 200:
        there = any(folder.glob("seed-*/SHA256SUMS"))
        if there and (alive := workers()):
            os.kill(alive[-1], signal.SIGKILL)
            killed.append(alive[-1])
            return
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found in /proc")
@pytest.mark.filterwarnings("ignore")  # of Dask, on a worker that dies
def test_processes_give_the_cells_of_one_process_though_a_worker_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    monkeypatch.chdir(tmp_path)
    assert asked("--output", "alone") == 0
    killed: list[int] = []
    thread = threading.Thread(target=kill_one_after_the_first_cell, args=(tmp_path / "out/many", killed))
    thread.start()
    assert asked("--output", "out", "--jobs", "2") == 0
    thread.join()
    assert killed, "no worker was killed"
    assert files(tmp_path / "out/many") == files(tmp_path / "alone/many")
    seal.check(tmp_path / "out/many")
    left = [path.name for path in (tmp_path / "out").rglob(".*")]
    assert not left, "nothing is left over"
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out/many").glob("seed-*/*")}
    assert asked("--output", "out", "--jobs", "2") == 0
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out/many").glob("seed-*/*")} == before


def test_one_cluster_at_a_time_and_only_one_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than one"):
        checked(Where(2, "tcp://127.0.0.1:1"))
    with pytest.raises(InputError, match="no such file"):
        checked(Where(1, None, tmp_path / "none.json"))
    assert checked(Where()).here


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(InputError, match=r"crowdtail\[cluster\]"):
        checked(Where(2))


def test_processes_that_do_not_start_are_a_fault_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

    def dead(**_: object) -> None:
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(distributed, "LocalCluster", dead)
    with pytest.raises(Fault, match="the same command goes on"):
        cluster._local(2)
