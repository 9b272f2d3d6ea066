"""The rows of a book's file: which column is which, and cells that are plain numbers."""

import re
from pathlib import Path
from typing import NamedTuple

from ..core.calendar import CHINA
from ..core.errors import InputError, shown, suggestion
from ..core.names import Names
from .cells import Cells, kind, read_cells, short
from .columns import Match, matched
from .reading import Reading

COLUMNS = ("code", "name", "bucket", "cap_rank", "weight", "value", "quantity", "price")
"""Beside the styles of the calibrated file."""
SPELLED = {
    "code": [
        "ts_code",
        "wind_code",
        "windcode",
        "secucode",
        "sec_code",
        "order_book_id",
        "ticker",
        "代码",
        "证券代码",
        "股票代码",
        "交易代码",
        "wind代码",
        "资产代码",
        "成分券代码",
        "constituentcode",
    ],
    "name": [
        "sec_name",
        "名称",
        "简称",
        "证券名称",
        "证券简称",
        "股票名称",
        "股票简称",
        "资产名称",
        "成分券名称",
    ],
    "weight": [
        "权重",
        "占比",
        "持仓占比",
        "仓位占比",
        "市值占比",
        "持仓比例",
        "占净值比",
        "占净值比例",
        "净值占比",
        "市值占净值",
        "占基金净值比例",
    ],
    "value": [
        "market_value",
        "marketvalue",
        "mv",
        "市值",
        "持仓市值",
        "证券市值",
        "参考市值",
        "最新市值",
        "股票市值",
        "持有市值",
        "市值金额",
    ],
    "quantity": [
        "shares",
        "数量",
        "股数",
        "持仓数量",
        "证券数量",
        "持股数量",
        "持有数量",
        "当前持仓",
        "股票余额",
        "证券余额",
        "库存数量",
    ],
    "price": ["close", "last", "价格", "最新价", "现价", "市价", "收盘价", "最新价格", "参考市价", "当前价"],
}
MAKE = "tailrisk universe PANEL -o moments.toml --stocks stocks.csv"
"""The command that writes the file of stocks a book without buckets needs."""
FIGURE = re.compile(r"cap|adv|specific_sd|industry|(in|raw)_\w+")
"""Columns of a file of stocks that a tuning reads and a book has no use for."""
TOTALS = {"合计", "总计", "小计", "汇总", "共计", "total", "sum"}
LARGEST = 8 * 2**20
"""Bytes; a larger file is no book of stocks."""


class Row(NamedTuple):
    """One line below the header: where it is, and its cells by column."""

    place: str
    cell: dict[str, str]
    tickers: bool = False  # codes are names, as outside China


class Market(NamedTuple):
    """What the columns of a book may name."""

    names: Names
    styles: tuple[str, ...]


def read_rows(
    path: Path, market: Market, *, need_size: bool = True, stocks: bool = False
) -> tuple[list[Row], Reading]:
    """The table. Raises InputError for a file that is none, or whose columns do not say what is needed."""
    if path.is_file() and path.stat().st_size > LARGEST:
        raise InputError(str(path), f"has {path.stat().st_size:,} bytes", f"at most {LARGEST:,}")
    cells, reading = _cells(path), Reading(str(path))
    reading.notes += cells.notes
    raw = {f"raw_{title}" for title in cells.header} & set(cells.header)  # of styles, whoever fitted them
    figures = tuple(t for t in cells.header if stocks and (FIGURE.fullmatch(t) or f"raw_{t}" in raw))
    columns = _columns(path, cells, (*COLUMNS, *market.styles, *figures), reading)
    if not cells.rows:
        raise InputError(str(path), "has no rows", "a header, then one row a stock or one row a bucket")
    _needed(path, set(columns), market.names, need_size=need_size, stocks=stocks)
    places = {name: cells.header.index(match.title) for name, match in columns.items()}
    rows = []
    for number, line in zip(cells.places, cells.rows, strict=True):
        cell = {name: line[k].strip() for name, k in places.items()}
        if {line[0].strip().lower(), cell.get("code", "").lower(), cell.get("name", "").lower()} & TOTALS:
            reading.notes.append(f"left out a total: {short(' '.join(filter(None, line)))!r}")
            continue
        place = f"{path}: row {number}"
        rows.append(Row(place, _scaled(place, cell, columns), market.names.calendar != CHINA))
    if not rows:
        raise InputError(str(path), "has no rows", "a header, then one row a stock or one row a bucket")
    return rows, reading


