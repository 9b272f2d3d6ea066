"""Daily closes of the size buckets, read from files and refused at the first thing wrong."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import calendar
from ..core.errors import InputError
from ..core.names import Names, home
from .codes import bucket, named_in
from .columns import plain
from .daily import judge
from .reading import Reading
from .styles import read_styles
from .table import Table, ascending, digest, listed, listing, parse_day, read_table, where

__all__ = ["digest", "positive", "read_prices", "read_styles", "understood"]

ROLES = ("date", "code", "close", "name")


def read_prices(
    paths: str | Path | Sequence[str | Path],
    *,
    least: int = 2,
    names: Names | None = None,
    accept: Collection[str] = (),
    since: str | None = None,
    until: str | None = None,
) -> pd.DataFrame:
    """Daily closes: ascending DatetimeIndex, a column per bucket (others by code), NaN where missing.

    Long: columns date, code, close (others ignored). Wide: date and one column per index, named by bucket,
    code or name, blank where missing. One index alone: date, close, and the code in the file's name. Any
    file of `table`, in any of the spellings of `columns` and `codes`; several files are joined.

    What is understood and what is odd is logged. Raises InputError with file, row, date, code and value for
    what cannot be read, and for what cannot be daily data unless its kind (daily.KINDS) is in `accept`;
    `least` is the number of days asked for, `names` the market's, of home by default; only the days from
    `since` to `until` are judged and returned.
    """
    names = names or home()
    prices, reading = understood(paths, least=least, names=names)
    begin = parse_day("since", since) if since else prices.index[0]
    prices = prices.loc[begin : parse_day("until", until) if until else prices.index[-1]]
    if "closed-days" in accept:
        off = ~np.isin(prices.index.to_numpy().astype("M8[D]"), calendar.sessions(names.calendar))
        reading.odd += [f"left out {off.sum()} days on which the exchange was closed"] if off.any() else []
        prices = prices[~off]
    judge(reading.place, prices, reading, accept, names)
    reading.tell()
    return prices


def understood(
    paths: str | Path | Sequence[str | Path], *, least: int = 2, names: Names | None = None
) -> tuple[pd.DataFrame, Reading]:
    """The closes [day, index] as they are in the files, not judged yet, and what was understood of them.

    Raises InputError for what cannot be read, no bucket of the market's, fewer days than `least`.
    """
    names = names or home()
    parts = [one_file(path, names) for path in listing(paths)]
    reading = Reading(", ".join(reading.place for _, reading in parts))
    if len(parts) == 1:
        prices, reading = parts[0]
    else:
        prices = together(parts)
        reading.notes = [part.line for _, part in parts]
        reading.odd = [odd for _, part in parts for odd in part.odd]
    if not set(names.buckets) & set(prices.columns):
        have = ", ".join(map(str, prices.columns[:6])) or "none"
        known = ", ".join(f"{code} ({name})" for code, name in names.codes) or ", ".join(names.buckets)
        raise InputError(reading.place, f"no bucket of the ladder among the codes ({have})", known)
    if len(prices) < least:
        raise InputError(reading.place, f"{len(prices)} days", f"at least {least} days")
    first = [name for name in names.buckets if name in prices.columns]
    prices = prices[first + [name for name in prices.columns if name not in names.buckets]]
    span = f"{prices.index[0].date()} to {prices.index[-1].date()}"
    absent = [name for name in names.buckets if name not in prices.columns]
    reading.notes.append(f"{len(prices):,} days, {span}, of {', '.join(map(str, prices.columns[:8]))}")
    reading.notes += [f"without {', '.join(absent)}"] if absent else []
    return prices, reading


def one_file(path: str | Path, names: Names) -> tuple[pd.DataFrame, Reading]:
    """The closes [day, index] of one file. Raises InputError for what cannot be read."""
    table = read_table(path, ROLES, names.calendar)
    if "close" in table.frame.columns or {"code", "name"} & set(table.columns):
        prices = long(table, names)
    else:
        prices = wide(table, names)
    prices.index.name = "date"
    return prices, table.reading


def together(parts: list[tuple[pd.DataFrame, Reading]]) -> pd.DataFrame:
    """Closes of several files in one table. Raises InputError where two files differ on a day."""
    whole, seen = parts[0][0], parts[0][1].place
    for prices, reading in parts[1:]:
        for name in prices.columns.intersection(whole.columns):
            both = pd.concat([whole[name], prices[name]], axis=1, join="inner").dropna()
            wrong = ~np.isclose(both.iloc[:, 0], both.iloc[:, 1], rtol=1e-9, atol=0)
            if wrong.any():
                row = int(wrong.argmax())
                day, (one, other) = str(both.index[row])[:10], both.to_numpy()[row]
                problem = f"{name} close = {other:g}, but {one:g} in {Path(seen).name}"
                raise InputError(f"{reading.place}: {day}", problem, "one close a day")
        whole, seen = whole.combine_first(prices), f"{seen}, {reading.place}"
    return whole.astype(float)


def long(table: Table, market: Names) -> pd.DataFrame:
    """Rows of (date, code, close) turned into a column per code [day, index].

    Raises InputError for no closes, one that is not positive, or a day twice.
    """
    path = table.path
    if "close" not in table.frame.columns:
        hint = "rename the column of closes to 'close'"
        raise InputError(
            path, f"no column 'close' ({listed(table.frame)})", "columns date, code, close", hint
        )
    names = coded(table, market)
    labelled = table.frame.assign(_names=names)
    table = ascending(Table(path, labelled, table.when, table.columns, table.reading), names)
    names, close = table.frame["_names"], table.numbers("close")
    blank = close.isna().to_numpy()
    if blank.any():
        table.reading.notes.append(f"{blank.sum():,} rows without a close left out")
    positive(path, close, table.when, names, blank=True)
    frame = pd.DataFrame({"date": table.when, "code": names.to_numpy(), "close": close.to_numpy()})[~blank]
    if frame.empty:
        raise InputError(path, "no row has a close", "a positive finite price on each day")
    return frame.pivot(index="date", columns="code", values="close").rename_axis(columns=None)


def coded(table: Table, market: Names) -> "pd.Series[str]":
    """The bucket or code of each row [row]: from a column of codes, of names, or the file's name.

    Raises InputError where there is neither, or a code is no index.
    """
    for role in ("code", "name"):
        if role in table.frame.columns:
            return spelled(table, role, market)
    name = named_in(Path(table.path).stem, market)
    if name is None:
        problem = f"no column 'code' ({listed(table.frame)})"
        hint = "one index? name the file after its code, such as 000300.csv; or add a column code"
        raise InputError(table.path, problem, "columns date, code, close", hint)
    table.reading.notes.append(f"{name} from the file's name")
    return pd.Series(name, index=table.frame.index)


def spelled(table: Table, role: str, market: Names) -> "pd.Series[str]":
    """The bucket or code of each row [row]. Raises InputError for a code that is no index."""
    text = table.frame[role].astype(str)
    known: dict[str, str] = {}
    for row in np.flatnonzero(~text.duplicated().to_numpy()).tolist():
        place = where(table.path, text.index[row])
        known[text.iloc[row]] = bucket(place, text.iloc[row], market)
    other = {code: name for code, name in known.items() if plain(code) != plain(name)}
    if other:
        table.reading.notes.append(", ".join(f"{code} is {name}" for code, name in list(other.items())[:6]))
    return text.map(known)


def wide(table: Table, market: Names) -> pd.DataFrame:
    """A column per index [day, index]. Raises InputError for a title that is none, or is there twice."""
    table = ascending(table, None)
    columns: dict[str, np.ndarray] = {}
    for title in table.frame.columns:
        if title == "" and not table.frame[title].astype(str).str.strip().any():
            continue
        name = bucket(f"{table.path}: column {title!r}", title, market)
        if name in columns:
            place = f"{table.path}: column {title!r}"
            raise InputError(place, f"a second column for {name}", "one column per index")
        values = table.numbers(title)
        positive(table.path, values, table.when, pd.Series(name, index=values.index), blank=True)
        columns[name] = values.to_numpy()
        if title != name:
            table.reading.notes.append(f"read {title} as {name}")
    prices = pd.DataFrame(columns, index=pd.DatetimeIndex(table.when, name="date"))
    return prices[prices.notna().any(axis=1)] if columns else prices


def positive(
    path: str | Path,
    close: pd.Series,
    when: pd.DatetimeIndex,
    names: pd.Series,
    *,
    blank: bool,
    what: str = "close",
) -> None:
    """Refuse the first close [row] that is not a positive finite number; NaN passes only where `blank`.

    when, names [row]: its day and code, for the message. Raises InputError.
    """
    good = np.isfinite(close) & (close > 0)
    bad = ~(good | close.isna()).to_numpy() if blank else ~good.to_numpy()
    if bad.any():
        row = int(bad.argmax())
        value = "missing (blank or NaN)" if np.isnan(close.iloc[row]) else f"{close.iloc[row]:g}"
        allowed = "a positive finite price" + (
            ", or blank" if blank else "; leave out the row of a missing day"
        )
        place = where(path, close.index[row], when[row].date())
        raise InputError(place, f"{names.iloc[row]} {what} = {value}", allowed)
