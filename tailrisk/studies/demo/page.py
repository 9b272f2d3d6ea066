"""The page in words: the answer in four paragraphs, then regimes, odds, losses and bounds, each in full."""

from pathlib import Path
from typing import Any

import pandas as pd

from ...core.names import Names
from ...record.publishing import markdown
from ...report import readme
from ...report.estimate import number
from ...report.words import LOSS_PLACES, in_words, level, title
from .config import PARTS, Loaded
from .picture import estimate
from .tables import Row, records

ANSWERS = 4
"""Paragraphs that answer, before the first heading."""
ABOUT = {
    "run": "the run without the crowd",
    "crowd": "the run with the crowd",
    "tune": "the tuning of style bounds",
}
FOLLOW = {
    "regimes": "Paths switch among these regimes.",
    "memory": "Paths have memory of volatility and of spreads beside, with regimes of shocks on what is "
    "left; the picture shows how many of them are calm, uneasy and in stress.",
    "days": "Paths are made of the record's own days.",
}
"""Process of a market -> what its paths do."""


def text(folder: Path, loaded: Loaded, tables: dict[str, pd.DataFrame]) -> str:
    """README.md of a folder whose parts are there; tables: those of `tables`, by name."""
    demo, names = loaded.demo, loaded.run.names
    bounds = (folder / PARTS["tune"] / "README.md").read_text(encoding="utf-8")
    parts = [
        f"# {demo.question}",
        lost(loaded, tables["losses"]),
        likely(loaded, tables["odds"]),
        bounded(loaded, bounds),
        turning(loaded, tables["regimes"], names),
        "## The ladder's regimes",
        *_regimes(loaded, tables["regimes"], names),
        "## The event's odds",
        *_odds(loaded, tables["odds"]),
        "## Losses without and with the crowd",
        *_losses(loaded, tables["losses"]),
        "## Style bounds",
        *_bounds(loaded, bounds),
        "## Each part in full",
        markdown(pd.DataFrame([_part(part) for part in PARTS])),
    ]
    return "\n\n".join(parts) + "\n"


def lost(loaded: Loaded, losses: pd.DataFrame) -> str:
    """How much: the product that the crowd costs most, and the one that is tuned."""
    absolute = losses[losses.view == "absolute"]
    most = absolute.sort_values("more")["product"].iloc[-1]
    told = [
        _lost(row)
        for name in dict.fromkeys((most, loaded.demo.product))
        for row in records(absolute[absolute["product"] == name])
    ]
    days, at = loaded.run.run.days, level(loaded.demo.level)
    return f"How much: over {days} trading days, expected shortfall at {at} of {'; of '.join(told)}."


def _lost(row: Row) -> str:
    before, after, more = (estimate(row, stem) for stem in ("without", "with", "more"))
    soft = ", indicative" if row["indicative"] else ""
    return (
        f"{row['label']} is {before.text(LOSS_PLACES)} % of NAV without the crowd and "
        f"{after.text(LOSS_PLACES)} % with it, {_more(more)} on the same shocks "
        f"({more.interval(LOSS_PLACES)}{soft})"
    )


def _more(found: Any) -> str:
    if found.low <= 0 <= found.high:
        return f"a difference of {found.text(LOSS_PLACES)} points that may be none"
    return (
        f"{number(abs(found.value), found.place(LOSS_PLACES))} points {'more' if found.value > 0 else 'less'}"
    )


def likely(loaded: Loaded, odds: pd.DataFrame) -> str:
    """How likely: the first event of the config."""
    if odds.empty:
        return "How likely: the runs ask for no event."
    row = records(odds)[0]
    before, after, more = (estimate(row, stem) for stem in ("without", "with", "more"))
    return (
        f"How likely: {_event(row, loaded.run.names)}; it comes within {loaded.run.run.days} days "
        f"on {before.text()} % of paths without the crowd ({before.interval()}) and on {after.text()} % "
        f"with it ({after.interval()}): "
        f"{_more(more)} on the same shocks ({more.interval(LOSS_PLACES)})."
    )


def bounded(loaded: Loaded, bounds: str) -> str:
    """What to be allowed, as the tuning says it."""
    label = loaded.run.products[loaded.demo.product].label
    first = readme.paragraphs(bounds)[0]
    plainly = [readme.plain(block) for block in bounds.split("\n\n") if block.startswith("**")]
    return " ".join([f"Which bounds, for a product like {label}: {first[:1].lower()}{first[1:]}", *plainly])


