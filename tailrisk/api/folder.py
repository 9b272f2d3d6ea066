"""A result folder as an object: its tables are frames, its record a dict."""

import html
import json
import shutil
import weakref
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pandas as pd

from ..core import seal
from ..core.errors import InputError
from ..record.store import mended, replacing

ROWS = 20
"""Rows of a table that a notebook shows."""


class Temporary:
    """A folder that goes when nothing refers to this any more."""

    def __init__(self) -> None:
        self.name = mkdtemp(prefix="tailrisk")
        self.cleanup = weakref.finalize(self, shutil.rmtree, self.name, ignore_errors=True)


class Folder:
    """A result. Each table is a frame, an attribute of its name: `it.tail` is tail.csv.

    folder: where it lies; a result that was given no place lies in a temporary folder until it is saved.
    """

    main = ""  # the table that speaks for it

    def __init__(self, folder: str | Path, *, temporary: Temporary | None = None) -> None:
        self.folder = mended(Path(folder))
        self._temporary = temporary
        if not self.folder.is_dir():
            raise InputError(str(folder), "no such result folder", "a folder that a command wrote")
        if (self.folder / seal.SUMS).exists():
            seal.check(self.folder)

    @cached_property
    def record(self) -> dict[str, Any]:
        """Where it came from: command, seed, code, data, machine."""
        found: dict[str, Any] = json.loads((self.folder / "record.json").read_text(encoding="utf-8"))
        return found

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the frames."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.csv")))

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name == "folder":
            raise AttributeError(name)
        if name not in self.tables:
            raise AttributeError(f"this result has no table {name!r}: it has {', '.join(self.tables)}")
        frame = pd.read_csv(self.folder / f"{name}.csv", keep_default_na=True)
        self.__dict__[name] = frame
        return frame

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.tables})

    @property
    def page(self) -> Path | None:
        """The page of the result, None where none was written."""
        pages = (self.folder / name for name in ("report.html", "index.html", "README.md"))
        return next((page for page in pages if page.exists()), None)

    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Copy the whole result to `folder`, sealed as it is; `force` replaces a result that is there.

        Raises InputError where something is there already.
        """
        with replacing(Path(folder), force=force) as scratch:
            ignored = shutil.ignore_patterns(seal.SUMS)
            shutil.copytree(self.folder, scratch, dirs_exist_ok=True, ignore=ignored)
        return Path(folder)

    def __repr__(self) -> str:
        name = self.record.get("name", self.folder.name)
        return f"<{type(self).__name__} {name}: {', '.join(self.tables)}>"

    def _repr_html_(self) -> str:
        name, question = self.record.get("name", self.folder.name), self.record.get("question", "")
        head = f"<h4>{html.escape(str(name))}</h4><p>{html.escape(str(question))}</p>"
        frame = self.shown()
        return head + ("" if frame is None else frame.to_html(index=False, na_rep="", max_rows=ROWS))

    def shown(self) -> pd.DataFrame | None:
        """The table a notebook shows."""
        name = self.main or next(iter(self.tables), "")
        return getattr(self, name) if name else None


def placed(output: str | Path | None, name: str = "") -> tuple[Path, Temporary | None]:
    """Where a result goes: as it was said, or a folder that goes with the result."""
    if output is not None:
        return Path(output), None
    temporary = Temporary()
    return Path(temporary.name) / name, temporary


def read(folder: str | Path) -> Folder:
    """A result that a command or a function wrote: of a run a `Result`, of anything else a `Folder`.

    Raises InputError where the folder is missing, damaged, or of a run with a fault.
    """
    from .result import Result

    place = mended(Path(folder))
    is_run = all((place / name).exists() for name in ("tail.csv", "config.json"))
    return Result(place) if is_run else Folder(place)
