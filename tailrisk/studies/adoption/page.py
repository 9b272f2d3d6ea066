"""The page of a policy's adoption: routs, who saves what, where it stops paying, by share that follows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import bdtr

SURE = 0.05
"""Chance of a sign test beyond which paths that gained or lost a rout tell of no change."""
LEAD = """# What is a policy worth to those who follow it, once many do?

{answer}

## How it was done

{paths:,} paths of {days} trading days of `{config}`{member}, the same shocks at every share, so that changes
are paired path by path; {confidence:g} % intervals of the simulation alone. The share is of the assets of
{cohorts}; who follows trades inside the crowd and moves prices. A policy is set off {when}, and its orders
are renewed on {lasting} days. What a fund loses is that of one small fund more, which follows or holds in the
market the others make, on the terms of its account. `saves` is what holding loses more than following,
`others` what the others' following costs against a market in which nobody does; points of NAV, of ES
{level:g} % and of the mean; regret is of the mean, against the better of the two.
"""
WORLDS = """| share | set off, % | P(rout), % | change, points | state buys, bn | owed to brokers, bn |
|---|---|---|---|---|---|
"""
SAVED = """| share | ES holding | ES following | saves, ES | saves, mean |
|---|---|---|---|---|
"""
OTHERS = """
| share | others, holding | others, following | regret, holding | regret, following |
|---|---|---|---|---|
"""
CAPACITY = """
## Capacity: a manager's own assets

Net alpha is {alpha:g} % a year of the stock book less the cost of trading {turnover:g} times the book a year,
of which the square-root impact grows with assets; ES and what following saves include the impact of the
manager's own orders and their limit of a day's volume; nobody else follows.

![Net alpha and ES by assets](capacity.svg)

