"""Keys that had another name before and are still read: {table: {former: today's}}."""

from typing import Any

FORMER = {
    "products": {"gross_leverage": "long", "exposure": "long", "short_gross": "short"},
    "tail": {"measures": "losses"},
}


def current(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables of a file under today's keys; a key stated under both names keeps both, and is refused."""
    found = dict(tables)
    if isinstance(tables.get("tail"), dict):
        found["tail"] = _renamed(tables["tail"], FORMER["tail"])
    if isinstance(tables.get("products"), dict):
        found["products"] = {
            name: _renamed(product, FORMER["products"]) if isinstance(product, dict) else product
            for name, product in tables["products"].items()
        }
    return found


def _renamed(table: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    def key(name: str) -> str:
        new = names.get(name, name)
        return name if new in table else new

    return {key(name): value for name, value in table.items()}
