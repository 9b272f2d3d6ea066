"""A forced sweep: written beside the old one, which stays until the new one is complete.

Its cells are kept where it is stopped, and the same command goes on with them while the code is the same.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from ...core import disk, seal
from ...record import provenance
from ...record.store import swap

NAME = "sweep.json"
DERIVED = (
    NAME,
    seal.SUMS,
    "cells.csv",
    "sweep.csv",
    "sweep_events.csv",
    "sweep_crowd.csv",
    "index.html",
    "page.md",
    "figures",
)
"""What a sweep writes beside its cells."""


def pending(folder: Path) -> list[Path]:
    """Folders of forced sweeps of `folder` that are not finished."""
    folder = Path(os.path.realpath(folder))
    start = f".{folder.name}.forced-"
    return sorted(path for path in folder.parent.iterdir() if path.name.startswith(start))


def begin(folder: Path, cells: Iterable[str]) -> Path:
    """A folder beside `folder` for a forced sweep, with the `cells` one that was stopped has run again.

    Only cells of the same code count: what was begun with another is deleted.
    """
    place = folder.with_name(f".{folder.name}.forced-{code()[:12]}")
    for other in pending(folder):
        if other != place:
            disk.remove(other)
    place.mkdir(exist_ok=True)
    again = _planned(place) & set(cells)
    for path in sorted(place.iterdir()):
        if path.name not in again and path.name != NAME:
            disk.remove(path)
    return place


def end(place: Path, folder: Path) -> None:
    """Let a finished forced sweep take the place of `folder`; what else lay there goes with it."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name not in DERIVED and not path.name.startswith(".") and not (place / path.name).exists():
            shutil.copytree(path, place / path.name) if path.is_dir() else shutil.copy2(path, place)
    swap(place, folder)


def code() -> str:
    """SHA-256 of the package's modules and of the versions of what its numbers depend on."""
    package = Path(__file__).resolve().parents[2]
    found = hashlib.sha256(json.dumps(provenance.versions(), sort_keys=True).encode())
    for path in sorted(package.rglob("*.py")):
        found.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


def _planned(place: Path) -> set[str]:
    """Cells of the forced sweep that was stopped there: what else lies there is of the sweep before."""
    try:
        said = json.loads((place / NAME).read_text(encoding="utf-8"))
        return {str(cell["name"]) for cell in said["cells"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
