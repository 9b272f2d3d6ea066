"""The tables of the regret study as a page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def page(tables: Mapping[str, pd.DataFrame], said: Mapping[str, Any], command: str) -> str:
    """The tables in words."""
    lines = [
        "# What each policy would have been worth",
        "",
        f"Config {said['config']}, sixty days; {said['paths']:,} paths, and {said['found']:,} of "
        f"{said['search']:,} on which CSI 1000 less CSI 300 fell to z <= {said['event']:g} in a day "
        f"(250 days, mean removed) with {said['recovery']} days left. Every policy lives the same paths "
        "(common random numbers), trades at the close after it decides, pays costs and does not move "
        "prices. Losses are of NAV over the benchmark's, per cent; ES at 95 %; after ± the paired 95 % "
        "interval of what is gained over holding. Small caps keep the drift they had in the data: it is "
        "what a tilt is held for, and not all of it is investable.",
        "",
    ]
    for key, title in (
        ("ex_ante", "Over all paths"),
        ("after_event", f"After the event, {said['after']} closes"),
    ):
        lines += [f"## {title}", "", *spread(tables[key]), ""]
    lines += ["## Leverage", "", *plain(tables["leverage"], ("paths", "leverage")), ""]
    lines += [
        f"## Half of the excess loss won back within {said['recovery']} closes, given survival",
        "",
        *plain(tables["recovery"], ("policy", "fund", "paths")),
        "",
    ]
    if "state" in tables:
        lines += ["## The state's levers, funds held", "", *plain(tables["state"], ("lever", "product")), ""]
    return "\n".join([*lines, f"Made by `{command}`.", ""])


def spread(table: pd.DataFrame) -> list[str]:
    """Policy and trigger by product: gain in the mean, and ES saved."""
    products = list(dict.fromkeys(table["product"]))
    head = [f"{product}: gain | {product}: ES saved" for product in products]
    lines = ["| policy | trigger | " + " | ".join(head) + " |", "|---" * (2 + 2 * len(products)) + "|"]
    for (policy, when), rows in table.groupby(["policy", "trigger"], sort=False):
        cells = []
        for product in products:
            row = rows[rows["product"] == product].iloc[0]
            for key in ("gain", "es_saved"):
                cells.append(f"{100 * row[key]:.2f} ± {100 * row[key + '_half']:.2f}")
        lines.append(f"| {policy} | {when} | " + " | ".join(cells) + " |")
    return lines


def plain(table: pd.DataFrame, keys: tuple[str, ...]) -> list[str]:
    """A table as it is, everything but its keys in per cent."""
    lines = ["| " + " | ".join(table.columns) + " |", "|---" * len(table.columns) + "|"]
    for row in table.to_dict("records"):
        cells = [str(v) if k in keys else f"{100 * v:.2f}" for k, v in row.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
