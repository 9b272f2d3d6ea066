"""Tables of a study's folder, as its answer reads them."""

import csv
from collections.abc import Mapping
from pathlib import Path

from ..estimate import number

Row = Mapping[str, str]


def read(path: Path) -> list[Row]:
    """Rows of a CSV file, none where it is not there."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def per_cent(value: object, places: int = 2) -> str:
    """A fraction in per cent, to two places by default."""
    return number(100 * float(str(value)), places)
