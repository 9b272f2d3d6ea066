"""How an experiment's folder is written: tables, pictures, the page in words, the record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tailrisk.record import provenance
from tailrisk.record.store import replacing, seal


def publish(
    output: Path,
    name: str,
    tables: Mapping[str, pd.DataFrame],
    page: str,
    said: Mapping[str, Any],
    pictures: Mapping[str, str] | None = None,
) -> None:
    """Write the folder whole: a CSV a table, an SVG a picture, README.md, and what was said in the record."""
    with replacing(output) as folder:
        for table, frame in tables.items():
            frame.to_csv(folder / f"{table}.csv", index=False, float_format="%.6g")
        for picture, drawing in (pictures or {}).items():
            (folder / f"{picture}.svg").write_text(drawing, encoding="utf-8")
        (folder / "README.md").write_text(page, encoding="utf-8")
        seal(folder, {"name": name, **said, **provenance.stamp()})


def markdown(frame: pd.DataFrame) -> str:
    """The table in Markdown."""
    lines = ["| " + " | ".join(map(str, frame.columns)) + " |", "|" + "---|" * frame.shape[1]]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)
