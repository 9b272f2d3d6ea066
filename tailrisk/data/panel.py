"""A stock panel from files: closes, shares, returns and turnover by day and stock, refused if unsound."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.calendar import CHINA
from ..core.errors import InputError
from ..core.names import Names, home
from .codes import a_share, clean, stock, ticker
from .columns import Match, matched, plain, versions
from .daily import allowable, judge_days, refused
from .panel_returns import adjusted, filled, price_limit, suspended, unsplit
from .reading import Reading
from .table import Table, listed, read_table, where
from .units import judge_units

Array = NDArray[np.float64]

SPELLINGS = {
    "close": {"close": 1.0, "close_raw_cents": 0.01, "close_price": 1.0, "收盘": 1.0, "收盘价": 1.0},
    "shares": {
        "total_shares": 1.0,
        "total_shares_10k": 1e4,
        "total_share": 1e4,
        "capitalization": 1e4,
        "总股本": 1.0,
    },
    "return": {"return": 1.0, "pct_bp": 1e-4, "pct_chg": 0.01, "pctChg": 0.01, "涨跌幅": 0.01},
    "turnover": {
        "turnover": 1.0,
        "turn_bp": 1e-4,
        "turnover_rate": 0.01,
        "turnover_ratio": 0.01,
        "turn": 0.01,
        "换手率": 0.01,
    },
    "amount": {
        "amount": 1.0,
        "amount_10k": 1e4,
        "money": 1.0,
        "total_turnover": 1.0,
        "成交额": 1.0,
        "成交金额": 1.0,
    },
    "volume": {"volume": 1.0, "vol": 1.0, "成交量": 1.0},
    "paused": {"paused": 1.0, "suspended": 1.0, "is_suspended": 1.0, "停牌": 1.0},
    "st": {"st": 1.0, "isST": 1.0, "is_st": 1.0},
    "book_to_price_ratio": {"book_to_price_ratio": 1.0},
    "earning_yield": {"earning_yield": 1.0},
    "growth": {"growth": 1.0},
    "leverage": {"leverage": 1.0},
}
"""What a panel may hold -> the columns it may be in and what turns them into yuan, shares and fractions.

Those of tushare (total_share in 10k, percents), JoinQuant (capitalization in 10k), baostock and RQData among
them; a unit in brackets after the title comes before the one here.
"""
THOUSANDS = 1e3
"""tushare's amount, known by its column ts_code, is in thousands of yuan."""

OWN = ("close_raw_cents", "total_shares_10k", "pct_bp", "turn_bp", "amount_10k", *SPELLINGS, "total_shares")
"""Titles that say their unit, or are in yuan, shares and fractions; how others are read is in a note."""

