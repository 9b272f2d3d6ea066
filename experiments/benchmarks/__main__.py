"""How fast, how far and at what cost, on this machine in one run: `python -m experiments.benchmarks`.

One model in every way: our engine, its random numbers alone, numba, NumPy, PyTorch (where it can be imported:
PYTHONPATH=FOLDER of `pip install --target FOLDER torch`); growth with paths, days, rounds, cohorts, devices
and processes; memory; cold start; a sweep's cells in one program; energy where the platform tells. About six
minutes on two free cores; with `--small` one, for a look. Writes results/benchmarks.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import pandas as pd

from experiments.benchmarks import page
from tailrisk.core.machine import cores
from tailrisk.record.publishing import publish

Row = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
RUN = ("event=[]", "market.process=regimes", "run.days=60", "tail.levels=[0.99]")
STARTS = {
    "tailrisk --version": ["--version"],
    "tailrisk check feb2024.toml": ["check", "feb2024.toml"],
    "tailrisk run, 8,192 paths": ["run", "feb2024.toml", "--set", "run.paths=8192"],
    "tailrisk run, crowd, 1,024 paths": ["run", "crowd_feb2024.toml", "--set", "run.paths=1024"],
}


PROGRAM = (sys.executable, "-m", "tailrisk")
LAUNCH = """
import json, os, resource, subprocess, sys, time
some = json.loads(sys.argv[1])
if some:
    os.sched_setaffinity(0, some)
since = time.perf_counter()
code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = used.ru_utime + used.ru_stime
wall = time.perf_counter() - since
print(json.dumps({"wall_seconds": wall, "cpu_seconds": cpu, "memory_mb": used.ru_maxrss / 1024}))
sys.exit(code)
"""
"""A small process that starts a command: the largest memory counts what the starting process had."""


def measured(name: str, *numbers: int, flags: str = "") -> list[Row]:
    """The rows of one measure, made in a process of its own."""
    words = [sys.executable, "-m", "experiments.benchmarks.measures", name, *map(str, numbers)]
    environment = {**os.environ, "XLA_FLAGS": flags, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    rows: list[Row] = json.loads(done.stdout.splitlines()[-1])["rows"]
    return rows


def command(words: Sequence[str], *, compiled: Path, some: Sequence[int] | None = None) -> Row:
    """One command: wall and CPU seconds, largest memory of it and what it starts; on `some` cores."""
    environment = {**os.environ, "TAILRISK_COMPILED": str(compiled)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    line = [sys.executable, "-c", LAUNCH, json.dumps(list(some or [])), *PROGRAM, *words]
    done = subprocess.run(line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}")
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def run_of(work: Path, name: str, *more: str) -> list[str]:
    """The command of an exogenous run in `work`."""
    sets = [word for one in (*RUN, *more, f"name={name}") for word in ("--set", one)]
    return ["run", "feb2024.toml", *sets, "--quiet", "--force", "--output", str(work)]


def starts(work: Path) -> list[Row]:
    """Commands with nothing compiled before, and again."""
    rows = []
    for k, (name, words) in enumerate(STARTS.items()):
        for state in ("cold", "warm"):
            more = ["--quiet", "--force", "--output", str(work)] if "run" in words else []
            found = command([*words, *more], compiled=work / f"compiled{k}")
            rows.append({"command": name, "programs": state, **found})
    return rows


def processes(work: Path, small: int, large: int, repeat: int) -> list[Row]:
    """Path-days a second of a run on one core and of one divided between two, from runs of two sizes.

    The difference of two sizes leaves out what a process pays once; each the best of `repeat`.
    """
    every = sorted(os.sched_getaffinity(0))
    rows = []
    for count in (1, 2):
        if count > len(every):
            break
        seconds: dict[int, list[float]] = {small: [], large: []}
        peak = 0.0
        for paths in [*[small] * repeat, *[large] * repeat]:
            words = run_of(work, f"p{count}", f"run.paths={paths}")
            found = command(
                [*words, "--processes", str(count)], compiled=work / "compiled", some=every[:count]
            )
            record = json.loads((work / f"p{count}/record.json").read_text())
            seconds[paths].append(record["wall_seconds"])
            peak = max(peak, found["memory_mb"])
        took = min(seconds[large]) - min(seconds[small])
        rate = (large - small) * 60 / took
        rows.append({"processes": count, "path_days_per_second": rate, "efficiency": 1.0, "memory_mb": peak})
    if len(rows) == 2:
        rows[1]["efficiency"] = rows[1]["path_days_per_second"] / 2 / rows[0]["path_days_per_second"]
    return rows


def memory(work: Path, sizes: Sequence[int]) -> list[Row]:
    """Largest memory of runs of more and more paths."""
    rows = []
    for paths in sizes:
        sets = [
            word for one in (*RUN, "run.days=5", f"run.paths={paths}", "name=m") for word in ("--set", one)
        ]
        words = ["run", "feb2024.toml", *sets, "--quiet", "--force", "--output", str(work)]
        rows.append({"paths": paths, **command(words, compiled=work / "compiled")})
    return rows


@click.command()
@click.option("--small", is_flag=True, help="Less of everything: a look, not a measurement.")
@click.option(
    "-o", "--output", default="results/benchmarks", type=click.Path(path_type=Path), show_default=True
)
def main(small: bool, output: Path) -> None:
    """Measure, write the page."""
    begun, load = time.perf_counter(), os.getloadavg()
    devices = [1, 2] if small else [1, 2, 4]
    flags = "--xla_force_host_platform_device_count="
    with TemporaryDirectory(prefix="benchmarks") as name:
        work = Path(name)
        tables = {
            "ways": measured("ways", *((16_384, 20, 1) if small else (65_536, 60, 3))),
            "devices": [
                row
                for count in devices
                for row in measured("devices", 65_536 if small else 262_144, flags=f"{flags}{count}")
            ],
            "processes": processes(work, 65_536, 262_144 if small else 1_048_576, 1 if small else 2),
            "cells": measured("cells", 3 if small else 16),
            "starts": starts(work),
            "memory": memory(work, (100_000,) if small else (100_000, 2_000_000)),
            "growth": measured("growth", int(small)),
        }
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    facts = {
        "question": "How fast is the engine, against what could be written by hand, and what does it cost?",
        "command": f"python -m experiments.benchmarks{' --small' if small else ''}",
        "cores": cores(),
        "processor": page.processor() or platform.machine(),
        "load_before": load[0],
        "wall_seconds": round(time.perf_counter() - begun),
    }
    text, picture = page.page(frames, facts), page.picture(frames["ways"])
    publish(output, "benchmarks", frames, text, facts, {"ways": picture})
    click.echo(text)


if __name__ == "__main__":
    main()
