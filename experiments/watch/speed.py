"""How fast the monitor is, and how much memory it holds, from memory and from files of growing size."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tailrisk.surveillance import Planted, watch
from tailrisk.surveillance.events import Registers
from tailrisk.surveillance.generate import write
from tailrisk.surveillance.source import chunks

from .monitor import never, watched

PART = 10
"""One part in so many of the stream is the smallest file."""


def speed(planted: Planted) -> Iterator[dict[str, object]]:
    """Orders a second: detection from memory, and reading and both from files."""
    many = len(planted.events)
    alone = Registers(accounts=planted.registers.accounts, securities=planted.registers.securities)
    both = Registers(accounts=alone.accounts, securities=alone.securities, controlled=True)
    both.control = planted.registers.control
    yield timed("detection, accounts", many, lambda: watched(planted.events, alone))
    yield timed("detection, accounts and controllers", many, lambda: watched(planted.events, both))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("orders.csv", "orders.parquet"):
            path = Path(folder) / name
            write(planted, path)
            kind = path.suffix[1:].replace("csv", "CSV").replace("parquet", "Parquet")
            megabytes = path.stat().st_size / 1e6
            read = timed(
                f"reading {kind}", many, lambda path=path: sum(map(len, chunks(path, Registers(), never)))
            )
            yield read | {"megabytes": megabytes}
            yield timed(f"{kind} to alarms", many, lambda path=path: watch(path)) | {"megabytes": megabytes}
            if path.suffix == ".parquet":  # the CSV is among the files of `bounded`
                yield commanded(path, many) | {"megabytes": megabytes}


COMMAND = """
import sys
from tailrisk.cli import commands
commands.main(sys.argv[1:], standalone_mode=False)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) / 1024)
"""
"""The command, and then the most memory that its own process held, in megabytes (Linux)."""


def commanded(path: Path, many: int) -> dict[str, object]:
    """The command itself in a process of its own, with the most memory it held."""
    words = ["watch", str(path), "--output", str(path.parent / "out"), "--force", "--quiet"]
    wall, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words], check=True, stdout=subprocess.PIPE, text=True
    )
    wall, after = time.perf_counter() - wall, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    row: dict[str, object] = {"what": f"`tailrisk watch {path.name}`", "orders": many, "seconds": wall}
    row |= {
        "cpu_seconds": cpu,
        "millions_a_second": many / wall / 1e6,
        "millions_a_cpu_second": many / cpu / 1e6,
    }
    return row | {"peak_memory_mb": float(done.stdout)}


def timed(what: str, many: int, work: object) -> dict[str, object]:
    """The best of three: seconds by the wall and of the processor."""
    best = (float("inf"), float("inf"))
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        work()  # type: ignore[operator]
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    row: dict[str, object] = {"what": what, "orders": many, "seconds": best[0], "cpu_seconds": best[1]}
    return row | {"millions_a_second": many / best[0] / 1e6, "millions_a_cpu_second": many / best[1] / 1e6}


def bounded(planted: Planted) -> Iterator[dict[str, object]]:
    """The command's memory and alarms on a part of the stream, on all of it, and on two days of it.

    The second day is the first with another date, so that a file of both has each alarm twice.
    """
    many = len(planted.events)
    with tempfile.TemporaryDirectory() as folder:
        whole, small, double = (Path(folder) / f"{name}.csv" for name in ("day", "part", "days"))
        write(planted, whole)
        _cut(whole, small, many // PART)
        _doubled(whole, double)
        for path, rows in ((small, many // PART), (whole, many), (double, 2 * many)):
            row = commanded(path, rows)
            alarms = pd.read_csv(Path(folder) / "out" / "alarms.csv")
            row = {"file": path.stem, "gigabytes": path.stat().st_size / 1e9, **row, "alarms": len(alarms)}
            row["planted"] = {small: "", whole: len(planted.alarms), double: 2 * len(planted.alarms)}[path]
            del row["what"]
            yield row


def _cut(whole: Path, part: Path, rows: int) -> None:
    """The header and the first rows."""
    with whole.open("rb") as source, part.open("wb") as target:
        for _ in range(rows + 1):
            target.write(source.readline())


def _doubled(whole: Path, double: Path, block: int = 2**24) -> None:
    """The day, and the same rows with the next day's date; order numbers begin anew."""
    with double.open("wb") as target:
        for day in (b"2024-02-19", b"2024-02-20"):
            with whole.open("rb") as source:
                header = source.readline()
                if day == b"2024-02-19":
                    target.write(header)
                rest = b""
                while chunk := source.read(block):
                    lines, _, tail = (rest + chunk).rpartition(b"\n")
                    target.write(lines.replace(b"2024-02-19", day) + b"\n")
                    rest = tail
