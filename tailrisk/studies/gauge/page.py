"""The page of a gauge: does it tell a rout ahead, does it see the crowd, what did it say in real years."""

from typing import Any

import pandas as pd

from .scores import Interval
from .seen import LABELS

LEAD = """# Can a crowd be seen before it runs?

{verdict}

## How it was done

A rout: micro-caps fall by {fall:g} % or more within {over} days; the gauge gives the chance of one that lies
wholly within the {ahead} trading days after a week's last close. It was learnt by logistic regression on
{years:,} simulated years of `{config}`, in which the crowd is known: {members} members of the matched
ensemble, each with 0 to 2 times its books. Members of even number taught it, those of odd number judge it
here. No valuation is in it, and no turnover: the simulator's volumes are constants. Intervals are 95 %: of
scores over years drawn with replacement, of a chance over the simulated markets drawn with replacement; that
the simulator is wrong is in neither.
"""
SIMULATED = """
## Judged where the truth is known

{rate:.3g} % of {rows:,} simulated weeks were followed by a rout; `quiet` are weeks with micro-caps within
10 % of their high of 60 days. Area: the chance that a week before a rout has the higher value (0.5 is none).
Skill: part of the base rate's Brier score that is gone. The last row is told the size of the crowd too: what
seeing it would be worth.

| gauge | area, all | area, quiet | skill, all, % | skill, quiet, % |
|---|---|---|---|---|
"""
CROWD = """
Can the crowd's size be seen? Told from the same features, a crowd of 1.5 or 2 times against one of none or
half has an area of {crowd}.

![Chance given and what came]({picture}.svg)

### What the gauge looks at

Coefficients of standardised features, and the range of 95 % of the draws.

| feature | prices | with futures |
|---|---|---|
"""
REAL = """
## Frozen, on {first} to {last}

The same file, SHA-256 `{sha}`, on {weeks:,} real weeks. {came} of
{complete:,} whose {ahead} days are known were followed by a rout. There were {spells} falls of {mild:g} % or
more, {deep} of them routs: few, so that the intervals, over calendar years, are wide. The crowd's parameters
were matched to January and February 2024 and the market's to the closes before 2024, so that no real year is
new to the simulator; the gauge itself has seen none.

| gauge | weeks | routs within {ahead} days, % of weeks | area | skill, % |
|---|---|---|---|---|
"""
SPELLS = """
![The gauge by week](history.svg)

The falls are numbered in the picture. Rank: part of the weeks until then with a lower value.

| | fall began | depth, % | gauge, last close before, % | rank, % | four weeks before, % | rank, % |
|---|---|---|---|---|---|---|
"""
NAMES = {
    "prices": "prices",
    "futures": "prices and the discount of futures",
    "crowd_known": "the same, and the crowd's size",
}


def page(
    facts: dict[str, Any],
    simulated: pd.DataFrame | None,
    crowd: Interval | None,
    coefficients: pd.DataFrame,
    real: pd.DataFrame | None,
    spells: pd.DataFrame | None,
) -> str:
    """Markdown; every number is from the tables."""
    parts = [LEAD.format(verdict=verdict(facts, simulated, crowd, spells), **_percent(facts))]
    if simulated is not None and crowd is not None:
        whole = simulated[(simulated["weeks"] == "all")].iloc[0]
        parts.append(SIMULATED.format(rate=100 * whole["rate"], rows=int(whole["rows"])))
        parts += _scores(simulated)
        parts.append(CROWD.format(crowd=_interval(crowd), picture="reliability"))
        parts += _coefficients(coefficients)
    if real is not None and spells is not None:
        parts.append(REAL.format(**_percent(facts), **facts["real"]))
        parts += [
            f"| {_name(row['gauge'])} | {row['weeks']} | {100 * row['rate']:.3g} of {int(row['rows'])} | "
            f"{_figure(row, 'area')} | {_figure(row, 'skill', 100)} |\n"
            for row in records(real)
        ]
        parts.append(SPELLS)
        parts += [_spell(number, row) for number, row in enumerate(records(spells), 1)]
    parts.append(
        f"\nMade by `{facts['command']}`; all figures are in the CSV files, the gauge in gauge.json.\n"
    )
    return "".join(parts)


def verdict(
    facts: dict[str, Any], simulated: pd.DataFrame | None, crowd: Interval | None, spells: pd.DataFrame | None
) -> str:
    """What the figures say, in a few sentences, whichever way they fall."""
    said = []
    if simulated is not None and crowd is not None:
        said += _where_known(simulated, crowd)
    if spells is not None and len(spells):
        said.append(_last_fall(records(spells)[-1], facts["base"]))
    return " ".join(said) or "The gauge as frozen."


