"""A sweep: a run for every cell, each in a folder of its own, and one table over all of them."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ...core import InputError
from ...record import provenance
from ...record.run import run, write_csv
from ...record.store import RECORD, replace_text
from .config import Cell, Sweep

SWEEP = "sweep.json"
TABLES = {"sweep.csv": "tail.csv", "sweep_events.csv": "events.csv", "sweep_crowd.csv": "crowd.csv"}
"""Table over the cells -> the cells' table it is made of."""
Tell = Callable[[str], None]


def sweep(
    plan: Sweep, output: Path, *, force: bool, command: Callable[[Cell], str], progress: bool, tell: Tell
) -> Path:
    """Run every cell that is not there yet with the same config; write `output`/<name> and return it.

    A cell's folder appears when it is complete, so an interrupted sweep goes on where it stopped. `force`
    runs every cell again. Raises InputError when the folder is there and is no sweep, and what `run` does.
    """
    folder = output / plan.name
    if folder.exists() and not (folder / SWEEP).is_file() and any(folder.iterdir()):
        raise InputError(str(folder), "is there and is not a sweep of tailrisk", "another --name or --output")
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(folder / SWEEP, _json(record(plan, done=False)))
    for number, cell in enumerate(plan.cells, 1):
        label = f"{number}/{len(plan.cells)} {cell.name}"
        if not force and is_done(folder / cell.name, cell):
            tell(f"{label}: done before")
            continue
        tell(label)
        run(cell.config, folder, force=True, command=command(cell), progress=progress)
    for name, source in TABLES.items():
        table = together(plan, folder, source)
        if table is not None:
            write_csv(table, folder / f".{name}.tmp")
            os.replace(folder / f".{name}.tmp", folder / name)
    replace_text(folder / SWEEP, _json(record(plan, done=True)))
    return folder


def is_done(folder: Path, cell: Cell) -> bool:
    """Whether the folder holds a run of this very config."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("config_sha256") == cell.config.digest()


def together(plan: Sweep, folder: Path, source: str) -> pd.DataFrame | None:
    """One table of all cells, each row with its cell and settings in front; None where none has it."""
    tables = []
    for cell in plan.cells:
        path = folder / cell.name / source
        if path.is_file() and path.stat().st_size > 1:
            table = pd.read_csv(path)
            front = {"cell": cell.name, **dict(zip(plan.keys, cell.settings, strict=True))}
            for place, (name, value) in enumerate(front.items()):
                table.insert(place, name, value)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else None


def record(plan: Sweep, *, done: bool) -> dict[str, Any]:
    """What is swept, and whether every cell is there."""
    commit, dirty = provenance.commit()
    return {
        "name": plan.name,
        "question": plan.question,
        "keys": list(plan.keys),
        "cells": [
            {"name": cell.name, "settings": list(cell.settings), "config_sha256": cell.config.digest()}
            for cell in plan.cells
        ],
        "seeds": sorted({cell.config.run.seed for cell in plan.cells}),
        "done": done,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "dirty": dirty,
    }


def _json(said: dict[str, Any]) -> str:
    return json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
