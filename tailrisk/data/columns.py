"""What columns are called by those who export them, and the one name each has here.

The names are those of akshare, tushare, baostock, RQData, JoinQuant, Wind, CSI's own site and brokers' books.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..core.errors import InputError

SPELLED: dict[str, Iterable[str]] = {
    "date": [
        "trade_date",
        "tradedate",
        "trading_date",
        "tradingdate",
        "trade_dt",
        "datetime",
        "time",
        "timestamp",
        "day",
        "日期",
        "交易日期",
        "交易日",
        "时间",
        "交易时间",
        "日期时间",
        "指标名称",
    ],
    "code": [
        "ts_code",
        "wind_code",
        "windcode",
        "s_info_windcode",
        "secucode",
        "sec_code",
        "symbol",
        "order_book_id",
        "index_code",
        "indexcode",
        "ticker",
        "instrument",
        "代码",
        "指数代码",
        "证券代码",
        "股票代码",
        "基金代码",
        "交易代码",
        "wind代码",
        "品种代码",
    ],
    "name": [
        "sec_name",
        "index_name",
        "display_name",
        "名称",
        "简称",
        "指数简称",
        "指数名称",
        "指数中文简称",
        "证券简称",
        "证券名称",
        "股票简称",
        "股票名称",
        "基金简称",
    ],
    "close": [
        "close_price",
        "closeprice",
        "s_dq_close",
        "收盘",
        "收盘价",
        "收盘点位",
        "收盘指数",
        "最新收盘价",
    ],
    "open": ["open_price", "openprice", "s_dq_open", "开盘", "开盘价"],
    "amount": ["money", "total_turnover", "s_dq_amount", "成交额", "成交金额"],
    "symbol": [
        "ts_code",
        "order_book_id",
        "code",
        "contract",
        "instrument",
        "合约",
        "合约代码",
        "品种",
        "代码",
        "品种代码",
    ],
    "hold": ["open_interest", "oi", "position", "持仓量", "持仓"],
    "spot_close": [
        "spot",
        "spot_price",
        "index_close",
        "underlying_close",
        "现货",
        "现货价格",
        "现货收盘",
        "现货收盘价",
        "标的收盘价",
    ],
}
"""The name here -> how others spell it; the name itself is always among them."""

UNITS = {
    "元": 1.0,
    "点": 1.0,
    "人民币": 1.0,
    "yuan": 1.0,
    "cny": 1.0,
    "股": 1.0,
    "分": 0.01,
    "千元": 1e3,
    "万元": 1e4,
    "万": 1e4,
    "万股": 1e4,
    "百万": 1e6,
    "百万元": 1e6,
    "百万股": 1e6,
    "亿": 1e8,
    "亿元": 1e8,
    "亿股": 1e8,
    "%": 0.01,
}
"""Units in brackets after a title -> yuan, shares or fractions."""


class Match(NamedTuple):
    """A column that is one of those asked for."""

    title: str
    role: str
    unit: float  # what turns its figures into yuan, shares or fractions; one where none is written


def plain(title: str) -> str:
    """A title for comparison: full width to half width, lower case, no spaces or underscores."""
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", title).strip().lower())


def versions(title: str) -> tuple[set[str], float | None]:
    """What a title may be read as, without its unit, the Chinese or the English half alone; its unit."""
    bare = plain(title)
    bracket = re.fullmatch(r"(.+?)[(\[]([^()\[\]]+)[)\]]", bare)
    unit = UNITS.get(bracket[2]) if bracket else 1.0
    core = bracket[1] if bracket else bare
    halves = {core, re.sub(r"[^一-鿿]", "", core), re.sub(r"[一-鿿/]", "", core)} - {""}
    return halves | {bare}, unit


def matched(
    place: str,
    titles: Iterable[str],
    wanted: Mapping[str, Iterable[str]] = SPELLED,
    among: Iterable[str] = (),
) -> dict[str, Match]:
    """Which title is which of `among` (all if none are given): role -> its column.

    A column of exactly the role's own name comes first. Raises InputError where two may be the same, or
    where the unit in brackets is not known.
    """
    titles = list(titles)
    roles = list(among) or list(wanted)
    result: dict[str, Match] = {}
    for role in roles:
        own = [title for title in titles if plain(title) == plain(role)]
        names = {plain(name) for name in (role, *wanted.get(role, ()))}
        found = own or [title for title in titles if versions(title)[0] & names]
        if len(found) > 1:
            hint = f"rename the one that is {role} to {role!r}, or delete the others"
            raise InputError(place, f"{' and '.join(found)} could each be the {role}", f"one {role}", hint)
        if found:
            unit = versions(found[0])[1]
            if unit is None:
                problem = f"column {found[0]!r} has a unit that is not known"
                raise InputError(
                    place, problem, ", ".join(UNITS), f"write the unit, or rename it to {role!r}"
                )
            result[role] = Match(found[0], role, unit)
    return result
