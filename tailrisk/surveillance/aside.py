"""Rows that cannot be used: the first one ends a watch, or all are written to a file with the reason."""

import csv
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import IO

from ..core import disk
from ..core.errors import InputError
from .columns import CELLS
from .sequence import Refused

HEADER = ("row", "field", "value", "reason", *CELLS)
FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet runs as a formula begins so."""


def stop(place: str, one: Refused) -> None:
    """Raises InputError for the row: its number, its field, its value, what is allowed."""
    hint = "--set-aside FILE writes such rows to a file and goes on"
    raise InputError(f"{place}: row {one.row}: {one.field}", f"{one.value!r} {why(one)}", one.allowed, hint)


def why(one: Refused) -> str:
    """The reason as it follows a value."""
    return one.reason if one.reason.startswith(("is ", "has ")) else f"is {one.reason}"


class Aside:
    """A CSV of refused rows, of its header alone if none is; it takes its place when the watch ends well."""

    def __init__(self, path: Path) -> None:
        self.path, self.reasons = path, Counter[str]()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, self.scratch = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        self.file: IO[str] = os.fdopen(handle, "w", encoding="utf-8", newline="")
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.writer.writerow(HEADER)

    def __call__(self, one: Refused) -> None:
        """Write a row down, with the reason."""
        self.reasons[f"{one.field}: {one.reason.split(':')[0]}"] += 1
        cells = (one.field, one.value, one.reason, *one.cells)
        self.writer.writerow((one.row, *(f"'{c}" if c.startswith(FORMULA) else c for c in cells)))

    def done(self) -> None:
        """Put the file in its place."""
        self.file.close()
        os.chmod(self.scratch, 0o644)
        disk.sync(Path(self.scratch))
        disk.rename(Path(self.scratch), self.path)

    def drop(self) -> None:
        """Leave no file."""
        self.file.close()
        disk.remove(Path(self.scratch))
