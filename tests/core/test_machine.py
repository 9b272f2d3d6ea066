"""Memory a process may use: control groups of both versions, ulimit, and what the machine has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tailrisk.core import machine


def tree(root: Path, groups: str, **limits: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for place, text in limits.items():
        path = root / "sys/fs/cgroup" / place.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "limits", "expected"),
    [
        ("0::/a/b\n", {"a__memory_dot_max": "2000000000\n", "a__b__memory_dot_max": "max\n"}, [2e9]),
        ("0::/a\n", {"a__memory_dot_max": "3000000000", "memory_dot_max": "1000000000"}, [3e9, 1e9]),
        ("4:cpu,memory:/x\n0::/\n", {"memory__x__memory_dot_limit_in_bytes": "500000000"}, [5e8]),
        ("4:memory:/host/only\n", {"memory__memory_dot_limit_in_bytes": "700000000"}, [7e8]),
        ("4:memory:/\n", {"memory__memory_dot_limit_in_bytes": "9223372036854771712"}, []),
        ("3:cpu:/x\n", {"memory__x__memory_dot_limit_in_bytes": "5"}, []),
    ],
)
def test_limits_of_groups(tmp_path, groups, limits, expected):
    assert list(machine.groups(tree(tmp_path, groups, **limits))) == expected


def test_a_system_without_groups_has_no_limit(tmp_path):
    assert list(machine.groups(tmp_path)) == []


def test_the_least_counts(monkeypatch):
    monkeypatch.setattr(machine, "groups", lambda: iter([3e9]))
    monkeypatch.setattr(machine, "_physical", lambda: iter([8e9]))
    monkeypatch.setattr(machine, "_ulimits", lambda: iter([4e9]))
    assert machine.memory() == 3e9
    monkeypatch.setattr(machine, "groups", lambda: iter([]))
    assert machine.memory() == 4e9
    monkeypatch.setattr(machine, "_physical", lambda: iter([]))
    monkeypatch.setattr(machine, "_ulimits", lambda: iter([]))
    assert machine.memory() is None


@pytest.mark.parametrize("kind", ["v", "d"])
def test_a_ulimit_is_seen(kind):
    script = "from tailrisk.core.machine import memory; print(memory())"
    done = subprocess.run(
        ["bash", "-c", f"ulimit -{kind} 1500000; {sys.executable} -c '{script}'"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
    )
    assert float(done.stdout) == 1_500_000 * 1024
