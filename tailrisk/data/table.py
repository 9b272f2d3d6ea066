"""A table of days from a file: its columns under the names used here, its days and numbers checked."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import calendar
from ..core.errors import InputError
from .cells import kind, read_cells, short
from .columns import SPELLED, Match, matched
from .days import DATES, MIDNIGHT_IN_UTC, Stamp, stamp
from .reading import Reading

MISSING = {
    "",
    "-",
    "--",
    "---",
    "—",
    "——",
    "none",
    "null",
    "nan",
    "nat",
    "#n/a",
    "n/a",
    "na",
    "<na>",
    "\\n",
    "/",
}
"""How vendors write that there is no figure."""
SCALES = {"万": 1e4, "亿": 1e8}
UNDER = re.compile(
    r"频率|单位|指标|来源|更新时间|时间区间|证券|代码|简称|名称|国家|日期|date|code|name|unit", re.IGNORECASE
)
"""How a line of notes between the header and the first day begins (Wind's)."""


@dataclass(frozen=True)
class Table:
    """A file's rows; the frame's index is the row in the file, counted from zero below the header."""

    path: str
    frame: pd.DataFrame  # columns asked for under their own names, others under their titles in lower case
    when: pd.DatetimeIndex  # [row]
    columns: dict[str, Match]  # those asked for and there
    reading: Reading

    def numbers(self, role: str, *, percent: bool = False) -> pd.Series:
        """The figures of a column [row], in yuan, shares or fractions where its title has a unit.

        Raises InputError with the row for text that is no number.
        """
        column, name = self.frame[role], self.written(role)
        values = numbers(self.path, column, self.when, name, percent=percent)
        if not pd.api.types.is_numeric_dtype(column.dtype):
            commas(self.path, column, name, self.reading)
        unit = self.columns[role].unit if role in self.columns else 1.0
        return values if unit == 1.0 else values * unit

    def written(self, role: str) -> str:
        """The title of a column in the file."""
        return self.columns[role].title if role in self.columns else role

    def rows(self, keep: "np.ndarray | slice") -> "Table":
        """Some of the rows."""
        return replace(self, frame=self.frame.iloc[keep], when=self.when[keep])


def digest(path: str | Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def digests(paths: str | Path | Sequence[str | Path]) -> str:
    """SHA-256 of each file, separated by spaces."""
    return " ".join(digest(path) for path in listing(paths))


def listing(paths: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """One path or several as a list."""
    return [paths] if isinstance(paths, str | Path) else list(paths)


def read_table(path: str | Path, among: Iterable[str] = ("date",), exchange: str = calendar.CHINA) -> Table:
    """The file with the columns of `among` found by how vendors call them, its days read as the exchange's.

    Raises InputError for a file that is no table, a title twice, or a day that cannot be read.
    """
    place = str(path)
    frame, reading = raw(path)
    titles = [str(name).strip() for name in frame.columns]
    frame.columns = pd.Index(titles)
    twice = [
        name for k, name in enumerate(titles) if name.lower() in [t.lower() for t in titles[:k]] and name
    ]
    if twice:
        raise InputError(place, f"column {twice[0].lower()!r} appears twice", "each column once")
    frame = first_column(frame)
    found = matched(place, frame.columns, SPELLED, ("date", *(name for name in among if name != "date")))
    if "date" not in found:
        raise InputError(
            place, f"no column 'date' ({listed(frame)})", "a column 'date', " + DATES, holding_days(frame)
        )
    frame = without_notes(frame, found["date"].title, reading)
    if frame.empty:
        raise InputError(place, "a header but no rows", "at least two days")
    when = dates(path, frame[found["date"].title], reading, exchange)
    renamed = {match.title: role for role, match in found.items()}
    reading.notes += [
        f"read {short(match.title)} as {role}"
        for role, match in found.items()
        if match.title.strip().lower() != role
    ]
    frame = frame.drop(columns=found["date"].title)
    frame.columns = pd.Index([renamed.get(name, str(name).strip().lower()) for name in frame.columns])
    return Table(place, frame, when, found, reading)


def raw(path: str | Path) -> tuple[pd.DataFrame, Reading]:
    """The file as a frame, cells of text files as text, and the first notes on it.

    Raises InputError for a file that is no table.
    """
    reading = Reading(str(path))
    if kind(path) == "Parquet":
        return parquet(path), reading
    cells = read_cells(path)
    reading.notes += cells.notes
    columns = list(zip(*cells.rows, strict=True)) or [() for _ in cells.header]
    frame = pd.DataFrame(
        {
            k: pd.Series(cell, index=[n - 1 for n in cells.places], dtype=object)
            for k, cell in enumerate(columns)
        }
    )
    frame.columns = pd.Index(cells.header)
    return frame, reading


def parquet(path: str | Path) -> pd.DataFrame:
    """The Parquet table; an index that was written as columns comes back as columns.

    Raises InputError for a damaged file.
    """
    try:
        table = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises its own and OSError for damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(str(path), f"damaged Parquet ({reason})", "a readable Parquet file") from None
    named = any(name is not None for name in table.index.names) or isinstance(table.index, pd.DatetimeIndex)
    return (table.reset_index() if named else table.reset_index(drop=True)).rename(columns=str)


def first_column(frame: pd.DataFrame) -> pd.DataFrame:
    """A first column without a title is the days if it holds them, and dropped if it only counts.

    frame [row, column].
    """
    first = str(frame.columns[0]).strip().lower()
    if first not in ("", "unnamed: 0", "index", "level_0") or frame.empty:
        return frame
    cells = frame.iloc[:, 0].astype(str)
    if any(stamp(cell) for cell in cells.iloc[:8]) or UNDER.match(cells.iloc[0]):
        return frame.rename(columns={frame.columns[0]: "date"}) if "date" not in frame.columns else frame
    counts = cells.str.fullmatch(r"\d{1,7}").all()
    return frame.iloc[:, 1:] if counts else frame


def without_notes(frame: pd.DataFrame, title: str, reading: Reading) -> pd.DataFrame:
    """Rows [row, column] from the first day on; lines of units, sources and codes above it are left out."""
    count = 0
    for cell in frame[title].iloc[:12]:
        if stamp(str(cell)) or not UNDER.match(str(cell)):
            break
        count += 1
    if count:
        line = " ".join(map(str, frame.iloc[0].tolist()))
        reading.notes.append(f"left out under the header: {short(line)!r}")
    return frame.iloc[count:]


def holding_days(frame: pd.DataFrame) -> str:
    """A hint: the column of a frame [row, column] that seems to hold days, or nothing."""
    for title in frame.columns:
        cells = frame[title].iloc[:5]
        if len(cells) and all(stamp(str(cell)) for cell in cells):
            return f"rename column {title!r} to 'date'"
    return ""


def listed(table: pd.DataFrame) -> str:
    """The columns of a table [row, column], for a message."""
    return "columns: " + ", ".join(short(str(name))[:24] for name in table.columns[:8])


def where(path: str | Path, row: int, date: object = None) -> str:
    """The place of a cell: file, data row counted from one after the header, date."""
    when = "" if date is None else f" ({date})"
    return f"{path}: row {int(row) + 1}{when}"


def dates(
    path: str | Path, column: pd.Series, reading: Reading, exchange: str = calendar.CHINA
) -> pd.DatetimeIndex:
    """Days [row] from text, whole numbers or stamps of a column [row].

    InputError at the first that is none, or not the exchange's. Stamps with a zone are taken to the
    exchange's. Stamps at 16:00 without a zone are refused for China: they are midnight in Shanghai in UTC, a
    day early, or nothing.
    """
    zone = calendar.zone(exchange)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        reading.notes.append(f"stamps in {column.dt.tz}, taken to days of {zone}")
        column = column.dt.tz_convert(zone).dt.tz_localize(None)
    elif pd.api.types.is_datetime64_dtype(column.dtype):
        at = column.dropna()
        hour = pd.Timedelta(MIDNIGHT_IN_UTC)
        if exchange == calendar.CHINA and len(at) and ((at - at.dt.normalize()) == hour).all():
            raise InputError(str(path), *zone_wanted())
    place, distinct = pd.factorize(column, use_na_sentinel=False)
    stamps = [None if pd.isna(cell) else stamp(str(cell), zone) for cell in distinct]
    bad = np.array([one is None for one in stamps])[place]
    if bad.any():
        row = int(bad.argmax())
        cell = "" if pd.isna(column.iloc[row]) else column.iloc[row]
        problem = f"date {short(str(cell))!r} cannot be read"
        raise InputError(where(path, column.index[row]), problem, DATES, serial(cell))
    good = [one for one in stamps if one is not None]
    zones(path, good, reading, exchange)
    days = np.array([one.day for one in good], "M8[D]")[place]
    inside(path, column, days, exchange)
    return pd.DatetimeIndex(days.astype("M8[ns]"))


def zone_wanted() -> tuple[str, str, str]:
    """Problem, allowed and hint of stamps that may be a day early."""
    return (
        f"every stamp is {MIDNIGHT_IN_UTC} without a zone",
        "days without a time, or stamps with their zone, such as 2024-02-04 16:00:00+00:00",
        "midnight of Shanghai in UTC would be the day after",
    )


def zones(path: str | Path, stamps: Sequence[Stamp], reading: Reading, exchange: str) -> None:
    """Note that stamps were taken to the exchange's zone.

    Raises InputError where some have a zone and some none, or they need one to be understood.
    """
    if len({one.zoned for one in stamps}) > 1:
        raise InputError(str(path), "some stamps have a zone and some have none", "one form of date")
    if stamps[0].zoned:
        reading.notes.append(f"stamps with a zone, taken to days of {calendar.zone(exchange)}")
    elif exchange == calendar.CHINA and all(one.time == MIDNIGHT_IN_UTC for one in stamps):
        raise InputError(str(path), *zone_wanted())


def serial(cell: object) -> str:
    """A hint for a number that may be a spreadsheet's day."""
    number = str(cell).removesuffix(".0")
    return (
        "a spreadsheet's day number? format the column as a date"
        if re.fullmatch(r"[34]\d{4}", number)
        else ""
    )


def inside(path: str | Path, column: pd.Series, days: np.ndarray, exchange: str) -> None:
    """Refuse a day [row] before the exchange opened, or after the last session its calendar knows.

    Raises InputError with the row.
    """
    first, last = calendar.sessions(exchange)[[0, -1]]
    bad = (days < first) | (days > last)
    if bad.any():
        row = int(bad.argmax())
        day = days[row]
        what = "before the exchange's first session" if day < first else "after the last session it has named"
        hint = "a placeholder? leave the row out" if day < first or str(day)[:4] == "9999" else ""
        hint = hint or "a newer exchange_calendars knows later sessions"
        raise InputError(where(path, column.index[row]), f"date {day} is {what}", f"{first} to {last}", hint)


def numbers(
    path: str | Path, column: pd.Series, when: pd.DatetimeIndex, name: str, *, percent: bool = False
) -> pd.Series:
    """Floats [row]; thousands commas, 万 and 亿 are understood, and percents where `percent`; missing is NaN.

    Raises InputError with the row for text that is no number.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype(float)
    text = column.where(column.notna(), "").astype(str).str.strip()
    parsed = pd.to_numeric(text, errors="coerce")
    odd = parsed.isna() & ~text.str.lower().isin(MISSING)
    if odd.any():
        parsed = parsed.mask(odd, text[odd].map(lambda cell: figure(cell, percent)))
        odd &= parsed.isna()
    if odd.any():
        row = int(odd.to_numpy().argmax())
        place = where(path, column.index[row], when[row].date())
        hint = "a percent: divide by 100" if text.iloc[row].endswith("%") else ""
        raise InputError(place, f"{name} = {text.iloc[row]!r} is not a number", "a number", hint)
    return parsed.astype(float)


def commas(path: str | Path, column: pd.Series, name: str, reading: Reading) -> None:
    """Note that figures [row] have thousands commas. Raises InputError where they may be decimal ones."""
    text = column.dropna().astype(str)
    if not text.str.contains(",", regex=False).any():
        return
    if "separated by semicolons" in reading.notes and not text.str.contains(".", regex=False).any():
        example = text[text.str.contains(",", regex=False)].iloc[0]
        raise InputError(
            f"{path}: column {name!r}",
            f"{example!r} may be thousands or a decimal comma",
            "figures without commas, or with a decimal point",
        )
    reading.notes.append(f"thousands commas in {name}")


def figure(cell: str, percent: bool) -> float:
    """A figure with thousands commas, a scale or a percent sign; NaN if it is none."""
    match = re.fullmatch(r"[¥￥]?([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*([万亿%]?)元?", cell)
    if match is None or (match[2] == "%" and not percent):
        return float("nan")
    return float(match[1].replace(",", "")) * {"%": 0.01, "": 1.0, **SCALES}[match[2]]


def ascending(table: Table, group: pd.Series | None) -> Table:
    """The rows oldest first within each group [row]; a file that is newest first throughout is turned round.

    Raises InputError with the row for a day that comes twice, or a file in no order.
    """
    names = group.to_numpy() if group is not None else np.zeros(len(table.when), int)
    days = pd.Series(table.when, index=table.frame.index)
    step = days.groupby(names).diff().to_numpy("m8[ns]")
    again = pd.DataFrame({"day": table.when, "group": names}).duplicated().to_numpy()
    back = step < np.timedelta64(0, "ns")
    if back.any() and not (step > np.timedelta64(0, "ns")).any() and not again.any():
        table.reading.notes.append("newest first, reversed")
        return table.rows(slice(None, None, -1))
    for bad, what, hint in (
        (again, "a second time", "keep one row per date and code; daily closes, not minutes"),
        (back, "after a later date", "sort by date, oldest first"),
    ):
        if bad.any():
            row = int(bad.argmax())
            label = f" for {group.iloc[row]}" if group is not None else ""
            problem = f"date {table.when[row].date()}{label} comes {what}"
            raise InputError(where(table.path, days.index[row]), problem, "each date once, ascending", hint)
    return table


def parse_day(place: str, day: str) -> pd.Timestamp:
    """One date given as an argument. Raises InputError for text that is none."""
    found = stamp(str(day))
    if found is None or not date(1678, 1, 1) <= found.day <= date(2262, 1, 1):
        raise InputError(place, f"date {day!r} cannot be read", DATES)
    return pd.Timestamp(found.day)
