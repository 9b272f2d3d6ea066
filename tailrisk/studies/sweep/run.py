"""A sweep: a run for every cell, each in a folder of its own, and one table over all of them."""

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ...core import InputError, disk, seal
from ...record import provenance
from ...record.files import as_json, write_csv
from ...record.run import Finish, run
from ...record.store import RECORD, claimed, seal_files, tidy
from . import forced, page
from .config import Cell, Sweep

SWEEP = forced.NAME
TABLES = {"sweep.csv": "tail.csv", "sweep_events.csv": "events.csv", "sweep_crowd.csv": "crowd.csv"}
"""Table over the cells -> the cells' table it is made of."""
PAGE = ("index.html", "figures/sweep.svg")
Tell = Callable[[str], None]


def sweep(
    plan: Sweep,
    output: Path,
    *,
    force: bool,
    command: Callable[[Cell], str],
    progress: bool,
    tell: Tell,
    finish: Finish | None = None,
    finish_cell: Finish | None = None,
) -> Path:
    """Run every cell that is not there yet, sealed and intact; write `output`/<name> and return it.

    A cell's folder appears when it is complete, so an interrupted sweep goes on where it stopped. `force`
    runs every cell again, beside the old sweep, which stays until all are done; a forced sweep that was
    stopped goes on by the same command. `finish` and `finish_cell` write the pages. Raises InputError when
    the folder is there and is no sweep, or being written, and what `run` does.
    """
    folder = Path(os.path.realpath(output / plan.name))
    with claimed(folder):
        if folder.exists() and not (folder / SWEEP).is_file() and any(folder.iterdir()):
            raise InputError(
                str(folder), "is there and is not a sweep of tailrisk", "another --name or --output"
            )
        place = forced.begin(folder, (cell.name for cell in plan.cells)) if force else folder
        place.mkdir(exist_ok=True)
        disk.remove(place / seal.SUMS)
        disk.replace(place / SWEEP, as_json(record(plan, done=False)))
        tidy(place)
        for number, cell in enumerate(plan.cells, 1):
            label = f"{number}/{len(plan.cells)} {cell.name}"
            if is_done(place / cell.name, cell):
                tell(f"{label}: done before")
                continue
            tell(label)
            run(
                cell.config,
                place,
                force=True,
                command=command(cell),
                progress=progress,
                finish=finish_cell,
            )
        _publish(plan, place, finish)
        if force:
            forced.end(place, folder)
    return folder


def _publish(plan: Sweep, folder: Path, finish: Finish | None) -> None:
    """The tables over all cells, the page, and last the seal of these and of every cell's seal."""
    for name, source in TABLES.items():
        table = together(plan, folder, source)
        if table is None:
            disk.remove(folder / name)
        else:
            write_csv(table, folder / name, replace=True)
    disk.replace(folder / SWEEP, as_json(record(plan, done=True)))
    if finish is not None:
        finish(folder)
    seal_sweep(folder, (cell.name for cell in plan.cells))


def seal_sweep(folder: Path, cells: Iterable[str]) -> None:
    """Seal a sweep's own files and the seals of its cells."""
    own = [folder / name for name in (SWEEP, *TABLES, *PAGE) if (folder / name).is_file()]
    seal_files(folder, [*own, *(folder / cell / seal.SUMS for cell in cells)])


def rewritten(folder: Path) -> Path:
    """Write the page of a finished sweep again, and seal it. Raises InputError where it is damaged."""
    folder = Path(os.path.realpath(folder))
    grid = page.Grid.read(folder)
    with claimed(folder):
        written = page.write(folder)
        if grid.record.get("sealed"):
            seal_sweep(folder, grid.cells)
    return written


def is_done(folder: Path, cell: Cell) -> bool:
    """Whether the folder holds a run of this very config by this engine, sealed and intact."""
    if not seal.intact(folder):
        return False
    found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return found["config_sha256"] == cell.config.digest()


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
        "sealed": seal.SUMS,
    }
