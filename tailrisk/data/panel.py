"""A stock panel from files: closes, shares, returns and turnover by day and stock, refused if unsound."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.errors import InputError
from .table import dates, listed, numbers, read_table, where

Array = NDArray[np.float64]

SPELLINGS = {
    "close": {"close": 1.0, "close_raw_cents": 0.01},
    "shares": {"total_shares": 1.0, "total_shares_10k": 1e4},
    "return": {"return": 1.0, "pct_bp": 1e-4},
    "turnover": {"turnover": 1.0, "turn_bp": 1e-4},
    "amount": {"amount": 1.0, "amount_10k": 1e4},
    "st": {"st": 1.0},
    "book_to_price_ratio": {"book_to_price_ratio": 1.0},
    "earning_yield": {"earning_yield": 1.0},
    "growth": {"growth": 1.0},
    "leverage": {"leverage": 1.0},
}
"""What a panel may hold -> the columns it may be in and what turns them into yuan, shares and fractions."""

NEEDED = ("close", "shares", "amount")
FUNDAMENTALS = ("book_to_price_ratio", "earning_yield", "growth", "leverage")
ABOVE = {"close": 0.0, "shares": 0.0, "return": -1.0, "turnover": -1e-12, "amount": -1e-12, "st": -1e-12}
"""Values must be above these, in yuan, shares and fractions; what is not here may be any finite number."""
ALLOWED = {
    "close": "a positive number; leave out the row of a day without a close",
    "shares": "a positive number, or blank",
    "return": "more than -100 %, or blank",
    **dict.fromkeys(FUNDAMENTALS, "a finite number, or blank"),
}
CODE = re.compile(r"(?:s[hz]\.?)?(\d{1,6})(?:\.(?:sh|sz|xshg|xshe))?")
BOARDS = (0, 30, 60, 68)
"""First two digits of the A-shares of Shenzhen (00, ChiNext 30) and Shanghai (60, STAR 68)."""
SLACK = 0.006
"""A return this much beyond the price limit is rounding of a cheap stock; more is a corporate action."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Days and stocks; NaN where nothing is known, every stock with at least one close and shares."""

    dates: pd.DatetimeIndex  # [day]
    codes: NDArray[np.int64]  # [stock]  six digits, SH and SZ
    traded: NDArray[np.bool_]  # [day, stock]  there was a close
    cap: Array  # [day, stock]  yuan, all shares; the last known while suspended
    returns: Array  # [day, stock]  simple, adjusted; NaN when suspended
    turnover: Array  # [day, stock]  traded shares over circulating shares
    amount: Array  # [day, stock]  yuan
    st: NDArray[np.bool_] | None  # [day, stock]
    fundamentals: dict[str, Array]  # name -> [day, stock]
    industry: tuple[str, ...] | None  # [stock]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(f"{code:06d}" for code in self.codes)


