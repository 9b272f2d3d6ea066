"""Daily closes of the size buckets, read from a file and refused at the first thing wrong."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..core.names import Names, home
from .codes import allowed, bucket
from .table import dates, digest, listed, numbers, read_table, where

__all__ = ["digest", "read_prices", "read_styles"]

STYLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
MOST = 0.5
"""A one-day log move above this is a change of unit or a mix-up of codes, not a market."""


def read_prices(path: str | Path, *, least: int = 2, names: Names | None = None) -> pd.DataFrame:
    """Daily closes: ascending DatetimeIndex, a column per bucket (others by code), NaN where missing.

    Long: columns date, code, close (others ignored). Wide: date and one column per index, named by bucket or
    code, blank where missing. CSV or Parquet, dates ISO or YYYYMMDD. Raises InputError with file, row, date,
    code and value; `least` is the number of days asked for, `names` the market's, of home by default.
    """
    names = names or home()
    table = read_table(path)
    when = dates(path, table["date"])
    reader = long if {"code", "close"} & set(table.columns) else wide
    prices = reader(path, table, when, names)
    if not set(names.buckets) & set(prices.columns):
        have = ", ".join(map(str, prices.columns[:6])) or "none"
        known = ", ".join(f"{code} ({name})" for code, name in names.codes) or ", ".join(names.buckets)
        raise InputError(str(path), f"no bucket of the ladder among the codes ({have})", known)
    if len(prices) < least:
        raise InputError(str(path), f"{len(prices)} days", f"at least {least} days")
    jumps(path, prices)
    first = [name for name in names.buckets if name in prices.columns]
    return prices[first + [name for name in prices.columns if name not in names.buckets]]


def long(path: str | Path, table: pd.DataFrame, when: pd.DatetimeIndex, market: Names) -> pd.DataFrame:
    """Rows of (date, code, close) turned into a column per code."""
    for name in ("code", "close"):
        if name not in table.columns:
            raise InputError(str(path), f"no column {name!r} ({listed(table)})", "columns date, code, close")
    names = spelled(path, table["code"], market)
    close = numbers(path, table["close"], when, "close")
    positive(path, close, when, names, blank=False)
    ascending(path, when, names)
    frame = pd.DataFrame({"date": when, "code": names, "close": close.to_numpy()})
    return frame.pivot(index="date", columns="code", values="close").rename_axis(columns=None)


def wide(path: str | Path, table: pd.DataFrame, when: pd.DatetimeIndex, market: Names) -> pd.DataFrame:
    """A column per index."""
    ascending(path, when, None)
    columns: dict[str, np.ndarray] = {}
    for title in table.columns.drop("date"):
        name = bucket(f"{path}: column {title!r}", title, market)
        if name in columns:
            raise InputError(
                f"{path}: column {title!r}", f"a second column for {name}", "one column per index"
            )
        values = numbers(path, table[title], when, name)
        positive(path, values, when, pd.Series(name, index=values.index), blank=True)
        columns[name] = values.to_numpy()
    return pd.DataFrame(columns, index=pd.DatetimeIndex(when, name="date"))


def spelled(path: str | Path, codes: pd.Series, market: Names) -> pd.Series:
    """The bucket or code of each row; a column of whole numbers is refused, its zeros are gone."""
    if pd.api.types.is_numeric_dtype(codes.dtype):
        raise InputError(
            f"{path}: column 'code'",
            f"codes are numbers ({codes.dtype}, first {codes.iloc[0]}), so leading zeros are lost",
            allowed(market),
            "store the codes as text",
        )
    text = codes.astype(str)
    known: dict[str, str] = {}
    for row in np.flatnonzero(~text.duplicated().to_numpy()):
        known[text.iloc[row]] = bucket(where(path, int(row)), text.iloc[row], market)
    return text.map(known)


def positive(
    path: str | Path, close: pd.Series, when: pd.DatetimeIndex, names: pd.Series, *, blank: bool
) -> None:
    """Refuse the first close that is not a positive finite number; NaN passes only where `blank`."""
    good = np.isfinite(close) & (close > 0)
    bad = ~(good | close.isna()).to_numpy() if blank else ~good.to_numpy()
    if bad.any():
        row = int(bad.argmax())
        value = "missing (blank or NaN)" if np.isnan(close.iloc[row]) else f"{close.iloc[row]:g}"
        allowed = "a positive finite price" + (
            ", or blank" if blank else "; leave out the row of a missing day"
        )
        raise InputError(where(path, row, when[row].date()), f"{names.iloc[row]} close = {value}", allowed)


def ascending(path: str | Path, when: pd.DatetimeIndex, names: pd.Series | None) -> None:
    """Refuse a date met twice, or an earlier date after a later one, within one code."""
    group = names.to_numpy() if names is not None else np.zeros(len(when), int)
    days = pd.Series(when)
    step = days.groupby(group).diff()
    again = pd.DataFrame({"day": days, "group": group}).duplicated().to_numpy()
    for bad, what, hint in (
        (again, "a second time", "keep one row per date and code"),
        (step.to_numpy() < np.timedelta64(0, "D"), "after a later date", "sort by date, oldest first"),
    ):
        if bad.any():
            row = int(bad.argmax())
            label = f" for {names.iloc[row]}" if names is not None else ""
            problem = f"date {when[row].date()}{label} comes {what}"
            raise InputError(where(path, row), problem, "each date once, ascending", hint)


def jumps(path: str | Path, prices: pd.DataFrame) -> None:
    """Refuse a one-day log move beyond MOST between consecutive closes of one index."""
    for name in prices.columns:
        close = prices[name]
        move = np.log(close).diff().abs().to_numpy()
        if (move > MOST).any():
            row = int(np.nanargmax(move))
            before, after = close.iloc[row - 1], close.iloc[row]
            raise InputError(
                f"{path}: {close.index[row].date()}",
                f"{name} close goes from {before:g} to {after:g} in one day ({after / before - 1:+.0%})",
                f"log moves within {MOST:g}",
                "two codes under one name, or a change of unit?",
            )


def read_styles(path: str | Path) -> pd.DataFrame:
    """Daily simple returns of styles by the user's names: ascending DatetimeIndex, columns sorted."""
    table = read_table(path)
    styles = sorted(str(name) for name in table.columns.drop("date"))
    if not styles:
        raise InputError(str(path), "no column beside date", "a column of daily returns for each style")
    for name in styles:
        if not STYLE.fullmatch(name):
            raise InputError(f"{path}: column {name!r}", "is no name of a style", "letters, digits and _")
    when = dates(path, table["date"])
    ascending(path, when, None)
    columns = {}
    for name in styles:
        values = numbers(path, table[name], when, name)
        bad = ~(values.abs() < MOST).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                where(path, row, when[row].date()),
                f"{name} = {values.iloc[row]:g}",
                f"a daily return as a fraction, within {MOST:g}",
                "divide percents by 100",
            )
        columns[name] = values.to_numpy()
    return pd.DataFrame(columns, index=pd.DatetimeIndex(when, name="date"))
