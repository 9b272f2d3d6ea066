"""The page of an audit: what every rule changes, with its paired interval."""

from typing import Any

import pandas as pd

from .config import Audit

LEAD = """# What do the rules change?

{question}

{paths:,} paths of {days} trading days of `{config}`, the same shocks under every rule book, so that
changes are paired path by path; 95 % intervals are the simulation's alone. A star: the interval leaves out
zero. The crowd answers to prices as it did; how managers would have built other books under other rules is
not modelled.
"""


def page(table: pd.DataFrame, plan: Audit, facts: dict[str, Any], labels: dict[str, str]) -> str:
    """Markdown; every number is from the table."""
    members = list(facts["members"])
    parts = [LEAD.format(**facts), "\n| rule | what |\n|---|---|\n"]
    parts += [f"| {rule.name} | {rule.label} |\n" for rule in plan.rule]
    first = table[table["member"] == members[0]]
    parts.append(f"\n## Change by rule, member {members[0]} of the crowd's ensemble\n\n")
    parts += _changes(first, labels)
    if len(members) > 1:
        parts.append(
            f"\n## Over {len(members)} members\n\nLowest and highest change by each rule, and by all.\n\n"
        )
        parts += _range(table, labels)
    parts.append(f"\nMade by `{facts['command']}`; every figure of every member is in table.csv.\n")
    return "".join(parts)


def _scale(figure: str) -> float:
    return 1.0 if figure in ("owed to brokers", "state's purchases") else 100.0


MOVES = ["change", "change_low", "change_high"]
"""Columns of a change and its interval."""


def _changes(own: pd.DataFrame, labels: dict[str, str]) -> list[str]:
    books = [name for name in dict.fromkeys(own["rules"]) if name != "none"]
    lines = [f"| figure | before | {' | '.join(books)} |\n", f"|{'---|' * (len(books) + 2)}\n"]
    for figure, rows in own.groupby("figure", sort=False):
        by, scale = rows.set_index("rules"), _scale(str(figure))
        cells = [labels[str(figure)], f"{scale * float(by['value']['none']):.3g}"]
        for name in books:
            change, low, high = scale * by.loc[name, MOVES].to_numpy(float)
            star = "*" if low > 0 or high < 0 else ""
            cells.append(f"{change:+.2g} ±{(high - low) / 2:.1g}{star}")
        lines.append(f"| {' | '.join(cells)} |\n")
    return lines


def _range(table: pd.DataFrame, labels: dict[str, str]) -> list[str]:
    books = [name for name in dict.fromkeys(table["rules"]) if name != "none"]
    lines = [f"| figure | before | {' | '.join(books)} |\n", f"|{'---|' * (len(books) + 2)}\n"]
    for figure, rows in table.groupby("figure", sort=False):
        scale = _scale(str(figure))
        before = scale * rows[rows["rules"] == "none"]["value"]
        cells = [labels[str(figure)], f"{before.min():.3g} to {before.max():.3g}"]
        for name in books:
            change = scale * rows[rows["rules"] == name]["change"]
            cells.append(f"{change.min():+.2g} to {change.max():+.2g}")
        lines.append(f"| {' | '.join(cells)} |\n")
    return lines
