"""What a file would be read as, and what is wrong with it, without anything being computed."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.calendar import CHINA
from ..core.errors import InputError
from ..core.names import STYLES, Names, home
from .codes import security
from .columns import SPELLED, matched
from .commodities import read_commodities
from .contracts import read_contracts, symbol
from .daily import findings
from .holdings import SPELLED as HELD
from .holdings import read_holdings
from .panel import SPELLINGS, read_panel
from .prices import understood
from .reading import messages_to
from .styles import CHINESE, read_styles
from .table import raw
from .turnover import read_turnover

KINDS = {
    "prices": "daily closes of indices",
    "holdings": "a book",
    "futures": "closes of index futures by contract",
    "commodities": "continuous commodity futures",
    "styles": "daily returns of styles",
    "panel": "a panel of stocks",
    "turnover": "daily turnover of funds",
}
"""What files may be, in words."""


@dataclass
class Look:
    """What one file, or several that make one table, would be read as."""

    files: str
    kind: str
    notes: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def look(paths: Sequence[Path], kind: str | None = None, names: Names | None = None) -> list[Look]:
    """A look at each file; files of prices, or of a panel, are one table. Nothing is raised for bad input.

    names: the market's that the files are of, by default the home market's.
    """
    names = names or home()
    kinds = [kind or guessed(path, names) for path in paths]
    if len(paths) > 1 and len(set(kinds)) == 1 and kinds[0] in ("prices", "panel"):
        return [one(list(paths), kinds[0], names)]
    return [one([path], name, names) for path, name in zip(paths, kinds, strict=True)]


def one(paths: list[Path], kind: str, names: Names) -> Look:
    """A look at files that make one table; what would be refused is in `wrong`, nothing is raised."""
    seen = Look(", ".join(map(str, paths)), kind)
    reads: dict[str, Callable[[], str]] = {
        "prices": lambda: prices(paths, seen, names),
        "holdings": lambda: book(paths[0], names),
        "futures": lambda: shape(read_contracts(paths[0], names=names).close, "contracts"),
        "commodities": lambda: commodities(paths[0]),
        "styles": lambda: shape(read_styles(paths[0]), "styles"),
        "panel": lambda: panel(paths, names),
        "turnover": lambda: shape(read_turnover(paths[0]), "funds"),
    }
    with listening(seen):
        try:
            seen.notes.append(reads[kind]())
        except InputError as error:
            seen.wrong.append(str(error))
    return seen


def guessed(path: Path, names: Names) -> str:
    """What a file is by its columns; prices where nothing else is seen. Nothing is raised for bad input."""
    try:
        frame, _ = raw(path)
        titles = [str(name) for name in frame.columns]
        has = set(matched("", titles, SPELLED, ("date", "open", "close", "hold", "amount")))
        held = matched("", titles, HELD, ("weight", "value", "quantity"))
        if held and not {"date", "close"} <= has:
            return "holdings"
        if len(set(matched("", titles, CHINESE)) & set(STYLES)) > 2:
            return "styles"
        if {"shares", "paused", "turnover"} & set(
            matched("", titles, SPELLINGS, ("shares", "paused", "turnover"))
        ):
            return "panel"
        symbols = matched("", titles, SPELLED, ("symbol",))
        cells = frame[symbols["symbol"].title].astype(str).head(200) if symbols else pd.Series([], dtype=str)
        if cells.map(lambda cell: bool(symbol(names).fullmatch(cell.strip()))).any():
            return "futures"
        if {"open", "hold"} <= has and symbols:
            return "commodities"
        codes = matched("", titles, SPELLED, ("code",))
        funds = codes and frame[codes["code"].title].astype(str).head(50).map(security).eq("fund").any()
        return "turnover" if "amount" in has and funds else "prices"
    except InputError:
        return "prices"


def prices(paths: list[Path], seen: Look, names: Names) -> str:
    """Closes: everything understood, and every finding. Raises InputError as `read_prices`."""
    closes, reading = understood(paths, names=names)
    seen.notes += reading.notes
    seen.odd += reading.odd
    for finding in findings(closes, names):
        if finding.warn:
            seen.odd.append(finding.problem + (f" ({finding.hint})" if finding.hint else ""))
            continue
        go_on = f"to go on: --accept {finding.kind}" if finding.kind else ""
        more = "; ".join(filter(None, (finding.hint, go_on)))
        seen.wrong.append(finding.problem + (f" ({more})" if more else ""))
    return "last closes " + ", ".join(
        f"{name} {value:,.2f}" for name, value in closes.ffill().iloc[-1].items()
    )


def book(path: Path, names: Names) -> str:
    """A book: its buckets and what is in none. Raises InputError as `read_holdings`."""
    read = read_holdings(path, names)
    buckets = ", ".join(f"{name} {weight:.1%}" for name, weight in read.weights.items())
    styles = ", ".join(f"{name} {value:+.2f}" for name, value in read.style_exposure.items())
    return f"{read.rows} rows: {buckets}" + (f"; styles {styles}" if styles else "")


def commodities(path: Path) -> str:
    """Commodity futures: how many days of how many products. Raises InputError as `read_commodities`."""
    table = read_commodities(path)
    return (
        f"{len(table):,} rows of {table['symbol'].nunique()} products, {table.index.min().date()} to "
        + str(table.index.max().date())
    )


def panel(paths: list[Path], names: Names) -> str:
    """A stock panel: days, stocks, and the whole market's value on the last day.

    Raises InputError as `read_panel`.
    """
    read = read_panel(paths, names=names)
    whole = float(np.nansum(read.cap[-1]))
    days = f"{len(read.dates):,} days, {read.dates[0].date()} to {read.dates[-1].date()}"
    money = " yuan" if names.calendar == CHINA else ""
    return f"{days}, {len(read.ids):,} stocks worth {whole:.3g}{money}, {int(read.traded.sum()):,} closes"


def shape(table: pd.DataFrame, what: str) -> str:
    """Days and columns of a table [day, column]."""
    days = f"{len(table):,} days, {table.index.min().date()} to {table.index.max().date()}"
    return f"{days}, of {len(table.columns)} {what}: {', '.join(map(str, table.columns[:6]))}" + (
        ", ..." if len(table.columns) > 6 else ""
    )


@contextmanager
def listening(seen: Look) -> Iterator[None]:
    """What readers say goes to the look."""
    keep = {logging.INFO: seen.notes, logging.WARNING: seen.odd}
    with messages_to(lambda record: keep[record.levelno].append(record.getMessage())):
        yield
