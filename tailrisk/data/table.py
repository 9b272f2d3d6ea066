"""A data table from a file: CSV or Parquet, with dates and numbers checked cell by cell."""

import hashlib
from pathlib import Path

import pandas as pd

from ..core.errors import InputError

DATES = "YYYY-MM-DD or YYYYMMDD"


def digest(path: str | Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def read_table(path: str | Path) -> pd.DataFrame:
    """The file as a table with lower-case column names; CSV cells stay text. InputError if it is not one."""
    place = str(path)
    if not Path(path).is_file():
        problem = "is a folder" if Path(path).is_dir() else "no such file"
        raise InputError(place, problem, "a CSV or Parquet file", "check the path")
    with open(path, "rb") as file:
        head = file.read(65536)
    if not head.strip():
        raise InputError(place, "the file is empty", "a header line and at least two days")
    table = parquet(path) if head[:4] == b"PAR1" else comma_separated(path, head)
    table.columns = [str(name).strip().lower() for name in table.columns]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise InputError(place, f"column {twice[0]!r} appears twice", "each column once")
    if "date" not in table.columns:
        raise InputError(place, f"no column 'date' ({listed(table)})", "a column 'date', " + DATES)
    if table.empty:
        raise InputError(place, "a header but no rows", "at least two days")
    return table


def listed(table: pd.DataFrame) -> str:
    """The columns there are, for a message."""
    return "columns: " + ", ".join(name[:24] for name in table.columns[:8])


def comma_separated(path: str | Path, head: bytes) -> pd.DataFrame:
    """The CSV with every cell as text, so that codes keep their zeros."""
    place, allowed = str(path), "comma-separated text in UTF-8 with a header, or Parquet"
    if b"\x00" in head:
        raise InputError(place, f"not a table (binary, starts {head[:4]!r})", allowed)
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(place, f"not UTF-8 text ({error.reason} at byte {error.start})", allowed) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(place, f"not a table ({str(error).strip()})", allowed) from None
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(
            f"{place}: row 1", "more cells than the header has columns", "a name for each column"
        )
    return table


def parquet(path: str | Path) -> pd.DataFrame:
    """The Parquet table; an index that was written as columns comes back as columns."""
    try:
        table = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises its own and OSError for damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(str(path), f"damaged Parquet ({reason})", "a readable Parquet file") from None
    named = any(name is not None for name in table.index.names)
    return table.reset_index() if named else table


def where(path: str | Path, row: int, date: object = None) -> str:
    """The place of a cell: file, data row counted from one after the header, date."""
    when = "" if date is None else f" ({date})"
    return f"{path}: row {row + 1}{when}"


def dates(path: str | Path, column: pd.Series) -> pd.DatetimeIndex:
    """Days from text, whole numbers or time stamps; InputError at the first that is none."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        days = column
    else:
        text = column.astype(str).str.strip()
        iso = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
        plain = pd.to_datetime(text.where(text.str.fullmatch(r"\d{8}")), format="%Y%m%d", errors="coerce")
        days = iso.where(text.str.fullmatch(r"\d{4}-\d{2}-\d{2}")).fillna(plain)
    bad = days.isna().to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise InputError(where(path, row), f"date {column.iloc[row]!r} cannot be read", DATES)
    return pd.DatetimeIndex(days.dt.normalize()).as_unit("ns")


def numbers(path: str | Path, column: pd.Series, when: pd.DatetimeIndex, name: str) -> pd.Series:
    """Floats; text that is no number is refused with its row, empty cells become NaN."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        text = column.where(column.notna(), "").astype(str).str.strip()
        parsed = pd.to_numeric(text.where(text != "", "nan"), errors="coerce")
        bad = (parsed.isna() & ~text.str.lower().isin(["", "nan"])).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                where(path, row, when[row].date()), f"{name} = {text.iloc[row]!r} is not a number", "a number"
            )
        column = parsed
    return column.astype(float)


def parse_day(place: str, day: str) -> pd.Timestamp:
    """One date given as an argument."""
    for form in ("%Y-%m-%d", "%Y%m%d"):
        parsed = pd.to_datetime(str(day), format=form, errors="coerce")
        if not pd.isna(parsed):
            return parsed
    raise InputError(place, f"date {day!r} cannot be read", DATES)