"""


def page(facts: dict[str, Any], worlds: pd.DataFrame, rows: pd.DataFrame, capacity: pd.DataFrame) -> str:
    """Markdown; every number is from the tables."""
    member = "" if facts["member"] is None else f", member {facts['member']} of its crowd"
    more = {
        "member": member,
        "level": 100 * facts["level"],
        "when": _when(facts),
        "cohorts": ", ".join(f"`{name}`" for name in facts["cohorts"]),
        "answer": "\n\n".join(answers(facts, worlds, rows)),
    }
    parts = [LEAD.format(**{**facts, **more}), "\n| policy | what |\n|---|---|\n"]
    parts += [f"| {kind} | {what} |\n" for kind, what in facts["policies"].items()]
    for kind in facts["policies"]:
        parts.append(f"\n## {kind}\n\n![{kind}: routs and savings by share]({kind}.svg)\n\n")
        parts += _worlds(worlds[worlds["policy"] == kind])
        for product, label in facts["labels"].items():
            own = rows[(rows["policy"] == kind) & (rows["product"] == product)]
            parts += _losses(own, label)
    if len(capacity):
        parts += _capacity(facts, capacity)
    parts.append(f"\nMade by `{facts['command']}`; every figure is in routs.csv, saved.csv")
    parts.append(" and capacity.csv.\n" if len(capacity) else ".\n")
    return "".join(parts)


def _when(facts: dict[str, Any]) -> str:
    said = []
    if facts["trigger"] is not None:
        said.append(
            "on the morning after small stocks lag large ones by more than "
            f"{100 * facts['trigger']:g} points of momentum"
        )
    if facts["date"]:
        said.append(f"on day {facts['date']}")
    return " or ".join(said)


def answers(facts: dict[str, Any], worlds: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """For every policy: what it does to routs, and where it stops paying."""
    found = []
    for kind in facts["policies"]:
        said = [f"`{kind}`: {routs(worlds[worlds['policy'] == kind])}."]
        for product, label in facts["labels"].items():
            own = rows[(rows["policy"] == kind) & (rows["product"] == product)]
            said.append(f"For {label} it {pays(own)}; of the mean loss it {pays(own, 'mean')}.")
        found.append(" ".join(said))
    return found


def part(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.0f} %"


def routs(own: pd.DataFrame) -> str:
    """From which share routs are told to come more often, or less; of one policy."""
    own = own.sort_values("share")
    alone, last = own.iloc[0], own.iloc[-1]
    ends = f"{alone['rout']:.3g} % with nobody, {last['rout']:.3g} % at a share of {part(last['share'])}"
    for word, of, other in (("more", "gained", "lost"), ("less", "lost", "gained")):
        told = own[(own[of] > own[other]) & (signed(own) < SURE)]
        if len(told):
            return f"routs come {word} often from a share of {part(told.iloc[0]['share'])} ({ends})"
    return f"no share is told to change how often routs come ({ends})"


def signed(own: pd.DataFrame) -> Any:
    """The exact sign test [row] of paths that gained a rout against those that lost one (McNemar, 1947)."""
    less, both = own[["gained", "lost"]].min(axis=1), own["gained"] + own["lost"]
    return np.minimum(2 * bdtr(less.to_numpy(np.float64), both.to_numpy(np.int64), 0.5), 1.0)


def pays(own: pd.DataFrame, what: str = "es") -> str:
    """Where following stops saving, by the straight line between shares; of one policy and product.

    what: es or mean, of the loss.
    """
    own, name = own.sort_values("share"), f"saves_{what}"
    share, saves = own["share"].to_numpy(float), own[name].to_numpy(float)
    low, high = own[f"{name}_low"].to_numpy(float), own[f"{name}_high"].to_numpy(float)
    word = "ES" if what == "es" else "mean"
    ends = f"{word} {saves[0]:+.2g} points with nobody, {saves[-1]:+.2g} at a share of {part(share[-1])}"
    if (low > 0).all():
        return f"pays at every share ({ends})"
    if saves[0] <= 0:
        return f"{'does not pay' if high[0] < 0 else 'is not told to pay'} even for the first ({ends})"
    below = np.flatnonzero(saves <= 0)
    if not len(below):
        return f"pays, but not told from nothing at every share ({ends})"
    k = int(below[0])
    where = share[k - 1] + (share[k] - share[k - 1]) * saves[k - 1] / (saves[k - 1] - saves[k])
    sure = share[low > 0].max(initial=0.0), share[high < 0].min(initial=1.0)
    return f"stops paying at a share of {part(where)} (between {part(sure[0])} and {part(sure[1])}; {ends})"


def _sure(row: Mapping[Any, Any], name: str) -> str:
    return f"{row[name]:+.2g} ({row[f'{name}_low']:+.2g} to {row[f'{name}_high']:+.2g})"


def _worlds(own: pd.DataFrame) -> list[str]:
    lines = [WORLDS]
    for row in own.to_dict("records"):
        cells = [
            f"{part(row['share'])}",
            f"{row['fires']:.3g}",
            f"{row['rout']:.3g} ({row['rout_low']:.3g} to {row['rout_high']:.3g})",
            _sure(row, "rout_change"),
            f"{row['state_spent']:.3g}",
            f"{row['owed']:.3g}",
        ]
        lines.append(f"| {' | '.join(cells)} |\n")
    return lines


def _losses(own: pd.DataFrame, label: str) -> list[str]:
    """What following saves, then what the others' following costs; of one policy and product."""
    first, second = [f"\n### {label}\n\n", SAVED], [OTHERS]
    for row in own.to_dict("records"):
        share, losses = part(row["share"]), (f"{row['es_hold']:.3g}", f"{row['es_follow']:.3g}")
        first.append(_line(share, *losses, _sure(row, "saves_es"), _sure(row, "saves_mean")))
        regrets = (f"{row[f'regret_{who}']:.2g}" for who in ("hold", "follow"))
        second.append(_line(share, _sure(row, "others_hold"), _sure(row, "others_follow"), *regrets))
    return first + second


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _capacity(facts: dict[str, Any], table: pd.DataFrame) -> list[str]:
    kinds = list(facts["policies"])
    lines = [
        CAPACITY.format(alpha=100 * facts["alpha"], turnover=facts["turnover"]),
        f"| product | assets, bn | net alpha | ES holding | {' | '.join(f'{k} saves' for k in kinds)} |",
        f"\n|{'---|' * (4 + len(kinds))}\n",
    ]
    for row in table.to_dict("records"):
        cells = [facts["labels"][row["product"]], f"{row['assets']:g}", f"{row['net_alpha']:.1f}"]
        cells += [f"{row['es_hold']:.3g} ({row['es_hold_low']:.3g} to {row['es_hold_high']:.3g})"]
        cells += [_sure(row, f"{kind}_saves") for kind in kinds]
        lines.append(f"| {' | '.join(cells)} |\n")
    return lines
