"""The cells of a file as text: CSV in any usual encoding and separator, or Excel; no pandas is needed."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from ..core.errors import InputError

KINDS = "a CSV, TSV, Excel (.xlsx) or Parquet file with a header"
SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
OTHERS = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "Excel",
    b"\xd0\xcf\x11\xe0": "old Excel",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "gzip",
}
"""First bytes -> what the file is."""
NOTE = re.compile(
    r"(数据)?来源|注[:：]|备注|说明|免责|更新(时间|于)|导出|source\b|note\b|data from|\*", re.IGNORECASE
)
"""How a line begins that is no row, whatever its cells."""
DAY = re.compile(r"\d{4}\D?\d{1,2}\D?\d{1,2}")


@dataclass(frozen=True)
class Cells:
    """A table of text: the header, the rows below it, and where each row stands in the file."""

    header: list[str]
    rows: list[list[str]]  # as long as the header
    places: list[int]  # row number, counted from one below the header
    notes: list[str] = field(default_factory=list)  # what was understood, in words


def kind(path: str | Path) -> str:
    """Parquet, Excel, text, or the name of something else. Raises InputError if there is nothing to read."""
    place, file = str(path), Path(path)
    if not file.is_file():
        problem = "is a folder" if file.is_dir() else "no such file"
        raise InputError(place, problem, KINDS, "check the path")
    with open(file, "rb") as stream:
        head = stream.read(65536)
    if not head.strip():
        raise InputError(place, "the file is empty", "a header line and rows below it")
    return next((name for start, name in OTHERS.items() if head.startswith(start)), "text")


def read_cells(path: str | Path) -> Cells:
    """The table of a text or Excel file. Raises InputError, with the line, for what is no table."""
    what = kind(path)
    if what == "Excel":
        lines, notes = excel(path)
    elif what == "text":
        lines, notes = text(path)
    else:
        hint = "save it as .xlsx or CSV" if what == "old Excel" else ""
        raise InputError(str(path), f"is {what}, not a table of text", KINDS, hint)
    return table(path, lines, notes)


def text(path: str | Path) -> tuple[list[list[str]], list[str]]:
    """Lines of cells, and what the encoding and the separator are where they are not the usual ones.

    Raises InputError for bytes that are no text, or a quote that is not closed.
    """
    place = str(path)
    content, encoding = decoded(path, Path(path).read_bytes())
    if "\x00" in content:
        raise InputError(place, f"not a table (binary, starts {content[:4]!r})", KINDS)
    separator = separated(content)
    try:
        reader = csv.reader(io.StringIO(content), delimiter=separator, strict=True)
        lines = [[cell.strip() for cell in line] for line in reader]
    except csv.Error as error:
        raise InputError(place, f"is not CSV: {error}", KINDS, "a quote that is not closed?") from None
    notes = [f"{encoding} text"] if encoding != "UTF-8" else []
    return lines, notes + ([f"separated by {SEPARATORS[separator]}"] if separator != "," else [])


def decoded(path: str | Path, content: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8 with or without a mark, UTF-16 with one, else GB18030 (GBK).

    Raises InputError where it is none of them.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        tries = [("utf-16", "UTF-16")]
    else:
        tries = [("utf-8-sig", "UTF-8"), ("gb18030", "GBK")]
    reason = ""
    for codec, name in tries:
        try:
            return content.decode(codec), name
        except UnicodeDecodeError as error:
            reason = reason or f"{error.reason} at byte {error.start}"
    raise InputError(str(path), f"neither UTF-8 nor GBK text ({reason})", KINDS)


def separated(content: str) -> str:
    """The separator: the one that cuts most of the first lines into the most cells alike."""
    lines = [line for line in content[:20000].splitlines()[:20] if line.strip()]

    def agree(separator: str) -> int:
        counts = [len(next(csv.reader([line], delimiter=separator), [])) for line in lines]
        widest = max(counts, default=1)
        return counts.count(widest) * (widest > 1) * 100 + widest

    return max(SEPARATORS, key=agree)


def excel(path: str | Path) -> tuple[list[list[str]], list[str]]:
    """Lines of the one sheet that has any. Raises InputError for a damaged file, or several such sheets."""
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except Exception as error:  # calamine raises kinds of its own for zips that are no workbooks
        problem = f"is no CSV but an Excel file, and damaged ({error})"
        raise InputError(str(path), problem, KINDS, "save it again, or as CSV") from None
    filled = {name: lines for name, lines in sheets.items() if any(any(map(str, line)) for line in lines)}
    if len(filled) > 1:
        problem = f"{len(filled)} sheets hold cells: {', '.join(filled)}"
        raise InputError(str(path), problem, "a workbook with one table", "keep one sheet, or save it as CSV")
    name, lines = next(iter(filled.items()), ("", []))
    return [[spelled(cell) for cell in line] for line in lines], [f"Excel sheet {name}"]


def spelled(cell: Any) -> str:
    """An Excel cell as text: whole numbers without a point, days as ISO."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time(0) else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def table(path: str | Path, lines: list[list[str]], notes: list[str]) -> Cells:
    """The header, and the rows without blank lines, titles above and notes below.

    Raises InputError, with the row, for no header, or a row of more or fewer cells than it.
    """
    top = next((k for k, line in enumerate(lines) if sum(map(bool, line)) > 1), None)
    if top is None:  # a single column, whatever it is
        top = next((k for k, line in enumerate(lines) if any(line)), None)
    if top is None:
        raise InputError(str(path), "the file is empty", "a header line and rows below it")
    above = [next(filter(None, line)) for line in lines[:top] if any(line)]
    notes += [f"left out above the header: {short(line)!r}" for line in above[:1]]
    header = [unicodedata.normalize("NFKC", name).strip().strip("'") for name in lines[top]]
    width = max((k + 1 for k, name in enumerate(header) if name), default=1)
    rows, places = [], []
    for number, line in enumerate(lines[top + 1 :], start=1):
        if not any(line):
            continue
        rows.append(line)
        places.append(number)
    foot = below(rows, width)
    if foot:
        notes.append(f"left out below the table: {short(' '.join(filter(None, rows[-foot])))!r}")
        rows, places = rows[:-foot], places[:-foot]
    for number, row in zip(places, rows, strict=True):
        if any(row[len(header) :]):
            problem = f"{len(row)} cells, more cells than the header has columns ({len(header)})"
            raise InputError(f"{path}: row {number}", problem, "a name for each column")
        if len(row) < width:
            problem = f"{len(row)} cells, {width} in the header"
            raise InputError(f"{path}: row {number}", problem, "a cell for each column", "was the file cut?")
    wide = len(header) if any(any(row[width:]) for row in rows) else width
    padded = [(row + [""] * wide)[:wide] for row in rows]
    return Cells(header[:wide], padded, places, notes)


def below(rows: list[list[str]], width: int) -> int:
    """How many lines at the end are notes: words of a source, or one cell filled of several and no day."""
    count = 0
    while width > 1 and count < len(rows):
        filled = [cell for cell in rows[-1 - count] if cell]
        if not NOTE.match(filled[0]) and (len(filled) > 1 or DAY.match(filled[0])):
            break
        count += 1
    return count


def short(line: str) -> str:
    """A foreign text for one line of a terminal: printable, cut at 40 characters."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in line)
    return clean if len(clean) <= 40 else clean[:37] + "..."
