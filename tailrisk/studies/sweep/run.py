"""A sweep: a run for every cell, each in a folder of its own, and one table over all of them."""

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from ...core import Fault, InputError, disk, seal
from ...record import provenance
from ...record.files import as_json, write_csv
from ...record.run import Finish, run
from ...record.store import claimed, seal_files, tidy
from . import forced, page
from .cells import adopted, elsewhere, failure, is_done
from .cluster import Where, checked, run_cells
from .config import Cell, Sweep

SWEEP = forced.NAME
TABLES = {"sweep.csv": "tail.csv", "sweep_events.csv": "events.csv", "sweep_crowd.csv": "crowd.csv"}
"""Table over the cells -> the cells' table it is made of."""
CELLS = "cells.csv"
"""A row a cell: its settings, and whether it is done or what it failed with."""
PAGE = ("index.html", "page.md", *(f"figures/sweep.{kind}" for kind in ("svg", "png", "pdf")))
HERE = Where()
NONE: Mapping[str, str] = MappingProxyType({})
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
    where: Where = HERE,
) -> Path:
    """Run every cell that is not there yet, sealed and intact; write `output`/<name> and return it.

    A cell's folder appears when it is complete, so an interrupted sweep goes on where it stopped; a cell
    that another sweep in `output` has is copied. A cell that fails is recorded, the others go on, and the
    same command tries it again. `force` runs every cell again, beside the old sweep, which stays until all
    are done; a forced sweep that was stopped goes on by the same command. `finish` and `finish_cell` write
    the pages; without the second, cells have none. Raises InputError when the folder is there and
    is no sweep, or being written; Fault when no cell could be run.
    """
    folder = Path(os.path.realpath(output / plan.name))
    where = checked(where)
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
        left = _left(plan, place, {} if force else elsewhere(folder.parent), tell)
        if where.here:
            errors = _in_turn(plan, place, left, command, progress, tell, finish_cell)
        else:
            pages = finish_cell is not None
            errors = run_cells(plan, place, left, where, command=command, tell=tell, pages=pages)
            tidy(place)  # of a worker that was still at a cell another had done
        _publish(plan, place, finish, errors, where)
        if force:
            forced.end(place, folder)
    return folder


def _left(plan: Sweep, place: Path, others: dict[str, list[Path]], tell: Tell) -> list[Cell]:
    """Cells to be run: neither there nor in another sweep."""
    left = []
    for number, cell in enumerate(plan.cells, 1):
        label = f"{number}/{len(plan.cells)} {cell.name}"
        if is_done(place / cell.name, cell):
            tell(f"{label}: done before")
        elif source := adopted(place, cell, others):
            tell(f"{label}: done before, in {source.parent.name}")
        else:
            left.append(cell)
    return left


def _in_turn(
    plan: Sweep,
    place: Path,
    left: Iterable[Cell],
    command: Callable[[Cell], str],
    progress: bool,
    tell: Tell,
    finish: Finish | None,
) -> dict[str, str]:
    """Run cells one after the other; return what failed, by cell, and with what."""
    errors, numbers = {}, {cell.name: k for k, cell in enumerate(plan.cells, 1)}
    for cell in left:
        label = f"{numbers[cell.name]}/{len(plan.cells)} {cell.name}"
        tell(label)
        try:
            run(cell.config, place, force=True, command=command(cell), progress=progress, finish=finish)
        except OSError:  # the next one would meet the same disk
            raise
        except Exception as error:
            errors[cell.name] = failure(error)
            tell(f"{label}: failed: {errors[cell.name]}")
    return errors


def _publish(
    plan: Sweep, folder: Path, finish: Finish | None, errors: Mapping[str, str], where: Where
) -> None:
    """The tables over all cells, the page, and last the seal of these and of every cell's seal.

    Raises Fault where every cell failed: there is nothing to show.
    """
    done = [cell for cell in plan.cells if cell.name not in errors]
    if not done:
        raise Fault(f"all {len(plan.cells)} cells failed, the first with {next(iter(errors.values()))}")
    for name, source in TABLES.items():
        table = together(plan, folder, source, errors)
        if table is None:
            disk.remove(folder / name)
        else:
            write_csv(table, folder / name, replace=True)
    write_csv(_fates(plan, errors), folder / CELLS, replace=True)
    disk.replace(folder / SWEEP, as_json(record(plan, done=True, errors=errors, where=where)))
    if finish is not None:
        finish(folder)
    seal_sweep(folder, (cell.name for cell in done))


def _fates(plan: Sweep, errors: Mapping[str, str]) -> pd.DataFrame:
    """A row a cell [cell, column]."""
    rows = [
        {
            "cell": cell.name,
            **dict(zip(plan.keys, cell.settings, strict=True)),
            "status": "failed" if cell.name in errors else "done",
            "error": errors.get(cell.name, ""),
        }
        for cell in plan.cells
    ]
    return pd.DataFrame(rows)


def seal_sweep(folder: Path, cells: Iterable[str]) -> None:
    """Seal a sweep's own files and the seals of its cells."""
    own = [folder / name for name in (SWEEP, CELLS, *TABLES, *PAGE) if (folder / name).is_file()]
    seal_files(folder, [*own, *(folder / cell / seal.SUMS for cell in cells)])


def rewritten(folder: Path) -> Path:
    """Write the page of a finished sweep again, and seal it. Raises InputError where it is damaged."""
    folder = Path(os.path.realpath(folder))
    grid = page.Grid.read(folder)
    with claimed(folder):
        written = page.write(folder)
        if grid.record.get("sealed"):
            seal_sweep(folder, (cell for cell in grid.cells if cell not in grid.errors))
    return written


def together(plan: Sweep, folder: Path, source: str, errors: Mapping[str, str] = NONE) -> pd.DataFrame | None:
    """One table of all cells that did not fail, each row with its cell and settings in front; None: none."""
    tables = []
    for cell in plan.cells:
        path = folder / cell.name / source
        if cell.name not in errors and path.is_file() and path.stat().st_size > 1:
            table = pd.read_csv(path)
            front = {"cell": cell.name, **dict(zip(plan.keys, cell.settings, strict=True))}
            for place, (name, value) in enumerate(front.items()):
                table.insert(place, name, value)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else None


def record(
    plan: Sweep, *, done: bool, errors: Mapping[str, str] = NONE, where: Where = HERE
) -> dict[str, Any]:
    """What is swept, whether every cell is there, what the others failed with, and who ran them."""
    commit, dirty = provenance.commit()
    return {
        "name": plan.name,
        "question": plan.question,
        "keys": list(plan.keys),
        "cells": [
            {
                "name": cell.name,
                "settings": list(cell.settings),
                "config_sha256": cell.config.digest(),
                **({"error": errors[cell.name]} if cell.name in errors else {}),
            }
            for cell in plan.cells
        ],
        "seeds": sorted({cell.config.run.seed for cell in plan.cells}),
        "done": done,
        "failed": len(errors),
        "run_by": where.words(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "dirty": dirty,
        "sealed": seal.SUMS,
    }