def read_panel(paths: Sequence[str | Path], until: str | None = None) -> Panel:
    """The files joined on date and code, up to `until`.

    Every file has date and code and some of SPELLINGS; together they have NEEDED. Dates ascend within a
    code. B shares, Beijing, and codes without a close or shares are left out. Raises InputError with file,
    row, date, code and value.
    """
    tables = [read_part(path) for path in paths]
    have = {name for table in tables for name in table.columns}
    place = ", ".join(str(path) for path in paths)
    for name in NEEDED:
        if name not in have:
            spelled = " or ".join(SPELLINGS[name])
            raise InputError(place, f"no column {spelled}", "date, code, and " + ", ".join(NEEDED))
    if until is not None:
        tables = [table[table["date"] <= pd.Timestamp(until)] for table in tables]
    priced = pd.concat([table[["date", "code"]] for table in tables if "close" in table.columns])
    if priced.empty:
        raise InputError(place, f"no row up to {until}", "rows on and before the date")
    stocks = np.unique(priced["code"])
    stocks = stocks[np.isin(stocks // 10000, BOARDS)]
    if not len(stocks):
        raise InputError(place, "no A-share of Shanghai or Shenzhen", "codes from 00, 30, 60 or 68")
    return joined(tables, pd.DatetimeIndex(np.unique(priced["date"])), stocks)


def read_part(path: str | Path) -> pd.DataFrame:
    """One file: date, code and what it has of SPELLINGS in yuan, shares and fractions; checked."""
    table = read_table(path)
    if "code" not in table.columns:
        raise InputError(str(path), f"no column 'code' ({listed(table)})", "columns date and code")
    when = days(path, table["date"])
    part = pd.DataFrame({"date": when, "code": codes(path, table["code"])})
    for name, spelled in SPELLINGS.items():
        column = next((title for title in spelled if title in table.columns), None)
        if column is not None:
            values = numbers(path, table[column], when, column)
            scaled = values.to_numpy() * spelled[column]
            refuse(path, name, column, values, scaled, part)
            part[name] = scaled
    if "industry" in table.columns:
        part["industry"] = table["industry"].astype(str)
    if part.shape[1] == 2:
        known = ", ".join(title for spelled in SPELLINGS.values() for title in spelled)
        raise InputError(str(path), f"nothing known beside date and code ({listed(table)})", known)
    in_order(path, part)
    return part


def days(path: str | Path, column: pd.Series) -> pd.DatetimeIndex:
    """The dates, each distinct one parsed once."""
    place, distinct = pd.factorize(column)
    try:
        return dates(path, pd.Series(distinct))[place] if (place >= 0).all() else dates(path, column)
    except InputError:
        return dates(path, column)  # raises with the row


def codes(path: str | Path, column: pd.Series) -> NDArray[np.int64]:
    """Six-digit stock codes as numbers, from numbers or text such as 000001, 000001.SZ, sh600000."""
    place, distinct = pd.factorize(column, use_na_sentinel=False)
    known = [CODE.fullmatch(str(code).strip().lower()) for code in distinct]
    bad = np.array([match is None for match in known])[place]
    if bad.any():
        row = int(bad.argmax())
        allowed = "six digits, with or without exchange: 000001, 000001.SZ, sh600000"
        raise InputError(where(path, row), f"code {column.iloc[row]!r} is not a stock code", allowed)
    return np.array([int(match[1]) for match in known if match])[place]


def refuse(
    path: str | Path, name: str, column: str, values: pd.Series, scaled: Array, part: pd.DataFrame
) -> None:
    """Refuse the first value that is not finite or not ABOVE its limit, or a close that is missing."""
    bad = ~(
        (np.isfinite(scaled) & (scaled > ABOVE.get(name, -np.inf))) | (np.isnan(scaled) & (name != "close"))
    )
    if bad.any():
        row = int(bad.argmax())
        when, code = part["date"].iloc[row], part["code"].iloc[row]
        found = f"{code:06d} {column} = {values.iloc[row]:g}"
        raise InputError(where(path, row, when.date()), found, ALLOWED.get(name, "zero or more, or blank"))


def in_order(path: str | Path, part: pd.DataFrame) -> None:
    """Refuse a date and code met twice, or an earlier date after a later one within one code."""
    day = part["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    again = pd.Series(day * 1_000_000 + part["code"].to_numpy()).duplicated().to_numpy()
    step = part.groupby("code", sort=False)["date"].diff().to_numpy()
    for bad, what, hint in (
        (again, "a second time", "keep one row for each date and code"),
        (step < np.timedelta64(0, "D"), "after a later date", "sort by date, oldest first"),
    ):
        if bad.any():
            row = int(bad.argmax())
            when, code = part["date"].iloc[row], part["code"].iloc[row]
            problem = f"date {when.date()} for {code:06d} comes {what}"
            raise InputError(where(path, row), problem, "each date and code once, ascending", hint)


def joined(tables: list[pd.DataFrame], when: pd.DatetimeIndex, stocks: NDArray[np.int64]) -> Panel:
    """The tables as matrices [day, stock]; stocks without any number of shares are left out."""
    wide: dict[str, Array] = {}
    industry = pd.Series("", index=stocks)
    for table in tables:
        row, column = (
            when.get_indexer(pd.DatetimeIndex(table["date"])),
            np.searchsorted(stocks, table["code"]),
        )
        column = np.minimum(column, len(stocks) - 1)
        keep = (row >= 0) & (stocks[column] == table["code"].to_numpy())
        for name in table.columns.drop(["date", "code", "industry"], errors="ignore"):
            matrix = wide.setdefault(name, np.full((len(when), len(stocks)), np.nan))
            matrix[row[keep], column[keep]] = table[name].to_numpy()[keep]
        if "industry" in table.columns:
            industry.update(table.iloc[np.flatnonzero(np.asarray(keep))].groupby("code")["industry"].last())
    shares = filled(wide["shares"], back=True)
    known = np.isfinite(shares).any(axis=0)
    wide = {name: matrix[:, known] for name, matrix in wide.items()}
    cap = filled(wide["close"]) * shares[:, known]
    empty = np.full_like(cap, np.nan)
    return Panel(
        dates=when,
        codes=stocks[known],
        traded=np.isfinite(wide["close"]),
        cap=cap,
        returns=adjusted(wide["close"], cap, wide.get("return", empty), stocks[known]),
        turnover=wide.get("turnover", empty),
        amount=wide.get("amount", empty),
        st=filled(wide["st"]) > 0 if "st" in wide else None,
        fundamentals={name: filled(wide[name]) for name in FUNDAMENTALS if name in wide},
        industry=tuple(industry.to_numpy()[known]) if (industry != "").any() else None,
    )


def filled(matrix: Array, *, back: bool = False) -> Array:
    """The last known value down the days; with `back`, days before the first one get the first."""
    frame = pd.DataFrame(matrix).ffill()
    return (frame.bfill() if back else frame).to_numpy()


def price_limit(stocks: NDArray[np.int64]) -> Array:
    """[stock] 20 % for ChiNext (30xxxx) and STAR (68xxxx), 10 % for the main boards."""
    return np.where(np.isin(stocks // 10000, (30, 68)), 0.20, 0.10)


def adjusted(close: Array, cap: Array, given: Array, stocks: NDArray[np.int64]) -> Array:
    """Returns as given; else the closes' own, or where that is beyond the price limit, that of the cap.

    A raw move beyond the limit is a bonus issue or a split, which leaves the cap alone; where the cap moved
    too far as well the return is unknown.
    """
    limit = price_limit(stocks) + SLACK
    returns = np.full_like(close, np.nan)
    with np.errstate(invalid="ignore"):
        raw, whole = close[1:] / filled(close)[:-1] - 1, cap[1:] / cap[:-1] - 1
        own = np.where(np.abs(raw) <= limit, raw, np.where(np.abs(whole) <= limit, whole, np.nan))
    returns[1:] = np.where(np.isfinite(given[1:]), given[1:], own)
    returns[~np.isfinite(close)] = np.nan
    return returns
