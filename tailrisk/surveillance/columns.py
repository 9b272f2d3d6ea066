"""The columns of a file of orders, by the names that exports give them."""

from collections.abc import Sequence

from ..core.errors import InputError
from ..data.columns import matched

SPELLED = {
    "time": [
        "timestamp",
        "datetime",
        "transact_time",
        "order_time",
        "mdtime",
        "时间",
        "委托时间",
        "申报时间",
        "成交时间",
    ],
    "date": [
        "trade_date",
        "order_date",
        "action_day",
        "mddate",
        "日期",
        "交易日期",
        "委托日期",
        "申报日期",
        "成交日期",
    ],
    "account": ["account_id", "acct", "investor", "账户", "证券账户", "股东代码", "股东账户", "资金账号"],
    "action": ["event", "type", "order_type", "动作", "类型", "委托类型", "业务类型", "事件"],
    "order": ["order_id", "orderid", "order_no", "委托编号", "委托号", "申报编号", "合同序号", "订单编号"],
    "security": [
        "code",
        "symbol",
        "ts_code",
        "instrument",
        "contract",
        "证券代码",
        "代码",
        "合约",
        "合约代码",
    ],
    "side": ["bs_flag", "direction", "买卖", "买卖方向", "方向"],
    "size": ["volume", "qty", "quantity", "shares", "lots", "数量", "委托数量", "成交数量", "手数"],
    "price": ["order_price", "委托价格", "价格", "成交价格"],
    "controller": ["manager", "control", "group", "管理人", "实际控制人", "实控人", "控制人"],
}
"""The name here -> how others spell it."""
NEEDED = ("time", "account", "action")
CELLS = ("time", "account", "action", "order", "security", "side", "size", "price")
"""The columns a refused row is written down with."""

ACTION = {
    **dict.fromkeys(("order", "new", "o", "n", "委托", "申报", "报单"), 0),
    **dict.fromkeys(("cancel", "c", "d", "withdraw", "撤单", "撤销"), 1),
    **dict.fromkeys(("trade", "t", "f", "fill", "成交"), 2),
}
SIDE = {
    **dict.fromkeys(("buy", "b", "1", "买", "买入"), 1),
    **dict.fromkeys(("sell", "s", "2", "-1", "卖", "卖出"), -1),
}
ACTIONS_ALLOWED = "order, cancel or trade (委托, 撤单, 成交)"
SIDES_ALLOWED = "buy or sell (B, S, 1, 2, 买, 卖)"


def roles_of(place: str, titles: Sequence[str]) -> dict[str, str]:
    """Role -> the title of its column. Raises InputError where one needed is missing, or is there twice."""
    lower = [title.strip().lower() for title in titles]
    for name in lower:
        if name and lower.count(name) > 1:
            raise InputError(f"{place}: column {name}", "is there twice", "each column once")
    roles = {role: match.title for role, match in matched(place, titles, SPELLED, SPELLED).items()}
    for role in NEEDED:
        if role not in roles:
            problem = f"no column {role!r} (its columns are {', '.join(titles)[:200]})"
            raise InputError(
                place, problem, f"columns {', '.join(NEEDED)}; {', '.join(OPTIONAL)} if there are any"
            )
    return roles


OPTIONAL = [name for name in SPELLED if name not in NEEDED]
