"""Keys that had another name before and are still read: {table: {former: today's}}; `*` is any name."""

import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

from tailrisk.core.terminal import visible

logger = logging.getLogger("tailrisk.config")
"""What a config calls by a former name; a command prints it, unless quiet."""

STOCKS = {"gross_leverage": "long", "exposure": "long", "short_gross": "short"}
TERMS = {"warned_gross": "warned_long", "exposure_spread": "long_spread"}
FORMER = {
    ("products", "*"): STOCKS | TERMS,
    ("everyone",): TERMS,
    ("crowd",): {"leverage_cap": "long_cap"},
    ("crowd", "cohorts", "*"): STOCKS,
    ("crowd", "quiet"): STOCKS,
    ("product",): {"gross": "long"},
    ("bounds",): {"gross": "long"},
    ("tail",): {"measures": "losses"},
}
"""Stocks over NAV are `long`, whoever holds them."""


def current(tables: dict[str, Any], place: str = "") -> dict[str, Any]:
    """The tables of a file under today's keys; a key stated under both names keeps both, and is refused.

    Each former key of the file at `place` is reported once, with its new name.
    """
    found = tables
    for path, names in FORMER.items():
        for where in _tables(tables, path):
            found = _renamed(found, where, names, place)
    return found


def _tables(tables: Any, path: tuple[str, ...], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of the tables that a pattern means."""
    if not isinstance(tables, dict):
        return
    if not path:
        yield above
        return
    for name in tables if path[0] == "*" else [path[0]] if path[0] in tables else []:
        yield from _tables(tables[name], path[1:], (*above, name))


def _renamed(
    tables: dict[str, Any], where: tuple[str, ...], names: dict[str, str], place: str
) -> dict[str, Any]:
    """The tables with the keys of one of them renamed; the others are shared, not copied."""
    if where:
        return {**tables, where[0]: _renamed(tables[where[0]], where[1:], names, place)}
    table = {}
    for name, value in tables.items():
        new = names.get(name, name)
        if new != name and new not in tables:
            _tell(place, name, new)
            table[new] = value
        else:
            table[name] = value
    return table


@cache
def _tell(place: str, name: str, new: str) -> None:
    logger.warning(visible(f"{place or 'config'}: the key {name} is called {new} now"))
