"""A user's own book, read from a CSV of holdings: its weight in each bucket and its styles within them."""

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tailrisk.core.errors import InputError
from tailrisk.core.names import STYLES, Names, home

from .explain import shown, suggestion

TOLERANCE = 1e-6
Z = 5.0
"""No z-score is beyond."""
CODE = re.compile(r"(?:sh|sz)?\.?((?:60|68|00|30)\d{4})(?:\.(?:sh|sz|xshg|xshe))?", re.IGNORECASE)
COLUMNS = ("code", "name", "bucket", "cap_rank", "weight", "value")
"""Beside the styles of the calibrated file."""
LARGEST = 8 * 2**20
"""Bytes; a larger file is no book of stocks."""


class Book(NamedTuple):
    """What a holdings file says."""

    rows: int
    weights: dict[str, float]  # bucket: share of the book
    style_exposure: dict[str, float]  # style: z-score of the book within its buckets


class Row(NamedTuple):
    """One line below the header: where it is, and its cells by column."""

    place: str
    cell: dict[str, str]


def read_holdings(path: Path, names: Names | None = None, styles: Sequence[str] = STYLES) -> Book:
    """The book of a CSV of holdings, one row a stock or one row a bucket.

        w_b = sum of weight_i over the rows i of bucket b,   z_s = sum_i weight_i z_is

    Columns: bucket or cap_rank; weight (summing to 1) or value (yuan, scaled to 1); code, name and styles
    (z-scores within the bucket) if wanted. Raises InputError at the first thing wrong, with its row.
    """
    names = names or home()
    rows = _rows(path, names, (*COLUMNS, *styles))
    columns = list(rows[0].cell)
    weights = _weights(path, rows)
    _each_once(rows)
    members: dict[str, list[float]] = {}
    for row, weight in zip(rows, weights, strict=True):
        members.setdefault(_bucket(row, names), []).append(weight)
    exposure = {
        style: math.fsum(w * _number(row, style, Z) for w, row in zip(weights, rows, strict=True))
        for style in styles
        if style in columns
    }
    return Book(len(rows), {b: math.fsum(members[b]) for b in names.buckets if b in members}, exposure)


def _rows(path: Path, names: Names, known: tuple[str, ...]) -> list[Row]:
    """The table. Raises InputError for a file that is none, or whose columns do not say what is needed."""
    if path.stat().st_size > LARGEST:
        raise InputError(str(path), f"has {path.stat().st_size:,} bytes", f"at most {LARGEST:,}")
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 text (byte {error.start})", "CSV in UTF-8") from None
    except csv.Error as error:
        raise InputError(str(path), f"is not CSV: {error}", "comma-separated text with a header") from None
    if len(lines) < 2:
        raise InputError(str(path), "has no rows", "a header, then one row a stock or one row a bucket")
    columns = [name.strip().lower() for name in lines[0]]
    _known(path, columns, names, known)
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        place = f"{path}: row {number}"
        if len(line) != len(columns):
            raise InputError(place, f"{len(line)} cells", f"{len(columns)}, as in the header")
        rows.append(Row(place, dict(zip(columns, map(str.strip, line), strict=True))))
    return rows


def _known(path: Path, columns: list[str], names: Names, known: tuple[str, ...]) -> None:
    """Refuse a column unknown or twice, and a file without weights or without sizes."""
    for i, name in enumerate(columns):
        if name not in known:
            problem = f"unknown{suggestion(name, known)}"
            raise InputError(f"{path}: column {shown(name)}", problem, ", ".join(known))
        if name in columns[:i]:
            raise InputError(f"{path}: column {name}", "is there twice", "each column once")
    if "cap_rank" in columns and not names.last_ranks:
        raise InputError(f"{path}: column cap_rank", "the market's buckets have no ranks", "a column bucket")
    for one, other, allowed in (
        ("weight", "value", "weight (shares summing to 1), or value (yuan)"),
        ("bucket", "cap_rank", _sized(names)),
    ):
        if (one in columns) == (other in columns):
            found = f"both {one} and {other}" if one in columns else f"no column {one} or {other}"
            raise InputError(str(path), f"has {found}", allowed)


def _sized(names: Names) -> str:
    """How a row may say its size."""
    if not names.last_ranks:
        return "a column bucket"
    ranks = ", ".join(f"to {last} {bucket}" for last, bucket in names.last_ranks)
    return f"a column bucket, or cap_rank: {ranks}, then {_beyond(names)}"


def _beyond(names: Names) -> str:
    """The bucket of every rank beyond the last: the one without ranks, or the smallest."""
    ranked = {bucket for _, bucket in names.last_ranks}
    return next((bucket for bucket in names.buckets if bucket not in ranked), names.buckets[-1])


def _weights(path: Path, rows: list[Row]) -> list[float]:
    """Shares of the book. Raises InputError for a short position, or weights that do not sum to one."""
    column = "weight" if "weight" in rows[0].cell else "value"
    held = [_number(row, column, math.inf) for row in rows]
    for row, amount in zip(rows, held, strict=True):
        if amount < 0:
            problem = f"{column} = {row.cell[column]} is a short position"
            raise InputError(row.place, problem, "at least 0: what is sold is index futures, in hedge")
    total = math.fsum(held)
    if column == "value" and total > 0:
        return [value / total for value in held]
    if abs(total - 1) > TOLERANCE:
        hint = "in percent? divide by 100" if abs(total - 100) < 1 else "cash is no holding: see exposure"
        allowed = "weights that sum to 1, or a column value in yuan, which is scaled"
        raise InputError(f"{path}: column {column}", f"sums to {total:.8g}", allowed, hint)
    return held


def _number(row: Row, column: str, limit: float) -> float:
    try:
        value = float(row.cell[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > limit:
        bound = f" from {-limit:g} to {limit:g}" if math.isfinite(limit) else ""
        raise InputError(row.place, f"{column} = {shown(row.cell[column])}", f"a finite number{bound}")
    return value


def _bucket(row: Row, names: Names) -> str:
    """The bucket of a row, stated or from its market-cap rank."""
    if "bucket" in row.cell:
        name = row.cell["bucket"]
        if name not in names.buckets:
            problem = f"bucket = {shown(name)}{suggestion(name, names.buckets)}"
            raise InputError(row.place, problem, ", ".join(names.buckets))
        return name
    rank = row.cell["cap_rank"]
    if not re.fullmatch(r"[1-9]\d{0,4}", rank):
        raise InputError(row.place, f"cap_rank = {shown(rank)}", "a whole number; 1 is the largest stock")
    return next((bucket for last, bucket in names.last_ranks if int(rank) <= last), _beyond(names))


def _each_once(rows: list[Row]) -> None:
    """Refuse a code that is no stock's, and a stock (without codes, a bucket or a rank) that comes twice."""
    column = next(name for name in ("code", "bucket", "cap_rank") if name in rows[0].cell)
    seen: dict[str, str] = {}
    for row in rows:
        key = _code(row) if column == "code" else row.cell[column]
        if key in seen:
            raise InputError(row.place, f"{column} {key} again, after {seen[key]}", f"each {column} once")
        seen[key] = row.place.rpartition(": ")[2]


def _code(row: Row) -> str:
    """The six digits of a code."""
    code = row.cell["code"]
    found = CODE.fullmatch(code)
    if found:
        return found[1]
    hint = "leading zeros lost in a spreadsheet?" if re.fullmatch(r"\d{1,5}", code) else ""
    allowed = "an A-share of Shanghai or Shenzhen: six digits, such as 600000 or 000001.SZ"
    raise InputError(row.place, f"code = {shown(code)}", allowed, hint)
