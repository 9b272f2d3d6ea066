"""A result as an Excel workbook: the answer, then every table of the folder on a sheet of its own."""

import csv
import datetime
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.errors import InputError

ROWS, COLUMNS = 1_048_576, 16_384
"""Excel's own limits."""
WIDEST, NAME = 60, 31
MADE = datetime.datetime(2000, 1, 1)
"""Of every workbook, so that the same folder gives the same bytes."""
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def workbook(folder: Path, path: Path, answer: str, *, force: bool = False) -> Path:
    """Write `path` from the CSV tables of a folder; numbers are numbers, and no cell is a formula.

    Raises InputError where the file is there (without `force`), is no .xlsx, or XlsxWriter is not installed.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError("--excel", f"{path.name!r}", "a name that ends in .xlsx")
    if path.exists() and not force:
        raise InputError(str(path), "is there already", "a new name, or --force to replace it")
    if not path.parent.is_dir():
        raise InputError(str(path.parent), "is no folder", "a folder that is there")
    try:
        import xlsxwriter
    except ImportError:
        raise InputError(
            "--excel", "needs XlsxWriter, which is not installed", hint="pip install 'crowdtail[excel]'"
        ) from None
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": folder.name, "created": MADE})
    bold = book.add_format({"bold": True})
    first = book.add_worksheet("answer")
    first.set_column(0, 0, 110)
    for number, line in enumerate(answer.splitlines()):
        first.write_string(number, 0, line)
    for name, rows in tables(folder):
        sheet = book.add_worksheet(name)
        _fill(sheet, rows, bold)
    book.close()
    return path


def tables(folder: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    """(sheet's name, rows with their head) of every CSV file; what Excel cannot hold is refused."""
    taken = {"answer"}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as source:
            rows = [[_value(cell) for cell in row] for row in csv.reader(source)]
        if len(rows) > ROWS or max(map(len, rows), default=0) > COLUMNS:
            raise InputError(str(path), f"{len(rows):,} rows", f"at most {ROWS:,}, which is Excel's limit")
        name = FORBIDDEN.sub("_", path.stem)[:NAME]
        for number in range(2, 1000):
            if name.lower() not in taken:
                break
            name = f"{name[: NAME - 4]}_{number}"
        taken.add(name.lower())
        yield name, rows


def _fill(sheet: Any, rows: list[list[Any]], bold: Any) -> None:
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, float):
                sheet.write_number(r, c, value)
            else:
                sheet.write_string(r, c, value, bold if r == 0 else None)
    if rows:
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows) - 1, 0), max(len(rows[0]) - 1, 0))
        for c in range(len(rows[0])):
            widest = max(len(str(row[c])) for row in rows[:200] if c < len(row))
            sheet.set_column(c, c, min(widest + 2, WIDEST))


def _value(text: str) -> float | str:
    """A finite number as one; codes with a leading zero stay text, infinities and nan too."""
    if re.fullmatch(r"0\d+", text):
        return text
    try:
        value = float(text)
    except ValueError:
        return text[1:] if text[:1] == "'" and text[1:2] in set("=+-@") else text
    return value if math.isfinite(value) else text