NEEDED = ("close", "shares", "amount")
FUNDAMENTALS = ("book_to_price_ratio", "earning_yield", "growth", "leverage")
ABOVE = {
    "close": 0.0,
    "shares": 0.0,
    "return": -1.0,
    **dict.fromkeys(("turnover", "amount", "volume", "paused", "st"), -1e-12),
}
"""Values must be above these, in yuan, shares and fractions; what is not here may be any finite number."""
ALLOWED = {
    "close": "a positive number; leave out the row of a day without a close",
    "shares": "a positive number, or blank",
    "return": "more than -100 %, or blank",
    **dict.fromkeys(FUNDAMENTALS, "a finite number, or blank"),
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Days and stocks; NaN where nothing is known, every stock with at least one close and shares."""

    dates: pd.DatetimeIndex  # [day]
    ids: tuple[str, ...]  # [stock]  six digits of Shanghai and Shenzhen; elsewhere tickers, in capitals
    traded: NDArray[np.bool_]  # [day, stock]  there was a close
    cap: Array  # [day, stock]  yuan, all shares; the last known while suspended
    returns: Array  # [day, stock]  simple, adjusted; NaN when suspended
    turnover: Array  # [day, stock]  traded shares over circulating shares
    amount: Array  # [day, stock]  yuan
    st: NDArray[np.bool_] | None  # [day, stock]
    fundamentals: dict[str, Array]  # name -> [day, stock]
    industry: tuple[str, ...] | None  # [stock]


def read_panel(
    paths: Sequence[str | Path],
    until: str | None = None,
    accept: Collection[str] = (),
    names: Names | None = None,
) -> Panel:
    """The files of a market's stocks joined on date and code, up to `until`; by default the home market's.

    Every file has date and code and some of SPELLINGS; together they have NEEDED. Within a code dates ascend
    or descend. In China indices, B shares and Beijing are left out; elsewhere a code is a ticker and money
    is the market's own. Codes without a close or shares are left out everywhere; a day without trade whose
    close is the last one is a suspension. Raises InputError with file, row, date, code and value, and for
    days and units that cannot be unless their kind (daily.KINDS) is in `accept`.
    """
    allowable(accept)
    exchange = (names or home()).calendar
    parts = [read_part(path, exchange) for path in paths]
    ids = tuple(sorted({each for table, _ in parts for each in table["code"].cat.categories}))
    tables = [placed(table, ids) for table, _ in parts]
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
        none = all(table.empty for table, _ in parts)
        stocks = "A-share of Shanghai or Shenzhen" if exchange == CHINA else "stock"
        problem = f"no {stocks}" if none else f"no row up to {until}"
        some = "codes from 00, 30, 60 or 68" if exchange == CHINA else "rows of stocks"
        raise InputError(place, problem, some if none else "rows on and before the date")
    lines = [part.line for _, part in parts] if len(parts) > 1 else parts[0][1].notes
    reading = Reading(place, list(lines), [odd for _, part in parts for odd in part.odd])
    when = pd.DatetimeIndex(np.unique(priced["date"]))
    for one in judge_days(when.to_numpy().astype("M8[D]"), exchange):
        if one.warn or one.kind in accept:
            reading.odd.append(one.problem)
        else:
            raise refused(place, one)
    panel = joined(tables, when, np.unique(priced["code"]), ids, reading, exchange)
    money = "yuan" if exchange == CHINA else None
    judge_units(place, panel.cap, panel.amount, panel.turnover, panel.ids, reading, accept, money)
    reading.tell()
    return panel


def placed(table: pd.DataFrame, ids: Sequence[str]) -> pd.DataFrame:
    """The rows of a part, their codes as places among the ids [stock], which are sorted."""
    own = table["code"].cat
    places = np.searchsorted(np.array(ids), np.array(own.categories, dtype=str)) if len(ids) else np.array([])
    return table.assign(code=places.astype(np.int64)[own.codes])


def read_part(path: str | Path, exchange: str = CHINA) -> tuple[pd.DataFrame, Reading]:
    """One file: date, code (categories) and what it has of SPELLINGS in yuan, shares and fractions; checked.

    Raises InputError with file, row, date, code and value.
    """
    table = read_table(path, ("date", "code"), exchange)
    if "code" not in table.frame.columns:
        raise InputError(str(path), f"no column 'code' ({listed(table.frame)})", "columns date and code")
    stocks = codes(table) if exchange == CHINA else tickers(table)
    found = columns(table)
    part = pd.DataFrame({"date": table.when, "code": stocks}, index=table.frame.index)
    for name, (title, unit) in found.items():
        table.columns[title] = Match(title, title, 1.0)
        values = table.numbers(title)
        part[name] = values.to_numpy() * unit
        refuse(path, name, title, values, part)
    if "industry" in table.frame.columns:
        part["industry"] = table.frame["industry"].astype(str)
    if part.shape[1] == 2:
        known = ", ".join(title for spelled in SPELLINGS.values() for title in spelled)
        raise InputError(str(path), f"nothing known beside date and code ({listed(table.frame)})", known)
    part = part[part["code"].notna()].copy()
    part["code"] = part["code"].cat.remove_unused_categories()
    in_order(path, part, table.reading)
    return part, table.reading


def columns(table: Table) -> dict[str, tuple[str, float]]:
    """What of SPELLINGS is there: name -> its title and what turns it into yuan, shares and fractions.

    Raises InputError where two columns would be one of them.
    """
    found = matched(table.path, table.frame.columns, SPELLINGS)
    result = {}
    for name, match in found.items():
        units = {plain(title): unit for title, unit in SPELLINGS[name].items()}
        bracketed = match.title.rstrip().endswith((")", "）"))
        unit = match.unit if bracketed else next(units[v] for v in versions(match.title)[0] if v in units)
        if name == "amount" and unit == 1.0 and not bracketed and table.written("code").lower() == "ts_code":
            unit = THOUSANDS
        if match.title not in OWN:
            table.reading.notes.append(f"{match.title} times {unit:g} as {name}")
        result[name] = (match.title, unit)
    if "tradestatus" in table.frame.columns:  # baostock: 1 is trading
        status = table.numbers("tradestatus")
        table.frame["not trading"] = 1.0 - status
        result["paused"] = ("not trading", 1.0)
    return result


def tickers(table: Table) -> pd.Categorical:
    """Codes [row] of a market that has tickers: as they are written, in capitals. InputError: a blank one."""
    column = table.frame["code"]
    place, distinct = pd.factorize(column, use_na_sentinel=False)
    known = [ticker(code) for code in distinct]
    blank = np.array([not code for code in known])[place]
    if blank.any():
        row = int(blank.argmax())
        raise InputError(
            where(table.path, column.index[row]), "a row without a code", "a ticker, such as IBM"
        )
    return pd.Categorical(np.array(known, dtype=object)[place], categories=sorted(set(known)))


def codes(table: Table) -> pd.Categorical:
    """Six-digit stock codes [row], missing for what is no A-share: an index, a B share, Beijing.

    SH000300 is an index and no share of Shenzhen: an exchange that is written is obeyed. Raises InputError
    for what is no code.
    """
    column = table.frame["code"]
    place, distinct = pd.factorize(column, use_na_sentinel=False)
    known = [stock(str(code)) for code in distinct]
    bad = np.array([code is None for code in known])[place]
    if bad.any():
        row = int(bad.argmax())
        allowed = "six digits, with or without exchange: 000001, 000001.SZ, sh600000"
        problem = f"code {column.iloc[row]!r} is not a stock code"
        raise InputError(where(table.path, column.index[row]), problem, allowed)
    numbers = np.array([a_share(code) for code in known if code is not None], np.int64)
    other = [clean(code).upper() for code, number in zip(distinct, numbers, strict=True) if number < 0]
    if other:
        some = ", ".join(other[:4]) + (", ..." if len(other) > 4 else "")
        noun = "code that is" if len(other) == 1 else "codes that are"
        table.reading.notes.append(f"left out {len(other)} {noun} no A-share of Shanghai or Shenzhen: {some}")
    digits = np.array([f"{number:06d}" if number >= 0 else None for number in numbers], dtype=object)
    return pd.Categorical(digits[place], categories=sorted({each for each in digits if each is not None}))


def refuse(path: str | Path, name: str, column: str, values: pd.Series, part: pd.DataFrame) -> None:
    """Refuse the first value [row] that is not finite or not ABOVE its limit, or a close that is missing.

    part: the file's rows [row] by date and code. Raises InputError with row, date, code and value.
    """
    scaled = part[name].to_numpy()
    bad = ~(
        (np.isfinite(scaled) & (scaled > ABOVE.get(name, -np.inf))) | (np.isnan(scaled) & (name != "close"))
    )
    bad &= part["code"].notna().to_numpy()
    if bad.any():
        row = int(bad.argmax())
        when, code = part["date"].iloc[row], part["code"].iloc[row]
        found = f"{code} {column} = {values.iloc[row]:g}"
        place = where(path, part.index[row], when.date())
        raise InputError(place, found, ALLOWED.get(name, "zero or more, or blank"))


def in_order(path: str | Path, part: pd.DataFrame, reading: Reading) -> None:
    """Refuse a date and code met twice, or dates that neither ascend nor descend within the codes.

    part: rows [row]. Raises InputError with the row.
    """
    day = part["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    place = part["code"].cat.codes.to_numpy().astype(np.int64)
    again = pd.Series(day * (1 + place.max(initial=0)) + place).duplicated().to_numpy()
    step = part.groupby(place, sort=False)["date"].diff().to_numpy()
    if (
        (step < np.timedelta64(0, "D")).any()
        and not (step >= np.timedelta64(0, "D")).any()
        and not again.any()
    ):
        reading.notes.append("newest first")
        return
    for bad, what, hint in (
        (again, "a second time", "keep one row for each date and code"),
        (step < np.timedelta64(0, "D"), "after a later date", "sort by date, oldest first"),
    ):
        if bad.any():
            row = int(bad.argmax())
            when, code = part["date"].iloc[row], part["code"].iloc[row]
            problem = f"date {when.date()} for {code} comes {what}"
            raise InputError(
                where(path, part.index[row]), problem, "each date and code once, ascending", hint
            )


def joined(
    tables: list[pd.DataFrame],
    when: pd.DatetimeIndex,
    stocks: NDArray[np.int64],
    ids: Sequence[str],
    reading: Reading,
    exchange: str = CHINA,
) -> Panel:
    """The tables as matrices [day, stock] of the places `stocks` [stock] among ids [code].

    Stocks without any number of shares are left out.
    """
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
    off = suspended(wide)
    if off.any():
        reading.notes.append(f"{off.sum():,} closes of days without trade taken for suspensions")
        wide["close"][off] = np.nan
    shares = filled(wide["shares"], back=True)
    known = np.isfinite(shares).any(axis=0)
    wide = {name: matrix[:, known] for name, matrix in wide.items()}
    cap = filled(wide["close"]) * shares[:, known]
    empty = np.full_like(cap, np.nan)
    there = tuple(ids[stock] for stock in stocks[known])
    given = wide.get("return", empty)
    if exchange == CHINA:
        returns = adjusted(wide["close"], cap, given, price_limit(there))
    else:
        returns = unsplit(wide["close"], shares[:, known], given, reading)
    return Panel(
        dates=when,
        ids=there,
        traded=np.isfinite(wide["close"]),
        cap=cap,
        returns=returns,
        turnover=wide.get("turnover", empty),
        amount=wide.get("amount", empty),
        st=filled(wide["st"]) > 0 if "st" in wide else None,
        fundamentals={name: filled(wide[name]) for name in FUNDAMENTALS if name in wide},
        industry=tuple(industry.to_numpy()[known]) if (industry != "").any() else None,
    )