def _where_known(simulated: pd.DataFrame, crowd: Interval) -> list[str]:
    quiet = simulated[simulated["weeks"] == "quiet"].set_index("gauge")
    single = quiet.drop(index=["prices", "futures", "crowd_known"])
    best = single["area"].astype(float).idxmax()
    seen = "can hardly be" if crowd.low < 0.6 else "can partly be" if crowd.estimate < 0.8 else "can be"
    area = {
        name: _figure(quiet.loc[name], "area") for name in ("prices", "futures", "crowd_known", str(best))
    }
    return [
        f"On simulated weeks in which nothing has come yet, the gauge has an area of {area['futures']} under "
        f"its ROC curve and takes {_figure(quiet.loc['futures'], 'skill', 100)} % off the Brier score of the "
        f"base rate. The best single feature ({LABELS[str(best)]}) has {area[str(best)]}, the gauge without "
        f"futures {area['prices']}, and one that is told the crowd's size {area['crowd_known']}.",
        f"The crowd itself {seen} seen: large and small ones are told apart with an area of "
        f"{_interval(crowd)}.",
    ]


def _last_fall(row: dict[str, Any], base: float) -> str:
    """What it said before the last spell; high is a rank of 90 % or more and a chance above the base rate."""
    at = row["before"]
    if at != at:
        return ""
    high = row["before_rank"] >= 0.9 and row["before_low"] > base
    earlier = row["month_before_rank"] >= 0.9 and row["month_before_low"] > base
    then = "it warned" if earlier else "it warned when prices were already falling" if high else "no warning"
    said = (
        f"Before the fall that began on {row['begins']} it gave {_chance(row, 'before')} % (base rate "
        f"{100 * base:.3g} %), higher than on {100 * row['before_rank']:.0f} % of the weeks until then"
    )
    if row["month_before"] == row["month_before"]:
        said += (
            f", and four weeks before {_chance(row, 'month_before')} %, higher than on "
            f"{100 * row['month_before_rank']:.0f} %"
        )
    return f"{said}: {then}."


def _percent(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts that a page writes, those of a learning that is not known left blank."""
    blank = {"years": 0, "members": 0, "config": ""}
    return blank | facts | {"fall": 100 * facts["fall"], "mild": 100 * facts["mild"]}


def _scores(table: pd.DataFrame) -> list[str]:
    """The gauges, every feature alone, the best first, and the one that is told the crowd."""
    by = {(row["weeks"], row["gauge"]): row for row in records(table)}
    order = [name for where, name in by if where == "all" and name not in NAMES]
    single = sorted(order, key=lambda name: -by["all", name]["area"])
    lines = []
    for name in ["prices", "futures", *single, "crowd_known"]:
        cells = [_figure(by[where, name], "area") for where in ("all", "quiet")]
        cells += [_figure(by[where, name], "skill", 100) for where in ("all", "quiet")]
        lines.append(f"| {_name(name)} | {' | '.join(cells)} |\n")
    return lines


def _coefficients(table: pd.DataFrame) -> list[str]:
    cells: dict[str, dict[str, str]] = {}
    for row in records(table):
        text = f"{row['value']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"
        cells.setdefault(row["feature"], {})[row["gauge"]] = text
    return [
        f"| {LABELS.get(name, name)} | {own.get('prices', '')} | {own.get('futures', '')} |\n"
        for name, own in cells.items()
    ]


def _spell(number: int, row: dict[str, Any]) -> str:
    cells = [str(number), row["begins"], f"{100 * row['fall']:.1f}"]
    for name in ("before", "month_before"):
        known = row[name] == row[name]
        cells += [_chance(row, name), f"{100 * row[f'{name}_rank']:.0f}"] if known else ["", ""]
    return f"| {' | '.join(cells)} |\n"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows by column."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _chance(row: dict[str, Any], name: str) -> str:
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    return f"{100 * row[name]:.2g} ({low:.2g} to {high:.2g})"


def _figure(row: Any, name: str, times: float = 1.0) -> str:
    values = [times * float(row[key]) for key in (name, f"{name}_low", f"{name}_high")]
    if values[0] != values[0]:
        return "unknown"
    places = 3 if times == 1 else 1
    return f"{values[0]:.{places}f} ({values[1]:.{places}f} to {values[2]:.{places}f})"


def _interval(found: Interval) -> str:
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"


def _name(name: str) -> str:
    return NAMES.get(name) or LABELS[name]
