"""Files of a result: tables, arrays and JSON, made in memory and written in one go."""

import json
from collections.abc import Mapping
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import disk

FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet runs as a formula begins so."""


def as_json(value: Any) -> str:
    """A value as JSON to be read. Raises ValueError or TypeError for what JSON cannot hold."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_csv(
    frame: pd.DataFrame,
    path: Path,
    *,
    digits: str | None = "%.10g",
    missing: str = "nan",
    replace: bool = False,
) -> None:
    """A table [row, column] as CSV; a text a spreadsheet would run as a formula is quoted."""
    safe = frame.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell)
    text = StringIO()
    safe.to_csv(text, index=False, float_format=digits, na_rep=missing, lineterminator="\n")
    (disk.replace if replace else disk.write)(path, text.getvalue())


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """A table [row, column] as Parquet."""
    data = BytesIO()
    frame.to_parquet(data, index=False)
    disk.write(path, data.getvalue())


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Arrays by name, packed."""
    data = BytesIO()
    np.savez_compressed(data, **arrays)
    disk.write(path, data.getvalue())
