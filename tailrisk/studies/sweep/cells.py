"""The cells of a sweep on the disk: whether one is done, where another sweep has it, what it failed with.

A cell is known by the digest at the end of its folder's name; its record says which config made it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from ...core import InputError, seal
from ...record.store import RECORD, replacing
from .config import KEY, Cell
from .forced import NAME


def is_done(folder: Path, cell: Cell) -> bool:
    """Whether the folder holds a run of the cell's config by this engine, sealed and intact."""
    if folder.name[-KEY:] != cell.key or not seal.intact(folder):
        return False
    found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    born = cell.config.model_copy(update={"name": found.get("name", cell.name)})
    return bool(found.get("config_sha256") == born.digest())


def elsewhere(output: Path) -> dict[str, list[Path]]:
    """Cells of every sweep in a folder of results, by their digests."""
    found: dict[str, list[Path]] = {}
    for sweep in sorted(output.glob(f"*/{NAME}")):
        for path in sorted(sweep.parent.glob(f"*-{'[0-9a-f]' * KEY}")):
            if not path.name.startswith("."):
                found.setdefault(path.name[-KEY:], []).append(path)
    return found


def adopted(place: Path, cell: Cell, others: dict[str, list[Path]]) -> Path | None:
    """Copy a cell that another sweep, or another grid of this one, has; None where none has it whole."""
    for path in others.get(cell.key, []):
        if path != place / cell.name and is_done(path, cell) and _copied(path, place / cell.name):
            return path
    return None


def _copied(source: Path, folder: Path) -> bool:
    try:
        with replacing(folder, force=True) as scratch:
            shutil.copytree(source, scratch, dirs_exist_ok=True)
            seal.check(scratch)
    except (InputError, FileNotFoundError, shutil.Error):  # it changed while it was copied
        return False
    return True


def failure(error: BaseException) -> str:
    """An error in one line, for the record."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:500]


def missing(place: Path, cells: Iterator[Cell] | tuple[Cell, ...]) -> list[Cell]:
    """Cells that are not there, sealed and intact."""
    return [cell for cell in cells if not is_done(place / cell.name, cell)]
