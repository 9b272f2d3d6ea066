"""From the columns of a chunk to events: every cell checked, rows that cannot be used refused by name."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .columns import ACTION, ACTIONS_ALLOWED, CELLS, SIDE, SIDES_ALLOWED
from .convert import Column, coded, empty, lookup, named, numbers, orders
from .events import CANCEL, TRADE, Events, Ints, Registers
from .sequence import Refused
from .stamps import Wrong, stamps

UNSAID, NOBODY = -1, -2
"""An account of which no row said yet who controls it, and one whose first row said nobody."""


def read(
    columns: Mapping[str, Any], rows: Ints, registers: Registers, refuse: Callable[[Refused], None]
) -> Events:
    """Events of a chunk: columns are Arrow arrays [row] by role, rows their numbers in the file [row]."""
    time, wrong = stamps(columns, registers)
    account = coded(columns["account"], named(registers.accounts))
    action = coded(columns["action"], lookup(ACTION))
    wrong |= {
        "account": (account.bad, "is empty", "a name or number"),
        "action": (action.bad, "is unknown", ACTIONS_ALLOWED),
    }
    more: dict[str, np.ndarray] = {}
    _names(columns, action.values, more, wrong, registers)
    _figures(columns, action.values, more, wrong)
    if "controller" in columns:
        wrong["controller"] = _control(columns["controller"], account, registers)
    bad = np.logical_or.reduce([mask for mask, _, _ in wrong.values()])
    if bad.any():
        _refused(columns, rows, wrong, np.flatnonzero(bad), refuse)
    events = Events(rows, time, account.values, action.values, **more)
    return events.take(~bad) if bad.any() else events


def _names(
    columns: Mapping[str, Any],
    action: Ints,
    more: dict[str, np.ndarray],
    wrong: Wrong,
    registers: Registers,
) -> None:
    """Numbers of orders, securities, and sides, which a cancel may leave out."""
    if "order" in columns:
        order = orders(columns["order"])
        more["order"] = order.values
        wrong["order"] = (order.bad, "is empty", "a number or name")
    if "security" in columns:
        security = coded(columns["security"], named(registers.securities))
        more["security"] = security.values
        wrong["security"] = (security.bad, "is empty", "a code")
    if "side" in columns:
        side = coded(columns["side"], lookup(SIDE, shift=1))
        left_out = empty(columns["side"]) & (action == CANCEL)
        more["side"] = np.where(left_out, 0, side.values - 1)
        wrong["side"] = (side.bad & ~left_out, "is unknown", SIDES_ALLOWED)


def _figures(columns: Mapping[str, Any], action: Ints, more: dict[str, np.ndarray], wrong: Wrong) -> None:
    """Sizes above zero, a cancel's may be left out; prices above zero for trades, zero or none at market."""
    if "size" in columns:
        size = numbers(columns["size"])
        more["size"] = size.values
        bad = size.bad | ~((size.values > 0) | ((action == CANCEL) & ~(size.values < 0)))
        wrong["size"] = (bad, "is no size", "a number above zero; a cancel may have none")
    if "price" in columns:
        price = numbers(columns["price"])
        more["price"] = price.values
        bad = price.bad | (price.values < 0) | ((action == TRADE) & ~(price.values > 0))
        wrong["price"] = (bad, "is no price", "a number above zero for trades, zero or none for others")


def _control(column: Any, account: Column, registers: Registers) -> tuple[Ints, str, str]:
    """Note who controls which account; rows that say otherwise than an earlier one are wrong."""
    said = coded(column, named(registers.named))
    wrong = np.zeros(len(said.values), bool)
    known = registers.stated()
    says = np.where(said.bad, NOBODY, said.values)
    where = np.flatnonzero(account.values >= 0)
    before = known[account.values[where]]
    where = where[(before != says[where]) & ((says[where] >= 0) | (before == UNSAID))]
    for k in where:  # the first row of an account, or one that is wrong
        who, controller = account.values[k], says[k]
        if known[who] == UNSAID:
            known[who] = controller
            if controller >= 0:
                registers.control[registers.accounts.names[who]] = registers.named.names[controller]
        wrong[k] = controller >= 0 and known[who] != controller
    return wrong, "is not the controller of this account in an earlier row", "one controller an account"


def _refused(
    columns: Mapping[str, Any], rows: Ints, wrong: Wrong, places: Ints, refuse: Callable[[Refused], None]
) -> None:
    """Refuse rows [place], each for the first field that is wrong."""
    for place in places:
        name = next(name for name, (mask, _, _) in wrong.items() if mask[place])
        cells = tuple(_cell(columns.get(role), int(place)) for role in CELLS)
        if "date" in columns:
            cells = (f"{_cell(columns['date'], int(place))} {cells[0]}", *cells[1:])
        value = _cell(columns[name], int(place))
        _, why, allowed = wrong[name]
        refuse(Refused(int(rows[place]), name, value, why, allowed, cells))


def _cell(column: Any, place: int) -> str:
    if column is None:
        return ""
    value = column[place].as_py()
    return "" if value is None else str(value)
