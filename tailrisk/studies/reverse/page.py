"""The page of a reverse stress test: a table of ways for each loss, who sold, and the modal paths."""

import math
from typing import Any

import pandas as pd

LEAD = """# Which ways lead to these losses?

{paths:,} paths of {days} trading days of `{config}`{member}. Of each loss, the paths that come to it are put
into at most {ways} groups by their course (buckets, the product, the state's purchases; k-means), the ways to
it. `P` is the chance to come to the loss by that way, with its {confidence:g} % interval; chances of the ways
add up to that of the loss. Years are those between two such losses if every {days} days are a new start. Days
count from one; each is the median over the way's paths. A cohort sells once {selling:g} % of its stocks are
sold, and the first seller is the one that is first on most paths.
"""


def page(facts: dict[str, Any], cases: list[dict[str, Any]], ways: pd.DataFrame, sold: pd.DataFrame) -> str:
    """Markdown; every number is from the tables."""
    member = "" if facts["member"] is None else f", member {facts['member']} of its crowd"
    parts = [LEAD.format(**{**facts, "member": member, "selling": 5})]
    for case in cases:
        own = ways[ways["case"] == case["case"]]
        parts.append(f"\n## {case['title']}\n\n{_whole(case)}\n\n")
        parts += _table(own)
        if len(sold):
            parts.append("\n")
            parts += _sellers(sold[sold["case"] == case["case"]])
        parts.append(f"\n![{case['title']}]({case['case']}.svg)\n")
    parts += _members(facts.get("members", []))
    parts.append(
        f"\nMade by `{facts['command']}`. Every way is in ways.csv, who sold in sellers.csv, the modal "
        "and the mean path of each way in paths.csv.\n"
    )
    return "".join(parts)


def _whole(case: dict[str, Any]) -> str:
    years = _years(case["years"], case["years_low"], case["years_high"])
    return (
        f"P = {_percent(case['probability'])} % ({_percent(case['probability_low'])} to "
        f"{_percent(case['probability_high'])}), once in {years} years; "
        f"{case['hits']:,} of {case['paths']:,} paths, drawn {case['drawn']}."
    )


def _table(own: pd.DataFrame) -> list[str]:
    buckets = [name for name in map(str, own.columns) if name.startswith("return_")]
    crowd = "first_seller" in own
    head = ["way", "paths", "P %", "95 %", "years"]
    head += ["loss %", "half by day"] if own["loss"].notna().any() else []
    head += [f"{name.removeprefix('return_')} %" for name in buckets]
    head += ["first seller (day)", "state bn (day)", "afraid (day)"] if crowd else []
    lines = [f"| {' | '.join(head)} |\n", f"|{'---|' * len(head)}\n"]
    for r in own.to_dict("records"):
        cells = [
            str(r["way"]),
            str(r["paths"]),
            _percent(r["probability"]),
            f"{_percent(r['probability_low'])}-{_percent(r['probability_high'])}",
            _years(r["years"], r["years_low"], r["years_high"]),
        ]
        if "loss %" in head:
            cells += [f"{100 * r['loss']:.1f}", _day(r["half_of_loss_day"])]
        cells += [f"{100 * r[name]:.1f}" for name in buckets]
        if crowd:
            share = f", {100 * r['first_seller_of_paths']:.0f} %" if r["first_seller"] else ""
            cells += [
                f"{r['first_seller']}{share} ({_day(r['first_seller_day'])})"
                if r["first_seller"]
                else "nobody",
                f"{r['state_spent']:.0f} on {100 * r['state_of_paths']:.0f} % ({_day(r['state_day'])})",
                f"{100 * r['afraid_of_paths']:.0f} % ({_day(r['afraid_day'])})",
            ]
        lines.append(f"| {' | '.join(cells)} |\n")
    return lines


def _sellers(own: pd.DataFrame) -> list[str]:
    """Part of the stocks each cohort sold and the day it had sold 5 %, a column a way."""
    ways = list(dict.fromkeys(own["way"]))
    lines = [
        f"| sold by (day) | {' | '.join(f'way {way}' for way in ways)} |\n",
        f"|{'---|' * (len(ways) + 1)}\n",
    ]
    for cohort, rows in own.groupby("cohort", sort=False):
        by = rows.set_index("way")
        cells = [f"{100 * by.loc[w, 'sold']:.0f} % ({_day(by.loc[w, 'day'])})" for w in ways]
        lines.append(f"| {cohort} | {' | '.join(cells)} |\n")
    return lines


def _members(rows: list[dict[str, Any]]) -> list[str]:
    """P of every loss under other members of the ensemble."""
    if not rows:
        return []
    cases = [name for name in rows[0] if name != "member"]
    lines = [
        "\n## Over the ensemble\n\n",
        "P % of each loss under members of the crowd's ensemble, on as many paths with the same draws:\n"
        "what the episode leaves open moves the answer so far.\n\n",
        f"| member | {' | '.join(cases)} |\n",
        f"|{'---|' * (len(cases) + 1)}\n",
    ]
    for row in rows:
        lines.append(f"| {row['member']} | {' | '.join(row[case] for case in cases)} |\n")
    return lines


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.3g}"


def _years(value: float, low: float, high: float) -> str:
    return f"{value:.3g} ({low:.3g} to {high:.3g})"


def _day(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}"
