"""How an experiment's folder is written: tables, pictures, the page in words, the record."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import disk
from . import provenance
from .files import write_csv
from .store import replacing, write_record


def publish(
    output: Path,
    name: str,
    tables: Mapping[str, pd.DataFrame],
    page: str,
    facts: Mapping[str, Any],
    pictures: Mapping[str, str] | None = None,
    finish: Callable[[Path], object] = lambda folder: None,
) -> None:
    """Write the folder whole: a CSV a table, an SVG a picture, README.md, and the record with `facts` in it.

    finish: writes what is made of all these, such as the page, before the folder is sealed.
    InputError: the folder cannot be written.
    """
    with replacing(output, force=True) as folder:
        for table, frame in tables.items():
            write_csv(frame, folder / f"{table}.csv", digits="%.6g", missing="")
        for picture, drawing in (pictures or {}).items():
            disk.write(folder / f"{picture}.svg", drawing)
        disk.write(folder / "README.md", page)
        write_record(folder, {"name": name, **facts, **provenance.stamp()})
        finish(folder)


def markdown(frame: pd.DataFrame) -> str:
    """The table [row, column] in Markdown."""
    lines = ["| " + " | ".join(map(str, frame.columns)) + " |", "|" + "---|" * frame.shape[1]]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)
