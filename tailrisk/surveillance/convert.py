"""Columns of a file, typed or text, as numbers, with a mask of the cells that cannot be read."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .events import Ints, Register

STAMP = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"
"""A stamp with a time of day; one with a zone is turned into China's."""
DIGITS = r"\d{17}"
"""YYYYMMDDHHMMSSmmm, as Shenzhen writes it."""
TIMES = "YYYY-MM-DD HH:MM:SS.mmm (to the microsecond at most), or YYYYMMDDHHMMSSmmm"
CHINA = 8 * 3_600_000_000
LEAST, MOST = 0, 4_102_444_800_000_000
"""1970 and 2100 in microseconds."""


class Column(NamedTuple):
    """Values [row], and which cells could not be read."""

    values: np.ndarray
    bad: Ints


def times(column: Any) -> Column:
    """Microseconds since 1970, exchange time, of an Arrow array [row] of stamps, whole numbers or text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind):
        return _of_stamps(column)
    if pa.types.is_integer(kind):
        empty = np.asarray(column.is_null())
        return _of_digits(np.asarray(column.fill_null(0)).astype(np.int64), empty)
    return _of_text(pd.Series(text(column), dtype=object))


def _of_stamps(column: Any) -> Column:
    """Of typed stamps; those of a zone are taken to China's."""
    empty = np.asarray(column.is_null())
    unit = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": -1000}[column.type.unit]
    values = np.asarray(column.cast("int64").fill_null(0))
    fine = np.zeros(len(values), bool)
    if unit < 0:
        values, fine = values // 1000, values % 1000 != 0
    else:
        values = values * unit
    values = values + (CHINA if column.type.tz else 0)
    return Column(values, empty | fine | (values < LEAST) | (values > MOST))


def _of_digits(values: Ints, empty: Ints) -> Column:
    """Of numbers YYYYMMDDHHMMSSmmm."""
    clock, day = values % 10**9, values // 10**9
    milli = ((clock // 10**7 * 60 + clock // 10**5 % 100) * 60 + clock // 1000 % 100) * 1000 + clock % 1000
    wrong = (clock // 10**7 > 23) | (clock // 10**5 % 100 > 59) | (clock // 1000 % 100 > 59)
    days, which = np.unique(day, return_inverse=True)
    epoch = pd.to_datetime(pd.Series(days.astype(str)), format="%Y%m%d", errors="coerce")
    start = epoch.to_numpy("datetime64[D]").astype(np.int64)
    bad = empty | wrong | np.isnat(epoch.to_numpy())[which]
    return Column(np.where(bad, 0, start[which] * 86_400_000_000 + milli * 1000), bad)


def _of_text(cells: pd.Series) -> Column:
    """Of text, each cell in any of the forms."""
    values, bad = np.zeros(len(cells), np.int64), np.ones(len(cells), bool)
    digits = cells.str.fullmatch(DIGITS).to_numpy(bool)
    if digits.any():
        some = _of_digits(cells[digits].astype(np.int64).to_numpy(), np.zeros(int(digits.sum()), bool))
        values[digits], bad[digits] = some
    written = cells.str.fullmatch(STAMP).to_numpy(bool)
    zoned = (
        written
        & cells.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$").to_numpy(bool)
        & (cells.str.len() > 19).to_numpy()
    )
    for which, utc in ((written & ~zoned, False), (zoned, True)):
        if which.any():
            parsed = pd.to_datetime(cells[which], format="ISO8601", errors="coerce", utc=utc)
            parsed = parsed.dt.tz_localize(None) if utc else parsed
            nano = parsed.to_numpy("datetime64[ns]").astype(np.int64)
            values[which] = nano // 1000 + (CHINA if utc else 0)
            bad[which] = parsed.isna().to_numpy() | (nano % 1000 != 0)
    bad |= (values < LEAST) | (values > MOST)
    return Column(np.where(bad, 0, values), bad)


def numbers(column: Any) -> Column:
    """Figures of an Arrow array [row]; an empty cell is nan, and not bad."""
    import pyarrow as pa

    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        cells = pd.Series(text(column), dtype=object).str.strip()
        values = pd.to_numeric(cells.where(cells != ""), errors="coerce").to_numpy(float)
        return Column(values, (np.isnan(values) & (cells != "").to_numpy()) | np.isinf(values))
    empty = np.asarray(column.is_null())
    values = np.asarray(column.cast("float64").fill_null(0.0)).copy()
    bad = ~np.isfinite(values)
    values[empty] = np.nan
    return Column(values, bad & ~empty)


def orders(column: Any) -> Column:
    """Numbers of orders of an Arrow array [row]: whole numbers as they are, text by a 64-bit hash."""
    import pyarrow as pa

    if pa.types.is_integer(column.type):
        return Column(np.asarray(column.fill_null(0)).astype(np.int64), np.asarray(column.is_null()))
    cells = text(column)
    whole = np.array([cell.isascii() and cell.isdigit() and len(cell) < 19 for cell in cells], bool)
    values = np.zeros(len(cells), np.int64)
    values[whole] = [int(cell) for cell in cells[whole]]
    values[~whole] = pd.util.hash_array(cells[~whole]).view(np.int64)
    return Column(values, cells == "")


def coded(column: Any, code: "Callable[[str], int | None]") -> Column:
    """Codes of an Arrow array [row] of names; a name without a code, or empty, is bad."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        if not pa.types.is_string(column.type):
            column = column.cast("string")
        column = column.dictionary_encode()
    place = np.asarray(column.indices.fill_null(-1))
    names = [str(name).strip() if name is not None else "" for name in column.dictionary.to_pylist()]
    # a dictionary may be of more rows than these
    used = np.bincount(place + 1, minlength=len(names) + 1)[1:] > 0
    codes = [code(name) if name and here else None for name, here in zip(names, used, strict=True)]
    table = np.array([-1 if one is None else one for one in codes] + [-1], np.int64)
    values = table[place]
    return Column(values, values < 0)


def empty(column: Any) -> Ints:
    """Which cells of an Arrow array [row] of names hold nothing."""
    return coded(column, lambda name: 0).bad


def lookup(words: Mapping[str, int], shift: int = 0) -> "Callable[[str], int | None]":
    """A code of words in any case; shift is added, so that codes of -1 are none that is missing."""
    return lambda name: None if name.lower() not in words else words[name.lower()] + shift


def named(register: Register) -> "Callable[[str], int | None]":
    """The code of any name, a new one where it has none."""
    return register.code


def text(column: Any) -> np.ndarray:
    """An Arrow array [row] as text, an empty cell as ''."""
    if str(column.type) not in ("string", "large_string"):
        column = column.cast("string")
    return np.array(["" if cell is None else cell for cell in column.to_pylist()], dtype=object)


def is_stamp(cell: str) -> str | None:
    """`stamp`, `digits` or, of a time of day, `clock` by the form of a cell; None where it is none."""
    if re.fullmatch(r"\d\d:\d\d:\d\d(\.\d{1,6})?", cell):
        return "clock"
    if re.fullmatch(rf"{DIGITS}|\d{{5,9}}", cell):
        return "digits"
    return "stamp" if re.fullmatch(STAMP, cell) and cell[-1] != "Z" and not _has_zone(cell) else None


def _has_zone(cell: str) -> bool:
    return re.search(r"[+-]\d\d:?\d\d$", cell[19:]) is not None
