"""The page of a watch: what rang, for whom, on what evidence, and who would ring at other thresholds."""

import pandas as pd

from ...record.publishing import markdown
from ...surveillance.monitor import Watched
from ...surveillance.rules import Rules

SHOWN = 40
"""Alarms in the page; all are in alarms.csv."""
PAGE = """# {question}

{summary}

## Alarms

{alarms}

## Who would ring at other thresholds

One threshold is moved at a time, to so many times its own value. Counts are pairs of a day and an account or
controller; for large trades, minutes.

{sweep}

## The busiest

{busiest}

## What was read

{read}

`alarms.csv` holds every alarm, `counts.csv` the day's figures of every account and controller, `minutes.csv`
the minutes near a threshold of moves and trades, `sweep.csv` the table above with its thresholds. A calendar
second runs from one whole second to the next; a sliding second is any window (t - 1 s, t], and a stretch of
full sliding seconds is one alarm. Made by `{command}`.
"""
NAMES = {
    "stock.second": "orders plus cancels in a second",
    "stock.day": "orders plus cancels in a day",
    "futures": "seconds of many orders or cancels in a day, common control as one",
    "burst": "type 1, burst within a second",
    "cancels": "type 2, orders cancelled within a second",
    "moves": "type 3, minutes that moved a stock",
    "trades": "type 4, large trades while an index moved",
}
"""A rule's name in tables -> in words."""


def page(watched: Watched, swept: pd.DataFrame, rules: Rules, question: str, command: str) -> str:
    """Markdown; every number is from the tables."""
    alarms = watched.alarms
    columns = ["rule", "window", "time", "by", "who", "value", "threshold", "evidence"]
    shown = alarms[columns].head(SHOWN).map(_figure)
    more = f"\n\n{len(alarms) - SHOWN:,} more are in alarms.csv." if len(alarms) > SHOWN else ""
    return PAGE.format(
        question=question,
        summary=summary(watched, rules),
        alarms=markdown(shown) + more if len(alarms) else "None.",
        sweep=markdown(_swept(swept)) if len(swept) else "Nothing was counted.",
        busiest=markdown(_busiest(watched.counts)) if len(watched.counts) else "Nobody.",
        read="\n".join(f"- {line}" for line in facts(watched, rules)),
        command=command,
    )


def summary(watched: Watched, rules: Rules) -> str:
    """Which rules rang, how often and for how many; which were not judged."""
    alarms, lines = watched.alarms, []
    for rule in watching(rules):
        mine = alarms[alarms["rule"] == rule]
        rang = [
            f"{len(each):,} by {window}, {by} ({each['who'].nunique():,} of them)"
            for (window, by), each in mine.groupby(["window", "by"])
        ]
        unjudged = rule in ("moves", "trades") and not watched.facts.get("judged_minutes")
        lines.append(f"- {NAMES[rule]}: " + ("not judged" if unjudged else "; ".join(rang) or "no alarm"))
    return "\n".join(lines)


def watching(rules: Rules) -> list[str]:
    """Names of the rules watched as they stand in the table of alarms."""
    names = []
    for name in rules.watched():
        names += ["stock.second", "stock.day"] if name == "stock" else [name]
    return names


def facts(watched: Watched, rules: Rules) -> list[str]:
    """What was read, in sentences: rows, those set aside by reason, what could not be judged."""
    said, lines = watched.facts, []
    rows = ", ".join(f"{number:,} {action}s" for action, number in watched.events.items())
    lines.append(f"{rows} of {said['accounts']:,} accounts in {said['days']:,} trading days")
    for reason, number in sorted(watched.refused.items()):
        lines.append(f"{number:,} row{'s' * (number > 1)} set aside, {reason}")
    lines += ["no row was set aside"] if not watched.refused else []
    if not said["controllers_known"]:
        lines.append("nothing was said of control: every account is its own controller")
    if said["whole_second_stamps"]:
        lines.append("stamps are whole seconds: a sliding second then counts what a calendar second counts")
    if not said["order_numbers"]:
        lines.append("there are no order numbers: duplicates are not looked for, quick cancels not counted")
    if not said.get("judged_minutes") and (rules.moves or rules.trades):
        lines.append(
            "moves and trades are not judged: they need trades with side, size and price, and --minutes"
        )
    elif said["trades_without_market_minute"]:
        lines.append(
            f"{said['trades_without_market_minute']:,} sums of trades have no minute of the market's"
        )
    lines.append(f"at most {said['most_rows_waiting']:,} rows were held at once")
    return lines


def _swept(swept: pd.DataFrame) -> pd.DataFrame:
    """Rings [threshold, multiple]."""
    rows = ["rule", "threshold_name", "window", "by"]
    wide = swept.pivot_table(index=rows, columns="multiple", values="ring", aggfunc="first", sort=False)
    wide.columns = pd.Index([f"x {multiple:g}" for multiple in wide.columns])
    return wide.reset_index().rename(columns={"threshold_name": "threshold"}).map(_figure)


def _busiest(counts: pd.DataFrame) -> pd.DataFrame:
    """The ten entities with most events in a sliding second."""
    columns = ["day", "by", "who", "orders", "cancels", "most_in_calendar_second", "most_in_sliding_second"]
    return counts.nlargest(10, "most_in_sliding_second")[columns].map(_figure)


def _figure(cell: object) -> object:
    """A figure for reading; text that would end a cell of the table is made harmless."""
    if isinstance(cell, str):
        return cell.replace("|", "/")
    return f"{cell:,.4g}" if isinstance(cell, float) and cell != round(cell) else f"{cell:,.0f}"
