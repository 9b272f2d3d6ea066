"""Daily returns of the styles, read from a file."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import calendar
from ..core.errors import InputError
from .table import Table, ascending, read_table, where

STYLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
CHINESE = {
    "beta": ("贝塔",),
    "book_to_price_ratio": ("账面市值比",),
    "earning_yield": ("盈利", "盈利收益率", "盈利率"),
    "growth": ("成长", "成长性"),
    "leverage": ("杠杆", "杠杆率"),
    "liquidity": ("流动性",),
    "momentum": ("动量",),
    "non_linear_size": ("非线性市值", "中市值"),
    "residual_volatility": ("残差波动", "残差波动率", "残余波动率"),
    "size": ("市值", "规模"),
}
"""The style in core.names -> what Chinese desks call it."""
MOST = 0.5
"""A daily return of a style beyond this is a percent or a mistake."""


def read_styles(path: str | Path) -> pd.DataFrame:
    """Daily simple returns of styles by the user's names: ascending DatetimeIndex, columns sorted.

    Chinese names of Barra's styles become those of core.names. Raises InputError with row and value for a
    return that cannot be one, and for a column that is no name.
    """
    table = read_table(path)
    chinese = {title: name for name, titles in CHINESE.items() for title in titles}
    renamed = {title: chinese.get(title, title) for title in table.frame.columns}
    if not renamed:
        raise InputError(str(path), "no column beside date", "a column of daily returns for each style")
    for title, name in renamed.items():
        if not STYLE.fullmatch(name):
            raise InputError(f"{path}: column {title!r}", "is no name of a style", "letters, digits and _")
        if list(renamed.values()).count(name) > 1:
            raise InputError(f"{path}: column {title!r}", f"is a second column of {name}", "one a style")
    table.reading.notes += [f"read {title} as {name}" for title, name in renamed.items() if title != name]
    frame = table.frame.rename(columns=renamed)
    table = ascending(Table(table.path, frame, table.when, table.columns, table.reading), None)
    columns = {name: fraction(table, name) for name in sorted(frame.columns)}
    closed = ~np.isin(table.when.to_numpy().astype("M8[D]"), calendar.sessions())
    if closed.any():
        day = table.when[int(closed.argmax())].date()
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
            where(table.path, int(values.index.to_numpy()[row]), table.when[row].date()),
            f"{name} = {values.iloc[row]:g}",
            f"a daily return as a fraction, within {MOST:g}",
            "divide percents by 100",
        )
    return values.to_numpy()
