"""When a row happened: one column of stamps, or a column of dates beside one of times of day.

A time of day written as a number is HHMMSSmmm or HHMMSS, without leading zeros where a program took them for
one: the first row says which, for the whole file, so that a file cut otherwise is read the same.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..data.days import DATES, stamp
from .convert import DIGITS, LEAST, MOST, TIMES, Column, coded, text, times
from .events import Ints, Registers
from .rules import DAY

CLOCK = r"\d{1,2}:\d\d:\d\d(\.\d{1,6})?"
"""A time of day with colons."""
CLOCKS = "HH:MM:SS.mmm (to the microsecond at most), or HHMMSSmmm or HHMMSS as the first row has it"
MILLI, SECONDS, NEITHER = "HHMMSSmmm", "HHMMSS", "neither"
Wrong = dict[str, tuple[Ints, str, str]]
"""Field -> (which rows, why, what is allowed)."""


def stamps(columns: Mapping[str, Any], registers: Registers) -> tuple[Ints, Wrong]:
    """Microseconds since 1970 [row], exchange time, of Arrow columns by role, and the rows that have none."""
    if "date" not in columns:
        whole = times(columns["time"])
        return whole.values, {"time": (whole.bad, "is no stamp", f"{TIMES}; or {CLOCKS} beside a date")}
    day, time = days(columns["date"]), columns["time"]
    clock = _clock(time, registers)
    values, bad = day.values + clock.values, clock.bad
    other = np.zeros(len(bad), bool)
    if bad.any() and _may_be_whole(time):
        whole = times(time)
        values = np.where(bad & ~whole.bad, whole.values, values)
        other = bad & ~whole.bad & (whole.values // DAY != day.values // DAY)
        bad = bad & whole.bad
    outside = (values < LEAST) | (values > MOST)
    return values, {
        "date": (day.bad | (outside & ~bad), "is no date", DATES.removesuffix(", with or without a time")),
        "time": (bad | other, "is no time of the row's date", CLOCKS),
    }


def days(column: Any) -> Column:
    """Midnights in microseconds since 1970 of an Arrow array [row] of dates in any form."""
    import pyarrow as pa

    midnights: list[int] = []

    def code(name: str) -> int | None:
        found = stamp(name)
        if found is None or found.zoned or found.time.strip("0:"):
            return None
        midnights.append((found.day - EPOCH).days * DAY)
        return len(midnights) - 1

    words = column if pa.types.is_dictionary(column.type) else column.cast("string")
    which = coded(words, code)
    return Column(np.array([*midnights, 0], np.int64)[which.values], which.bad)


EPOCH = pd.Timestamp(0).date()


def form(first: str) -> str:
    """How a number says the time of day, by the first of them: HHMMSSmmm, HHMMSS, or neither."""
    if not re.fullmatch(r"\d{5,9}", first):
        return NEITHER
    return MILLI if len(first) >= 7 else SECONDS


def _may_be_whole(column: Any) -> bool:
    import pyarrow as pa

    return not pa.types.is_time(column.type)


def _clock(column: Any, registers: Registers) -> Column:
    """Microseconds since midnight of an Arrow array [row] of times, whole numbers or text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_time(kind):
        unit = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": -1000}[kind.unit]
        given = np.asarray(column.cast("int32" if kind.bit_width == 32 else "int64").fill_null(0))
        values = given.astype(np.int64) * unit if unit > 0 else given // 1000
        fine = (given % 1000 != 0) if unit < 0 else np.zeros(len(given), bool)
        return Column(values, np.asarray(column.is_null()) | fine)
    if pa.types.is_integer(kind):
        given = np.asarray(column.fill_null(-1)).astype(np.int64)
        return _of_numbers(given, registers)
    if pa.types.is_timestamp(kind):
        return Column(np.zeros(len(column), np.int64), np.ones(len(column), bool))
    return _of_text(pd.Series(text(column), dtype=object).str.strip(), registers)


def _of_numbers(given: Ints, registers: Registers) -> Column:
    """Of HHMMSSmmm or HHMMSS [row], the first of which says what all are; -1 is none."""
    known = given[given >= 0]
    if not registers.clock and len(known):
        registers.clock = form(str(known[0]))
    milli = given if registers.clock == MILLI else given * 1000
    hour, minute, second = milli // 10**7, milli // 10**5 % 100, milli // 1000 % 100
    bad = (given < 0) | (hour > 23) | (minute > 59) | (second > 59) | (registers.clock in ("", NEITHER))
    passed = ((hour * 60 + minute) * 60 + second) * 1000 + milli % 1000
    return Column(np.where(bad, 0, passed * 1000), bad)


def _of_text(cells: pd.Series, registers: Registers) -> Column:
    """Of text [row], each cell a number or with colons."""
    values, bad = np.zeros(len(cells), np.int64), np.ones(len(cells), bool)
    digits = cells.str.fullmatch(r"\d{1,9}").to_numpy(bool)
    if digits.any():
        some = cells[digits]
        if not registers.clock and not bool(cells.str.fullmatch(DIGITS).any()):
            registers.clock = form(str(some.iloc[0]))
        values[digits], bad[digits] = _of_numbers(some.astype(np.int64).to_numpy(), registers)
    written = cells.str.fullmatch(CLOCK).to_numpy(bool)
    if written.any():
        passed = pd.to_timedelta(cells[written], errors="coerce")
        micro = passed.dt.as_unit("us").fillna(pd.Timedelta(days=9)).to_numpy().astype(np.int64)
        minute = cells[written].str.extract(r":(\d\d):(\d\d)").astype(int).to_numpy()
        values[written] = micro
        bad[written] = (micro >= DAY) | (minute > 59).any(axis=1)
    return Column(np.where(bad, 0, values), bad)
