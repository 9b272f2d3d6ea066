"""The page of sensitivities: what moves each product's ES most, by which method, and who makes it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...tail.sample import normal_quantile
from .actors import Actors
from .shapley import Shares

MOST = 20
"""Fields of a product in the table; the rest is in the CSV."""
NONE, ALL = "nobody acts", "all"
LEAD = """# Which numbers of the config move the tail, and which actors make it?

{answer}

## How it was done

{paths:,} paths of {days} trading days of `{config}`{member}. An effect is what ES {level:g} % of a product
gains, in points of NAV, for the field's unit: one per cent of its value, one point of a weight (taken from
the others pro rata) or one point a year; {confidence:g} % intervals. {fields} fields were moved, all cohorts'
together where it says `*`; each on {paths_again:,} paths, the worst of the run taken far more often than the
rest, in all at {cost_paths:g} times the run's paths and {cost_cpu:g} times its CPU time, the run included. Of
the methods a field allows the one with the least error is given: differences with the same shocks (`D`), the
derivative along each path (`P`), the likelihood ratio (`L`). An interval without width: none of these paths
moved.
"""
LETTER = {"differences": "D", "pathwise": "P", "likelihood ratio": "L"}


def page(facts: dict[str, Any], taken: pd.DataFrame, split: pd.DataFrame | None) -> str:
    """Markdown; every number is from the tables."""
    member = "" if facts["member"] is None else f", member {facts['member']} of its crowd"
    more = {"member": member, "cost_paths": facts["cost"]["paths"], "cost_cpu": facts["cost"]["cpu"]}
    level = 100 * facts["level"]
    parts = [
        LEAD.format(**{**facts, **more, "level": level, "answer": "\n\n".join(answers(facts, taken, split))})
    ]
    for product, label in facts["labels"].items():
        own = taken[taken["product"] == product]
        parts.append(f"\n## ES of {label}: {facts['es'][product]:.3g} % of NAV\n\n")
        parts.append(f"![Effects on ES of {label}]({product}.svg)\n\n")
        parts += _table(own)
    if split is not None:
        parts += _actors(facts, split)
    if facts["without_effect"]:
        parts.append(_still(facts["without_effect"]))
    parts.append(
        "\nLeft out: whole numbers (days, lags, rounds), numbers that are zero (what they scale is off), "
        "`crowd.edges` (each multiplies a strength that is here), tables whose numbers hang together (books "
        "of the cohorts, where the state aims).\n"
    )
    parts.append(f"\nMade by `{facts['command']}`; every method of every field is in sensitivities.csv.\n")
    return "".join(parts)


def ordered(own: pd.DataFrame) -> pd.DataFrame:
    """Largest effect first, those told from nothing before the others."""
    told = (own["effect_low"] > 0) | (own["effect_high"] < 0)
    return own.assign(told=told, size=own["effect"].abs()).sort_values(
        ["told", "size"], ascending=False, kind="stable"
    )


def answers(facts: dict[str, Any], taken: pd.DataFrame, split: pd.DataFrame | None) -> list[str]:
    """The largest effects on every product in a sentence, and the actor that adds most."""
    found = []
    for product, label in facts["labels"].items():
        rows = ordered(taken[taken["product"] == product]).head(3).to_dict("records")
        named = ", ".join(f"`{row['field']}` {_effect(row)} for {row['unit']}" for row in rows)
        said = f"ES of {label} ({facts['es'][product]:.3g} % of NAV) answers most to {named}."
        if split is not None:
            own = split[(split["product"] == product) & ~split["actor"].isin([NONE, ALL])]
            most = own.loc[own["share"].idxmax()]
            said += (
                f" Of the actors the most is added by {most['actor']}: "
                f"{most['share']:+.2g} points ({most['share_low']:+.2g} to {most['share_high']:+.2g})."
            )
        found.append(said)
    return found


def _effect(row: Mapping[Any, Any]) -> str:
    return f"{row['effect']:+.2g} ({row['effect_low']:+.2g} to {row['effect_high']:+.2g})"


def _table(own: pd.DataFrame) -> list[str]:
    lines = ["| field | value | unit | points of ES | by |\n", "|---|---|---|---|---|\n"]
    for row in ordered(own).head(MOST).to_dict("records"):
        cells = [f"`{row['field']}`", f"{row['value']:.4g}", row["unit"], _effect(row), LETTER[row["method"]]]
        lines.append(f"| {' | '.join(cells)} |\n")
    told = int(ordered(own)["told"].sum())
    lines.append(f"\n{told} of {len(own)} effects are told from nothing by their intervals.\n")
    return lines


def split(who: Actors, found: Shares, products: Sequence[str], confidence: float) -> pd.DataFrame:
    """A row a product and actor, what is there without any, and the whole; points of NAV."""
    z, rows = float(normal_quantile(confidence)), []
    for r, product in enumerate(products):
        rows.append({"product": product, "actor": NONE, "share": 100 * found.none[r]})
        for k, name in enumerate(who.names):
            value, half = 100 * found.value[k, r], 100 * z * found.error[k, r]
            rows.append(
                {"product": product, "actor": name, "share": value, "share_low": value - half,
                 "share_high": value + half}
            )  # fmt: skip
        rows.append({"product": product, "actor": ALL, "share": 100 * found.whole[r]})
    return pd.DataFrame(rows)


def _actors(facts: dict[str, Any], split: pd.DataFrame) -> list[str]:
    how = facts["actors"]
    every = (
        f"every coalition of them ({how['coalitions']}) was simulated"
        if not how["orders"]
        else f"{how['orders']} orders of them were drawn ({how['coalitions']} coalitions)"
    )
    parts = [
        "\n## Who makes it\n\n",
        f"What each actor adds to ES, on average over who was there before (Shapley); {every}, on the same "
        f"{facts['actor_paths']:,} paths; shares add up to the whole. Absent is a cohort without assets, an "
        "edge without strength; who is there behaves as before.\n\n",
        "![Shares of the actors](actors.svg)\n\n",
    ]
    products = list(facts["labels"])
    parts.append(f"| actor | {' | '.join(facts['labels'].values())} |\n|{'---|' * (1 + len(products))}\n")
    for actor in dict.fromkeys(split["actor"]):
        cells = []
        for product in products:
            row = split[(split["product"] == product) & (split["actor"] == actor)].iloc[0]
            ends = (
                ""
                if np.isnan(row["share_low"])
                else f" ({row['share_low']:+.2g} to {row['share_high']:+.2g})"
            )
            cells.append(f"{row['share']:.3g}" if not ends else f"{row['share']:+.2g}{ends}")
        parts.append(f"| {actor} | {' | '.join(cells)} |\n")
    return parts


def _still(names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    why = "because another number replaces them or nothing reads them"
    return f"\nWithout any effect in this config, {why}: {listed}.\n"
