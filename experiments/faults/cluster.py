"""A sweep on a cluster whose worker, scheduler and client are killed at random times, each started again."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tailrisk.core import disk, seal
from tailrisk.studies.sweep.drill import command, judged

PARTS = ("worker", "scheduler", "client")
CELLS = 24
PAUSE = (1.0, 6.0)
"""Seconds between two kills, at least and at most; at least one more cell is done in between."""
WAIT = 120.0
"""Seconds for a scheduler to write its file, or for one more cell."""


class Cluster:
    """The processes of one sweep, by what they are."""

    def __init__(self, work: Path, cells: int) -> None:
        self.work, self.file, self.log = work, work / "scheduler.json", work / "log"
        lines = command(work / "disturbed", cells, 1)
        place = lines.index("--jobs")
        words = [*lines[:place], *lines[place + 2 :], "--scheduler-file", str(self.file)]
        dask = [sys.executable, "-m", "dask"]
        self.lines = {
            "scheduler": [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
            "worker": [*dask, "worker", "--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard"],
            "client": words,
        }
        for name in ("scheduler", "worker"):
            self.lines[name] += ["--scheduler-file", str(self.file)]
        self.lines["worker"] += ["--local-directory", str(work)]
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start a process anew; a scheduler's file is waited for."""
        if name == "scheduler":
            disk.remove(self.file)
        with self.log.open("ab") as log:
            self.running[name] = subprocess.Popen(self.lines[name], stdout=log, stderr=log)
        until = time.monotonic() + WAIT
        while name == "scheduler" and not self.file.is_file() and time.monotonic() < until:
            time.sleep(0.1)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait for its end."""
        os.kill(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()

    def mend(self) -> None:
        """Start again what has ended; a worker ends with its scheduler, a client that is done stays so."""
        if self.running["scheduler"].poll() is not None:
            for name in ("worker", "client"):
                if self.running[name].poll() is None:
                    self.kill(name)
            for name in ("scheduler", "worker"):
                self.start(name)
        if self.running["worker"].poll() is not None:
            self.start("worker")
        if self.running["client"].poll() not in (None, 0):
            self.start("client")


@contextmanager
def begun(work: Path, cells: int) -> Iterator[Cluster]:
    """A cluster with its sweep, ended with the block."""
    it = Cluster(work, cells)
    for name in ("scheduler", "worker", "client"):
        it.start(name)
    try:
        yield it
    finally:
        for name, process in it.running.items():
            if process.poll() is None:
                it.kill(name)


def cluster(work: Path, kills: int) -> list[dict[str, Any]]:
    """A row a part of the cluster: how often it was killed, and how the store differs in the end.

    The store of a sweep is compared when it is done, and another begun until there were so many kills.
    """
    random, count, found = np.random.default_rng(0), Counter[str](), Counter[str]()
    disk.remove(work)
    work.mkdir(parents=True)
    subprocess.run(command(work / "alone", CELLS, 1), check=True)
    while sum(count.values()) < kills:
        disk.remove(work / "disturbed")
        with begun(work, CELLS) as it:
            count += _one(it, random, kills - sum(count.values()))
        found += Counter(judged(work / "alone/drill", work / "disturbed/drill"))
    wrong = found["files that differ"] + found["records that differ"] + found["broken seals"]
    sums = {"lost": found["files lost"], "differs after": wrong, "left over": found["files left over"]}
    rows = []
    for k, part in enumerate(PARTS):
        own = sums if k == 0 else dict.fromkeys(sums, 0)  # of all three together
        zero = dict.fromkeys(("old", "new", "none", "refused", "wrong"), 0)
        about = {"command": "sweep on a cluster", "fault": f"{part} killed", "trials": count[part]}
        rows.append({**about, **zero, **own})
    return rows


def _one(it: Cluster, random: np.random.Generator, most: int) -> Counter[str]:
    """Disturb one sweep until it is done."""
    count, seen = Counter[str](), -1
    while it.running["client"].poll() != 0:
        until, late = time.monotonic() + random.uniform(*PAUSE), time.monotonic() + WAIT
        done = seen
        while time.monotonic() < until or (done <= seen and time.monotonic() < late):
            done = sum(1 for _ in (it.work / "disturbed/drill").glob(f"seed-*/{seal.SUMS}"))
            if it.running["client"].poll() is not None:
                break
            time.sleep(0.1)
        seen = done
        part = str(random.choice(PARTS))
        if sum(count.values()) < most and it.running[part].poll() is None:
            it.kill(part)
            count[part] += 1
        it.mend()
    return count
