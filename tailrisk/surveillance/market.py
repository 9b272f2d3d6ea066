"""Files beside a stream: the market's minutes, and who controls which account."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..data.cells import kind, read_cells
from ..data.columns import matched
from .convert import TIMES, times
from .events import Registers
from .minutes import MANY, Market
from .rules import MINUTE

COLUMNS = {
    "minute": ["time", "timestamp", "datetime", "时间", "分钟"],
    "code": ["security", "symbol", "ts_code", "index", "证券代码", "代码"],
    "return": ["move", "change", "涨跌幅"],
    "amount": ["turnover", "成交额", "成交金额"],
}
INDICES = {
    "SH": ("000001.SH", "000688.SH", "SSE Composite", "STAR 50"),
    "SZ": ("399001.SZ", "399106.SZ", "399006.SZ", "SZ Component", "SZ Composite", "ChiNext"),
}
"""Indices that the fourth type looks at, by the exchange whose trades they are of."""
CONTROL = {
    "account": ["account_id", "账户", "证券账户", "股东代码", "股东账户"],
    "controller": ["manager", "group", "管理人", "实际控制人", "实控人", "控制人"],
}


def read_market(path: Path, registers: Registers) -> Market:
    """Minutes of stocks and indices: minute (its begin), code, return (a fraction), amount (yuan).

    Raises InputError for a column or cell that cannot be read, with its row.
    """
    table = _frame(path, COLUMNS)
    stamps = times(_arrow(table["minute"]))
    _check(path, table["minute"], stamps.bad, "minute", "is no stamp", TIMES)
    _check(
        path,
        table["minute"],
        stamps.values % MINUTE != 0,
        "minute",
        "is no whole minute",
        "the minute's begin",
    )
    figures = {
        name: pd.to_numeric(table[name], errors="coerce").to_numpy(float) for name in ("return", "amount")
    }
    move, amount = figures["return"], figures["amount"]
    allowed = "a fraction from -0.5 to 0.5, such as -0.0096"
    _check(path, table["return"], ~(np.abs(move) <= 0.5), "return", "is no return", allowed)
    _check(
        path,
        table["amount"],
        ~((amount >= 0) & np.isfinite(amount)),
        "amount",
        "is no amount",
        "yuan, zero or more",
    )
    code = registers.securities.all(str(name).strip() for name in table["code"]).astype(np.int64)
    mark = stamps.values // MINUTE * MANY + code
    rank = np.argsort(mark, kind="stable")
    twice = np.zeros(len(mark), bool)
    twice[rank[1:]] = mark[rank[1:]] == mark[rank[:-1]]
    _check(path, table["code"], twice, "code", "is there twice in this minute", "one row a minute and code")
    covers = {
        registers.securities.codes[name]: frozenset([where])
        for where, names in INDICES.items()
        for name in names
        if name in registers.securities.codes
    }
    return Market(mark[rank], move[rank], amount[rank], covers)


def read_control(path: Path) -> dict[str, str]:
    """Account -> controller. Raises InputError for no such column, an empty cell, an account with two."""
    cells = read_cells(path)
    roles = matched(str(path), cells.header, CONTROL, CONTROL)
    for name in CONTROL:
        if name not in roles:
            raise InputError(str(path), f"no column {name!r}", "columns account, controller")
    places = [cells.header.index(roles[name].title) for name in CONTROL]
    control: dict[str, str] = {}
    for row, line in zip(cells.places, cells.rows, strict=True):
        account, controller = (line[k] for k in places)
        if not account or not controller:
            raise InputError(f"{path}: row {row}", "an empty cell", "an account and its controller")
        if control.setdefault(account, controller) != controller:
            problem = f"{controller!r} is not the controller of {account!r} in an earlier row"
            raise InputError(f"{path}: row {row}: controller", problem, "one controller an account")
    return control


def _frame(path: Path, wanted: dict[str, list[str]]) -> pd.DataFrame:
    """The columns wanted, under their names here."""
    if kind(path) == "Parquet":
        table = pd.read_parquet(path)
    else:
        cells = read_cells(path)
        table = pd.DataFrame(cells.rows, columns=cells.header, dtype=object)
    roles = matched(str(path), [str(name) for name in table.columns], wanted, wanted)
    for name in wanted:
        if name not in roles:
            raise InputError(str(path), f"no column {name!r}", f"columns {', '.join(wanted)}")
    if table.empty:
        raise InputError(str(path), "a header but no rows", "a row a minute and code")
    return table[[roles[name].title for name in wanted]].set_axis(list(wanted), axis=1)


def _arrow(column: pd.Series) -> object:
    import pyarrow as pa

    return pa.Array.from_pandas(column)


def _check(path: Path, column: pd.Series, bad: np.ndarray, name: str, why: str, allowed: str) -> None:
    """Raises InputError at the first bad cell."""
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise InputError(f"{path}: row {k + 1}: {name}", f"{str(column.iloc[k])!r} {why}", allowed)
