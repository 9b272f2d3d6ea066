"""Drills of sweeps: a sweep of the smallest runs, and how its store differs from one that was left alone."""

import json
import sys
from pathlib import Path

from ...core import seal

OWN = {"record.json", "report.html", "page.md", seal.SUMS}
"""Files that say when, how fast and by which command a cell was made."""
SIZE = ("run.paths=256", "run.days=2", "tail.levels=[0.9]", "event=[]", "run.chunk=256")


def command(output: Path, cells: int, jobs: int) -> list[str]:
    """The sweep over so many seeds."""
    sets = [*SIZE, "run.seed=" + ",".join(map(str, range(1, cells + 1)))]
    words = ["-m", "tailrisk", "sweep", "smoke.toml", "--name", "drill", "--jobs", str(jobs), "--quiet"]
    words.append("--no-pages")
    return [sys.executable, *words, "--output", str(output), *(w for s in sets for w in ("--set", s))]


def content(folder: Path) -> dict[str, str]:
    """Digest of every file of every cell but those of its own time."""
    return {
        path.relative_to(folder).as_posix(): seal.sha256(path)
        for path in sorted(folder.glob("seed-*/**/*"))
        if path.is_file() and path.name not in OWN
    }


def records(folder: Path) -> dict[str, str]:
    """What a cell's record says of its config, by cell."""
    names = ("config_sha256", "seed", "paths", "faults", "rng_version")
    found = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("seed-*/record.json")}
    return {cell: json.dumps({name: record[name] for name in names}) for cell, record in found.items()}


def judged(alone: Path, disturbed: Path) -> dict[str, int]:
    """How two stores differ, and what was left over."""
    one, other = content(alone), content(disturbed)
    said, also = records(alone), records(disturbed)
    return {
        "cells": len(said),
        "files compared": len(one),
        "files that differ": sum(one[name] != other[name] for name in one.keys() & other.keys()),
        "files lost": len(one.keys() - other.keys()),
        "files left over": len(other.keys() - one.keys()) + sum(1 for _ in disturbed.rglob(".*")),
        "records that differ": sum(said[cell] != also.get(cell) for cell in said),
        "broken seals": sum(not seal.intact(path.parent) for path in disturbed.glob(f"seed-*/{seal.SUMS}")),
    }