def _cells(path: Path) -> Cells:
    """The cells as text, of Parquet as well."""
    if kind(path) != "Parquet":
        return read_cells(path)
    from .table import parquet

    frame = parquet(path)
    rows = [
        ["" if cell != cell or cell is None else str(cell) for cell in row]
        for row in frame.itertuples(index=False)
    ]
    return Cells([str(name) for name in frame.columns], rows, list(range(1, len(rows) + 1)))


def _columns(path: Path, cells: Cells, known: tuple[str, ...], reading: Reading) -> dict[str, Match]:
    """Which column is which; a misspelt one is refused, one that is not needed is left out, with a note."""
    titles = [name.strip() for name in cells.header]
    for k, name in enumerate(titles):
        if name and name.lower() in [other.lower() for other in titles[:k]]:
            raise InputError(f"{path}: column {name.lower()}", "is there twice", "each column once")
    found = matched(str(path), [name for name in cells.header if name.strip()], SPELLED, known)
    taken = {match.title for match in found.values()}
    for title in (title for title in cells.header if title.strip() and title not in taken):
        near = suggestion(title.strip().lower(), known)
        if near:
            place = f"{path}: column {shown(title.strip().lower())}"
            raise InputError(place, f"unknown{near}", ", ".join(known))
    reading.notes += [
        f"read {short(m.title)} as {r}" for r, m in found.items() if m.title.strip().lower() != r
    ]
    other = [short(title) for title in cells.header if title.strip() and title not in taken]
    reading.notes += [f"left out columns {', '.join(other[:8])}"] if other else []
    return found


def _needed(path: Path, columns: set[str], names: Names, *, need_size: bool, stocks: bool) -> None:
    """Refuse a file without weights or without sizes."""
    if "cap_rank" in columns and not names.last_ranks:
        raise InputError(f"{path}: column cap_rank", "the market's buckets have no ranks", "a column bucket")
    amounts = {"weight", "value"} & columns or {"quantity", "price"} <= columns
    if not stocks and not amounts:
        lone = ": a quantity needs a price" if "quantity" in columns else ""
        allowed = "weight (summing to 1, 权重), value (yuan, 市值), or quantity and price (数量, 最新价)"
        raise InputError(str(path), f"has no column weight or value{lone}", allowed)
    if {"bucket", "cap_rank"} <= columns:
        raise InputError(str(path), "has both bucket and cap_rank", sizes(names))
    if not {"bucket", "cap_rank"} & columns:
        if stocks or (need_size and "code" not in columns):
            raise InputError(str(path), "has no column bucket or cap_rank", sizes(names))
        if need_size:
            hint = f'a file of stocks says where each code belongs: {MAKE}, then universe = "stocks.csv"'
            raise InputError(str(path), "has no column bucket or cap_rank", sizes(names), hint)
        if "code" not in columns:
            raise InputError(str(path), "has no column code", "code, to be found in the file of stocks")


def sizes(names: Names) -> str:
    """How a row may say its size."""
    if not names.last_ranks:
        return "a column bucket"
    ranks = ", ".join(f"to {last} {bucket}" for last, bucket in names.last_ranks)
    return f"a column bucket, or cap_rank: {ranks}, then {beyond(names)}"


def beyond(names: Names) -> str:
    """The bucket of every rank beyond the last: the one without ranks, or the smallest."""
    ranked = {bucket for _, bucket in names.last_ranks}
    return next((bucket for bucket in names.buckets if bucket not in ranked), names.buckets[-1])


def _scaled(place: str, cell: dict[str, str], columns: dict[str, Match]) -> dict[str, str]:
    """Cells with thousands commas, percent signs and units gone, so that they are plain numbers."""
    out = dict(cell)
    for name in ("weight", "value", "quantity", "price"):
        if name in out:
            text = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", out[name]).lstrip("¥￥")
            unit = columns[name].unit
            if name == "weight" and text.endswith("%"):
                text, unit = text[:-1].strip(), 0.01
            out[name] = text if unit == 1.0 else _times(text, unit)
    return out


def _times(text: str, unit: float) -> str:
    try:
        return repr(float(text) * unit)
    except ValueError:
        return text
