"""Who would ring at other thresholds: the day's figures counted again, one threshold moved at a time."""

from collections.abc import Iterator

import pandas as pd

from .minutes import beyond
from .monitor import Watched
from .rules import Cancels, Rules

WINDOWS = {"calendar second": "most_in_calendar_second", "sliding second": "most_in_sliding_second"}
TENS = {"calendar second": "calendar_seconds_of_futures", "sliding second": "sliding_seconds_of_futures"}
COLUMNS = ["rule", "threshold_name", "threshold", "multiple", "window", "by", "ring"]


def sweep(watched: Watched, rules: Rules) -> pd.DataFrame:
    """How many entities ring on how many days [threshold, column], at each multiple of each threshold.

    `ring` counts pairs of a day and an entity; for large trades, minutes of one.
    """
    rows = [*_of_counts(watched.counts, rules), *_of_minutes(watched.minutes, rules)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_counts(counts: pd.DataFrame, rules: Rules) -> Iterator[tuple]:
    if counts.empty:
        return
    seconds = {
        "stock.second": rules.stock and rules.stock.second,
        "burst": rules.burst and rules.burst.orders,
    }
    for by, mine in counts.groupby("by"):
        for multiple in rules.sweep:
            for rule, threshold in seconds.items():
                for window, figure in WINDOWS.items() if threshold else ():
                    at = _count(multiple * (threshold or 1))
                    yield rule, "events", at, multiple, window, by, int((mine[figure] >= at).sum())
            if rules.stock:
                at = _count(multiple * rules.stock.day)
                ring = int((mine["orders"] + mine["cancels"] >= at).sum())
                yield "stock.day", "events", at, multiple, "day", by, ring
            if rules.futures and by == "controller":
                at = _count(multiple * rules.futures.times)
                for window, figure in TENS.items():
                    yield "futures", "times", at, multiple, window, by, int((mine[figure] >= at).sum())
            if rules.cancels:
                yield from _of_cancels(mine, rules.cancels, multiple, str(by))


def _of_cancels(mine: pd.DataFrame, rule: Cancels, multiple: float, by: str) -> Iterator[tuple]:
    quick, ratio = mine["quick_cancels"], mine["cancel_ratio"]
    times, part = _count(multiple * rule.times), min(1.0, multiple * rule.ratio)
    ring = int(((quick >= times) & (ratio >= rule.ratio)).sum())
    yield "cancels", "times", times, multiple, "day", by, ring
    ring = int(((quick >= rule.times) & (ratio >= part)).sum())
    yield "cancels", "ratio", part, multiple, "day", by, ring


def _of_minutes(near: pd.DataFrame, rules: Rules) -> Iterator[tuple]:
    rows = near.to_dict("records")
    for rule, one in (("moves", rules.moves), ("trades", rules.trades)):
        if one is None:
            continue
        least = {name: getattr(one, name) for name in ("move", "amount", "fraction") if hasattr(one, name)}
        for by in ("account", "controller"):
            mine = [row for row in rows if row["rule"] == rule and row["by"] == by]
            for name in [*least, *(["times"] if rule == "moves" else [])] if mine else []:
                for multiple in rules.sweep:
                    at = multiple * getattr(one, name)
                    hits = [
                        row for row in mine if beyond(row, **least | ({name: at} if name in least else {}))
                    ]
                    times = _count(at) if name == "times" else getattr(one, "times", 0)
                    ring = _repeated(hits, times) if rule == "moves" else len(hits)
                    yield rule, name, _count(at) if name == "times" else at, multiple, "minute", by, ring


def _repeated(hits: list[dict], times: int) -> int:
    """Pairs of a day and an entity with so many minutes."""
    found: dict[tuple, int] = {}
    for row in hits:
        found[row["day"], row["who"]] = found.get((row["day"], row["who"]), 0) + 1
    return sum(number >= times for number in found.values())


def _count(threshold: float) -> int:
    """A threshold of counts, at least one."""
    return max(1, round(threshold))
