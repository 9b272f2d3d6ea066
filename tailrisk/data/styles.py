"""Daily returns of the styles, read from a file."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..core import calendar
from ..core.errors import InputError
from ..core.names import STYLES
from .columns import matched
from .table import Table, ascending, listed, read_table, where

SPELLED = {
    "beta": ("贝塔",),
    "book_to_price_ratio": ("btop", "book_to_price", "bp", "账面市值比"),
    "earning_yield": ("earnyild", "earnings_yield", "ep", "盈利", "盈利收益率", "盈利率"),
    "growth": ("成长", "成长性"),
    "leverage": ("杠杆", "杠杆率"),
    "liquidity": ("liquidty", "流动性"),
    "momentum": ("动量",),
    "non_linear_size": ("sizenl", "nlsize", "non_linear", "非线性市值", "中市值"),
    "residual_volatility": ("resvol", "残差波动", "残差波动率", "残余波动率"),
    "size": ("市值", "规模"),
}
"""The style here -> what Barra's CNE5 and its users call it."""
MOST = 0.5
"""A daily return of a style beyond this is a percent or a mistake."""


def read_styles(path: str | Path) -> pd.DataFrame:
    """Daily simple returns of the ten styles: ascending DatetimeIndex, columns in the order of STYLES.

    Raises InputError with row and value for a style missing or a return that cannot be one.
    """
    table = read_table(path)
    found = matched(str(path), table.frame.columns, SPELLED)
    missing = [name for name in STYLES if name not in found]
    if missing:
        problem = f"no column {missing[0]!r} ({listed(table.frame)})"
        raise InputError(str(path), problem, "date and " + ", ".join(STYLES))
    table.columns.update(found)
    table = ascending(
        Table(
            table.path,
            table.frame.rename(columns={match.title: name for name, match in found.items()}),
            table.when,
            table.columns,
            table.reading,
        ),
        None,
    )
    columns = {name: fraction(table, name) for name in STYLES}
    closed = ~np.isin(table.when.to_numpy().astype("M8[D]"), calendar.sessions())
    if closed.any():
        day = table.when[closed.argmax()].date()
        table.reading.odd.append(f"{closed.sum()} rows on days when the exchange was closed, first {day}")
    table.reading.tell()
    return pd.DataFrame(columns, index=pd.DatetimeIndex(table.when, name="date"))


def fraction(table: Table, name: str) -> np.ndarray:
    """One style's returns. Raises InputError for one that is missing or beyond MOST."""
    values = table.numbers(name, percent=True)
    bad = ~(values.abs() < MOST).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            where(table.path, values.index[row], table.when[row].date()),
            f"{name} = {values.iloc[row]:g}",
            f"a daily return as a fraction, within {MOST:g}",
            "divide percents by 100",
        )
    return values.to_numpy()
