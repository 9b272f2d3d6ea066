"""A ladder with fewer buckets than its market: what a calibrated file lacks is left out, in words.

Weights of a bucket that is left out go to the others of the book in proportion; a book that holds more of
what is left out than of the rest, a product judged by it, and an event on it are left out themselves.
"""

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tailrisk.core.names import Names
from tailrisk.core.terminal import visible

logger = logging.getLogger("tailrisk.data")
"""What was understood of a file; a command prints it."""
MOST = 0.5
"""Part of a book that may be in buckets that are left out."""
Tables = dict[str, Any]


def missing(table: Mapping[str, Any], names: Names) -> tuple[str, ...]:
    """The market's buckets that a calibrated file's table does not have, the others in the market's order."""
    fitted = table.get("buckets")
    if not isinstance(fitted, list) or len(fitted) < 2:
        return ()
    present = [bucket for bucket in names.buckets if bucket in fitted]
    return tuple(b for b in names.buckets if b not in fitted) if present == fitted else ()


def without(tables: Tables, absent: tuple[str, ...], path: Path) -> Tables:
    """The tables of a config without these buckets; what changes is reported once, naming the file."""
    notes: list[str] = []
    products = _table(tables.get("products"))
    kept = {
        name: one for name in products if (one := _product(name, products[name], absent, notes)) is not None
    }
    events = tables.get("event")
    there = [one for one in events if not _on(one, absent, notes)] if isinstance(events, list) else events
    _tell(f"{path}: without {', '.join(absent)}", tuple(notes))
    changed = {"products": kept} if products else {}
    return {**tables, **changed, **({"event": there} if "event" in tables else {})}


def _table(value: object) -> Tables:
    return value if isinstance(value, dict) else {}


def _product(name: str, product: Any, absent: tuple[str, ...], notes: list[str]) -> Any:
    """The product's table without the buckets; None where it is left out."""
    if not isinstance(product, dict):
        return product
    if product.get("benchmark") in absent:
        notes.append(f"products.{name} is left out: its benchmark is {product['benchmark']}")
        return None
    weights = product.get("weights")
    if not isinstance(weights, dict) or not all(isinstance(w, int | float) for w in weights.values()):
        return product
    gone = sum(weight for bucket, weight in weights.items() if bucket in absent)
    rest = {bucket: weight for bucket, weight in weights.items() if bucket not in absent}
    if gone > MOST * sum(weights.values()):
        notes.append(f"products.{name} is left out: {gone:.0%} of its book is there")
        return None
    if gone:
        notes.append(f"products.{name} gives the {gone:.0%} it has there to its other buckets")
        scale = 1 + gone / sum(rest.values())
        rest = {bucket: weight * scale for bucket, weight in rest.items()}
    return {**product, "weights": rest}


def _on(event: Any, absent: tuple[str, ...], notes: list[str]) -> bool:
    """Whether an event is on a bucket that is left out."""
    pair = event.get("pair") if isinstance(event, dict) else None
    if not isinstance(pair, list) or not set(map(str, pair)) & set(absent):
        return False
    notes.append(f"event {event.get('name')} is left out")
    return True


@cache
def _tell(head: str, notes: tuple[str, ...]) -> None:
    logger.warning(visible("; ".join([head, *notes])))
