"""What results there are below a folder: each with its record, its config and what kind it is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core import InputError, seal
from ...record.store import RECORD
from ..sweep.forced import NAME as SWEEP


@dataclass(frozen=True)
class Entry:
    """One result: where it is, how it is called, and its record; `kind` is run, sweep or study."""

    folder: Path
    name: str  # its path below the folder of results
    kind: str
    record: dict[str, Any]

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved config by dotted field; empty where the result has none."""
        path = self.folder / "config.json"
        return dict(dotted(_json(path))) if path.is_file() else {}

    @property
    def state(self) -> str:
        """Whether it is whole: sealed, damaged, not finished, or of a time without seals."""
        if self.kind == "sweep" and not self.record.get("done"):
            return "not finished"
        if not (self.folder / seal.SUMS).exists():
            return "damaged" if self.record.get("sealed") else "no seal"
        return "sealed" if seal.intact(self.folder) else "damaged"

    @property
    def question(self) -> str:
        """As the record asks it, else the title of its page."""
        if self.record.get("question"):
            return str(self.record["question"])
        page = self.folder / "README.md"
        title = page.read_text(encoding="utf-8").split("\n", 1)[0] if page.is_file() else ""
        return title.removeprefix("# ")

    @property
    def page(self) -> Path:
        """What to open first."""
        names = ("README.md", "report.html", "index.html", RECORD)
        return next((self.folder / name for name in names if (self.folder / name).is_file()), self.folder)


def entries(results: Path, *, cells: bool = True) -> list[Entry]:
    """Every result below a folder, by name; `cells`: those of sweeps too. InputError: no such folder."""
    if not results.is_dir():
        raise InputError(str(results), "no such folder", "a folder of results")
    found = [entry(path.parent, results) for name in (RECORD, SWEEP) for path in _visible(results, name)]
    sweeps = {one.folder for one in found if one.kind == "sweep"}
    return sorted(
        (one for one in found if cells or one.folder.parent not in sweeps), key=lambda one: one.name
    )


def entry(folder: Path, results: Path | None = None) -> Entry:
    """One result. InputError: its folder has no record that can be read."""
    name = folder.relative_to(results).as_posix() if results else folder.name
    if (folder / SWEEP).is_file():
        return Entry(folder, name, "sweep", _json(folder / SWEEP))
    if not (folder / RECORD).is_file():
        raise InputError(str(folder), "is not a result: it has no record.json", "a folder a command wrote")
    kind = "run" if (folder / "tail.csv").is_file() else "study"
    return Entry(folder, name, kind, _json(folder / RECORD))


def dotted(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as (dotted field, value)."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _visible(results: Path, name: str) -> Iterator[Path]:
    for path in results.rglob(name):
        if not any(part.startswith(".") for part in path.relative_to(results).parts):
            yield path


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise InputError(str(path), f"cannot be read: {fault}", hint=seal.AGAIN) from None
    if not isinstance(found, dict):
        raise InputError(str(path), "is not a record", hint=seal.AGAIN)
    return found
