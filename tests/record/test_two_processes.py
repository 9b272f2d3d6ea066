"""A run divided among processes by `jax.distributed`: the same files, and a clear end where one is lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETS = ("run.paths=60000", "run.days=3", "event=[]", "name=one", 'uncertainty.laws=["regimes"]')
OWN = {"record.json", "report.html", "page.md", "SHA256SUMS"}
"""Files that say when, how fast and by how many a result was made."""


def command(output, *more, sets=SETS):
    words = [sys.executable, "-m", "tailrisk", "run", "smoke.toml", "--quiet", "--output", str(output), *more]
    return [*words, *(word for one in sets for word in ("--set", one))]


def environment(devices=1):
    flags = f"--xla_force_host_platform_device_count={devices}"
    return {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


def begun(output, *more, devices=1, sets=SETS):
    return subprocess.Popen(
        command(output, *more, sets=sets),
        cwd=ROOT, env=environment(devices), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def done(output, *more, devices=1):
    process = begun(output, *more, devices=devices)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert said == errors == ""
    return Path(output) / "one"


def content(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in OWN)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def members(output, count=2, sets=(SETS, SETS), wait="60"):
    """The processes of one run, each by a command of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    more = ("--coordinator", place, "--processes", str(count), "--wait", wait, "--process")
    return [begun(output, *more, str(k), sets=sets[k]) for k in range(len(sets))]


def ended(processes):
    """(exit code, what was printed on stderr) of each."""
    return [(it.returncode, errors) for it in processes for errors in [it.communicate(timeout=240)[1]]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return done(tmp_path_factory.mktemp("alone"))


@pytest.mark.parametrize(("processes", "devices"), [(2, 1), (2, 2), (1, 4)])
def test_the_same_files_for_any_number(alone, tmp_path, processes, devices):
    folder = done(tmp_path, "--processes", str(processes), devices=devices)
    assert content(folder) == content(alone)
    record = json.loads((folder / "record.json").read_text())
    assert record["processes"] == processes
    assert record["device"] == f"{processes * devices} x cpu"
    assert "processes" not in record["command"]
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_commands_of_their_own_make_one_result(alone, tmp_path):
    assert ended(members(tmp_path)) == [(0, ""), (0, "")]
    assert content(tmp_path / "one") == content(alone)


def test_another_config_is_refused_by_all(tmp_path):
    for code, errors in ended(members(tmp_path, sets=(SETS, (*SETS, "run.seed=9")))):
        assert code == 2
        assert "process 1 has another config" in errors
    assert not list(tmp_path.iterdir())


def test_a_process_that_never_comes_is_told(tmp_path):
    ((code, errors),) = ended(members(tmp_path, sets=(SETS,), wait="2"))
    assert code == 1
    assert "not all processes were there within 2 s" in errors
    assert "Check failure" not in errors


@pytest.mark.parametrize("lost", [0, 1])
def test_a_killed_process_ends_the_others_and_leaves_nothing(tmp_path, lost):
    large = (*SETS[1:], "run.paths=400_000_000", "run.memory_gb=64")
    processes = members(tmp_path, sets=(large, large))
    until = time.monotonic() + 120
    while not list(tmp_path.glob(".one.*.tmp")) and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(8)
    os.kill(processes[lost].pid, signal.SIGKILL)
    codes = ended(processes)
    assert codes[lost][0] == -signal.SIGKILL
    code, errors = codes[1 - lost]
    assert code == 1
    assert "another process of this run was lost" in errors
    assert "Check failure" not in errors
