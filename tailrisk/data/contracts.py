"""Daily closes of index futures by contract, and of the index each is on, from a file."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..core.names import Names, home
from .daily import require_days
from .prices import positive
from .table import Table, ascending, listed, read_table

EXCHANGE = r"[A-Z]{2,6}"
"""What stands before or after a symbol: CFFEX.IF2402, IF2402.CFE, IF2402.CCFX."""


def symbol(names: Names) -> "re.Pattern[str]":
    """A contract of a market's futures, such as IF2402, its exchange before or after it or not.

    Group 1 is the symbol, 2 the future, 3 and 4 the year and the month of delivery.
    """
    futures = "|".join(map(re.escape, sorted(names.contracts, key=len, reverse=True))) or r"(?!)"
    bare = rf"(({futures})(\d{{2}})(0[1-9]|1[0-2]))"
    return re.compile(rf"(?:{EXCHANGE}\.)?{bare}(?:\.{EXCHANGE})?", re.IGNORECASE)


@dataclass(frozen=True)
class Contracts:
    """Closes [day, contract], NaN where a contract did not trade."""

    path: str
    close: pd.DataFrame
    spot: pd.DataFrame | None  # [day, contract]  of the index, where the file has it


def read_contracts(
    path: str | Path, *, spot: bool = False, accept: Collection[str] = (), names: Names | None = None
) -> Contracts:
    """Closes by date and symbol (IF2402), with the index's own where there are any.

    Columns date, symbol, close, and spot_close if `spot`. Futures that the market of `names`, by default the
    home market, does not have are left out. Raises InputError with file, row and value.
    """
    names = names or home()
    table = read_table(path, ("date", "symbol", "close", "spot_close"), names.calendar)
    for name in ("symbol", "close", *(["spot_close"] if spot else [])):
        if name not in table.frame.columns:
            problem = f"no column {name!r} ({listed(table.frame)})"
            raise InputError(
                str(path), problem, f"columns date, symbol, close{', spot_close' if spot else ''}"
            )
    spelled = table.frame["symbol"].astype(str).str.strip()
    match = spelled.str.extract(f"^{symbol(names).pattern}$", flags=re.IGNORECASE)[0]
    ours = match.notna().to_numpy()
    if not ours.any():
        problem = f"no contract of {', '.join(names.contracts) or 'a market without futures'}"
        raise InputError(str(path), problem, f"symbols such as {[*names.contracts, 'IF'][0]}2402")
    table = table.rows(np.flatnonzero(ours))
    named = table.frame.assign(symbol=match[ours].str.upper())
    table = ascending(Table(table.path, named, table.when, table.columns, table.reading), named["symbol"])
    require_days(table, accept, names.calendar)
    close = closes(table, "close")
    whole = {"close": close}
    if "spot_close" in table.frame.columns:
        whole["spot"] = closes(table, "spot_close")
    table.reading.tell()
    return Contracts(table.path, whole["close"], whole.get("spot"))


def closes(table: Table, role: str) -> pd.DataFrame:
    """One column of closes [day, contract]; rows without one are left out, with a note.

    Raises InputError for a close that is not a positive number.
    """
    values, symbols = table.numbers(role), table.frame["symbol"]
    positive(table.path, values, table.when, symbols, blank=True, what=table.written(role))
    blank = values.isna().to_numpy()
    if blank.any():
        table.reading.notes.append(f"{blank.sum():,} rows without {table.written(role)}")
    frame = pd.DataFrame({"date": table.when, "symbol": symbols.to_numpy(), "close": values.to_numpy()})
    return frame.pivot(index="date", columns="symbol", values="close").rename_axis(columns=None)
