"""A figure for each stock of a file: the weights of a book or a benchmark, or a manager's alpha, by code."""

import math
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..core.errors import InputError, shown
from ..core.names import Names, home
from .book_rows import Market, read_rows
from .cells import read_cells
from .codes import security, ticker
from .holdings import _amounts, _code, _each_once
from .reading import Reading
from .table import parquet

SCORES = ("alpha", "score")
CODES = ("code", "ts_code", "证券代码", "股票代码", "代码", "order_book_id", "ticker")
ELSEWHERE = ("cash", "futures")


class ByCode(NamedTuple):
    """Figures by code, and what of the file is no stock of the universe: weight or count by name."""

    values: dict[str, float]
    other: dict[str, float]


def read_weights(path: Path, known: set[str], names: Names | None = None) -> ByCode:
    """Weights by code, summing to one with what is elsewhere (unknown, of Beijing ...); a file of holdings.

    Raises InputError as `read_holdings` does.
    """
    rows, reading = read_rows(path, Market(names or home(), ()), need_size=False)
    kinds = [_named(row.cell["code"], _code(row), known) for row in rows]
    _each_once(rows, kinds)
    amounts = _amounts(path, rows, kinds, reading)
    whole = math.fsum(amounts)
    values: dict[str, float] = {}
    other: dict[str, float] = {}
    for row, amount, what in zip(rows, amounts, kinds, strict=True):
        if what == "stock":
            values[_code(row)] = amount / whole
        elif what not in ELSEWHERE:
            other[what] = other.get(what, 0.0) + amount / whole
    reading.tell()
    return ByCode(values, other)


def _named(said: str, code: str, known: set[str]) -> str:
    if code in known:
        return "stock"
    what = security(said)
    return what if what and what != "stock" else "unknown to the universe"


def read_scores(path: Path, known: set[str]) -> tuple[str, ByCode]:
    """(`alpha` or `score`, the figure of each code); columns code and one of the two, others left out.

    Raises InputError for a row that is no number, or a code that comes twice.
    """
    header, rows, places = _cells(path)
    lower = [title.strip().lower() for title in header]
    code = next((lower.index(name) for name in CODES if name in lower), None)
    kind = next((name for name in SCORES if name in lower), None)
    if code is None or kind is None:
        missing = "code" if code is None else "alpha or score"
        allowed = "code, and alpha (expected return a year beyond the factors) or score (any scale)"
        raise InputError(str(path), f"has no column {missing} (has {', '.join(header)})", allowed)
    reading, values, outside = Reading(str(path)), {}, 0
    for place, row in zip(places, rows, strict=True):
        where, key = f"{path}: row {place}", ticker(row[code])
        key = key if key in known else _digits(key)
        value = _number(where, kind, row[lower.index(kind)])
        if key in values:
            raise InputError(where, f"code {key} again", "each code once")
        if key in known:
            values[key] = value
        else:
            outside += 1
    if not values:
        raise InputError(str(path), "names no stock of the universe", "codes of the universe's stocks")
    reading.notes.append(f"{kind} of {len(values):,} of {len(known):,} stocks")
    if outside:
        reading.odd.append(f"left out {outside} codes unknown to the universe")
    reading.tell()
    return kind, ByCode(values, {"unknown to the universe": float(outside)} if outside else {})


def _cells(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    if path.suffix.lower() in (".parquet", ".pq"):
        frame: pd.DataFrame = parquet(path)
        rows = [[str(cell) for cell in row] for row in frame.itertuples(index=False)]
        return [str(name) for name in frame.columns], rows, list(range(1, len(rows) + 1))
    cells = read_cells(path)
    return cells.header, cells.rows, cells.places


def _digits(said: str) -> str:
    bare = "".join(letter for letter in said if letter.isdigit())
    return bare.zfill(6) if bare and len(bare) <= 6 else said.strip()


def _number(where: str, column: str, said: str) -> float:
    try:
        value = float(said)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(where, f"{column} = {shown(said)}", "a finite number")
    return value