def turning(loaded: Loaded, regimes: pd.DataFrame, names: Names) -> str:
    """What the market does: calm against crisis."""
    calm, crisis = regimes.iloc[0], regimes.iloc[-1]
    window = loaded.run.calibrated.fit.get("window", ["", "the last day of data"])
    return (
        f"What the market does: it spends {_percent(crisis.of_days, 1)} of days in crisis, "
        f"{number(crisis.mean_days, 0)} days at a time; {_pair(names)} then swings "
        f"{_percent(crisis.spread_volatility_year, 0)} a year against "
        f"{_percent(calm.spread_volatility_year, 0)} when calm. On {window[1]} the chance of crisis was "
        f"{_percent(crisis.last_day, 1)}."
    )


def _regimes(loaded: Loaded, regimes: pd.DataFrame, names: Names) -> list[str]:
    market, fit = loaded.run.market, loaded.run.calibrated.fit
    follow = FOLLOW[market.process]
    window = " to ".join(map(str, fit.get("window", ()))) or "a window that is not recorded"
    lines = {
        "regime": regimes.regime,
        "of days": [_percent(x, 1) for x in regimes.of_days],
        "days at a time": [number(x, 1) for x in regimes.mean_days],
        f"{names.label(names.role('large') or names.buckets[0])} a year": [
            _percent(x, 1) for x in regimes.volatility_year
        ],
        f"{_pair(names)} a year": [_percent(x, 1) for x in regimes.spread_volatility_year],
        "its drift a day": [_percent(x, 2) for x in regimes.spread_drift_day],
        "on the last day": [_percent(x, 1) for x in regimes.last_day],
    }
    return [
        f"{market.states} regimes with {market.shocks.capitalize()} shocks, fitted to {window}, "
        f"ordered by volatility. {follow}",
        markdown(pd.DataFrame(lines)),
        f"![Share of paths in each regime]({PARTS['run']}/figures/regimes.svg)",
    ]


def _odds(loaded: Loaded, odds: pd.DataFrame) -> list[str]:
    if odds.empty:
        return ["The runs ask for no event."]
    lines = [
        {
            "event": _event(row, loaded.run.names),
            **{
                head: f"{found.text()} ({found.interval()})"
                for head, found in _heads(row, "% of paths, ").items()
            },
        }
        for row in records(odds)
    ]
    return [markdown(pd.DataFrame(lines))]


def _losses(loaded: Loaded, losses: pd.DataFrame) -> list[str]:
    run = loaded.crowd.run
    told = [
        f"{run.paths:,} paths of {run.days} days each way, with the same seed: path by path the same shocks, "
        f"so most of the noise cancels in the difference. {_terms(loaded)} A loss is positive, in % of "
        "starting NAV; in brackets, here and above, intervals of "
        f"{level(loaded.crowd.tail.confidence)}, of sampling alone; a figure marked † is indicative.",
        "![ES of every product without and with the crowd](sides.svg)",
    ]
    for view in dict.fromkeys(losses.view):
        lines = [
            {
                "product": row["label"] + (" †" if row["indicative"] else ""),
                **{
                    head: f"{found.text(LOSS_PLACES)} ({found.interval(LOSS_PLACES)})"
                    for head, found in _heads(row, "").items()
                },
            }
            for row in records(losses[losses.view == view])
        ]
        told += [
            f"### {title(view).capitalize()} loss, ES at {level(loaded.demo.level)}".replace("\u00a0", " ")
        ]
        told += [markdown(pd.DataFrame(lines))]
    return told


def _heads(row: Row, unit: str) -> dict[str, Any]:
    heads = {"without": f"{unit}without", "with": f"{unit}with", "more": "the crowd adds, points"}
    return {head: estimate(row, stem) for stem, head in heads.items()}


def _terms(loaded: Loaded) -> str:
    if loaded.run.as_accounts == loaded.crowd.as_accounts:
        same = "as accounts, with calls, lines and costs" if loaded.run.as_accounts else "as books held"
        return f"Products live {same}, in both."
    return (
        "Products live as accounts with the crowd and as books held without: the difference has both in it."
    )


def _bounds(loaded: Loaded, bounds: str) -> list[str]:
    """The tuning's own words, picture and table."""
    blocks = [block for block in bounds.split("\n\n") if block.strip() and not block.startswith("# ")]
    return [block.replace("](frontier.svg)", f"]({PARTS['tune']}/frontier.svg)") for block in blocks]


def _event(row: Row, names: Names) -> str:
    labels = {name: names.label(name) for name in names.buckets}
    return f"{row['event'].replace('_', ' ')}: {in_words(row['description'], labels)}"


def _part(part: str) -> dict[str, str]:
    name = PARTS[part]
    return {"part": f"[{ABOUT[part]}]({name}/report.html)", "folder": f"`{name}/`"}


def _pair(names: Names) -> str:
    large, small = names.role("large") or names.buckets[0], names.role("spread") or names.buckets[-1]
    return f"{names.label(small)} less {names.label(large)}"


def _percent(value: float, place: int) -> str:
    return f"{number(100 * value, place)} %"
