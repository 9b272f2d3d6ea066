"""Answers of studies of orders: whose the minute was, what getting out costs, who rings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..language import Say
from .read import Row, per_cent, read

MOST = 4
"""Books, or rules that ring, named one by one."""
RULES = {
    "stock.second": "orders and cancels in a second",
    "stock.day": "orders and cancels in a day",
    "futures": "seconds of many orders, common control as one",
    "burst": "bursts within a second",
    "cancels": "cancels within a second",
    "moves": "minutes that moved a stock",
    "trades": "large trades while an index moved",
}
"""A rule of the table of alarms -> in words."""


def minute(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """The set of the order's share in the fall of every index, by notion, over all laws; never a point."""
    rows = read(folder / "sets.csv")
    said = record.get("minute") if isinstance(record.get("minute"), Mapping) else {}
    venues: Mapping[str, Any] = dict((said or {}).get("venues") or {})
    told = []
    for venue in dict.fromkeys(row["venue"] for row in rows):
        own = [row for row in rows if row["venue"] == venue]
        of = dict(venues.get(venue) or {})
        parts = {
            notion: _span([r for r in own if r["notion"] == notion]) for notion in ("removed", "shapley")
        }
        told.append(
            say(
                "{index}: between {low} and {high} % of the fall is the order's, over every law and range of "
                "its parameters; without it {removed} % would not have happened, and its Shapley share is "
                "{shapley} %.",
                index=say.render(str(of.get("label") or venue)),
                low=_span(own)[0],
                high=_span(own)[1],
                removed=say("{low} to {high}", low=parts["removed"][0], high=parts["removed"][1]),
                shapley=say("{low} to {high}", low=parts["shapley"][0], high=parts["shapley"][1]),
            )
        )
    return told and [say("The answer is a set, not a number."), *told]


def _span(rows: Sequence[Row]) -> tuple[str, str]:
    """The least and the most, in per cent."""
    if not rows:
        return "–", "–"
    low, high = min(float(row["low"]) for row in rows), max(float(row["high"]) for row in rows)
    return per_cent(low, 1), per_cent(high, 1)


def liquidity(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Of every book what the optimum costs, its tail loss, the best other way, days to exit at the cap."""
    rows = [row for row in read(folder / "schedules.csv") if row["rules"] == "free"]
    books = sorted(dict.fromkeys(row["book"] for row in rows), key=lambda book: -_size(rows, book))
    told = []
    for book in books[:MOST]:
        own = {row["schedule"]: row for row in rows if row["book"] == book}
        if {"optimal", "POV"} <= set(own):
            told.append(_out(book, own, say))
    more = len(books) - len(told)
    return [*told, say("{more} more books are below.", more=more)] if told and more else told


def _size(rows: Sequence[Row], book: str) -> float:
    return max(float(row["billions"]) for row in rows if row["book"] == book)


def _out(book: str, own: Mapping[str, Row], say: Say) -> str:
    best, fast = own["optimal"], own["POV"]
    others = {
        name: float(row["objective"]) for name, row in own.items() if name not in ("optimal", "immediate")
    }
    other = min(others, key=lambda name: others[name])
    return say(
        "{book}, {billions} bn: getting out costs {cost} % in the mean by the best schedule, with an "
        "expected shortfall of {es} % (±{half}); cost plus shortfall is {objective} %, by {other} {least} %, "
        "all at once {now}. At the cap it takes {days} days in the median, {late} on one path of ten.",
        book=say.render(book),
        billions=f"{float(best['billions']):.1f}",
        cost=f"{float(best['cost']):.2f}",
        es=f"{float(best['es']):.1f}",
        half=f"{float(best['es_half']):.1f}",
        objective=f"{float(best['objective']):.1f}",
        other=other,
        least=f"{others[other]:.1f}",
        now=f"{float(own['immediate']['objective']):.1f} %" if "immediate" in own else "–",
        days=f"{float(fast['days_50']):.0f}",
        late=f"{float(fast['days_90']):.0f}",
    )


def watch(folder: Path, record: Mapping[str, Any], text: str, say: Say) -> list[str]:
    """Who rings, by rule: how many accounts and controllers; and how much of the file was used."""
    rows, events = read(folder / "alarms.csv"), record.get("events")
    used = sum(events.values()) if isinstance(events, Mapping) else 0
    aside = sum((record.get("set_aside") or {}).values())
    of = say("{rows} rows were watched, {aside} set aside.", rows=f"{used:,}", aside=f"{aside:,}")
    if not rows:
        return [say.sentences([say("Nobody rings."), of])]
    told = []
    for rule in list(dict.fromkeys(row["rule"] for row in rows)):
        own = [row for row in rows if row["rule"] == rule]
        who = {by: {row["who"] for row in own if row["by"] == by} for by in ("account", "controller")}
        told.append(
            say(
                "{rule}: {accounts} accounts and {controllers} controllers",
                rule=say.render(RULES.get(rule, rule)),
                accounts=f"{len(who['account']):,}",
                controllers=f"{len(who['controller']):,}",
            )
        )
    lead = say("{alarms} alarms ring. {told}.", alarms=f"{len(rows):,}", told=say.aparted(told))
    return [say.sentences([lead, of])]
