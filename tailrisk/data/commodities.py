"""Daily prices and open interest of continuous commodity futures, from a file."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from .daily import require_days
from .table import Table, ascending, listed, read_table, where

COLUMNS = ("symbol", "open", "close", "hold")


def read_commodities(path: str | Path, accept: Collection[str] = ()) -> pd.DataFrame:
    """Rows of symbol, open, close and hold (open interest), by date: oldest first within a symbol.

    Raises InputError with the row for what is missing, not positive, twice or out of order.
    """
    table = read_table(path, ("date", *COLUMNS))
    for name in COLUMNS:
        if name not in table.frame.columns:
            problem = f"no column {name!r} ({listed(table.frame)})"
            raise InputError(str(path), problem, "date, " + ", ".join(COLUMNS))
    named = table.frame.assign(symbol=table.frame["symbol"].astype(str).str.strip())
    table = ascending(Table(table.path, named, table.when, table.columns, table.reading), named["symbol"])
    require_days(table, accept)
    columns = {name: figures(table, name) for name in COLUMNS[1:]}
    table.reading.tell()
    symbols = table.frame["symbol"].to_numpy()
    return pd.DataFrame({"date": table.when, "symbol": symbols, **columns}).set_index("date")


def figures(table: Table, name: str) -> np.ndarray:
    """One column [row]. Raises InputError with the row for what is not positive and finite."""
    values = table.numbers(name)
    bad = ~(np.isfinite(values) & (values > 0)).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        problem = f"{table.frame['symbol'].iloc[row]} {name} = {values.iloc[row]:g}"
        place = where(table.path, values.index[row], table.when[row].date())
        raise InputError(place, problem, "a positive finite number")
    return values.to_numpy()
