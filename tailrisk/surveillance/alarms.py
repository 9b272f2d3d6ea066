"""An alarm: which rule rang, when, for whom, and on what evidence."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd

from .rules import DAY

CALENDAR, SLIDING, WHOLE_DAY, ONE_MINUTE = "calendar second", "sliding second", "day", "minute"


class Alarm(NamedTuple):
    """One row of the table of alarms; stamps are microseconds since 1970, exchange time."""

    rule: str
    window: str
    day: int  # days since 1970
    time: int  # when the threshold was met
    until: int  # the last event above it
    by: str  # account or controller
    who: str
    value: float  # the most there was
    threshold: float
    evidence: str


def clock(time: int) -> str:
    """A stamp's time of day, to the millisecond, or the microsecond where it has one."""
    text = datetime.fromtimestamp(time % DAY / 1e6, UTC).strftime("%H:%M:%S.") + f"{time % 1_000_000:06d}"
    return text.removesuffix("000") if time % 1000 == 0 else text


def date(day: int) -> str:
    """A day as YYYY-MM-DD."""
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


def stamp(time: int) -> str:
    """A stamp as YYYY-MM-DD HH:MM:SS.mmm."""
    return f"{date(time // DAY)} {clock(time)}"


def frame(alarms: Iterable[Alarm]) -> pd.DataFrame:
    """The table [alarm, column] by time; the order does not depend on how the stream was cut."""
    rows = sorted(alarms, key=lambda a: (a.day, a.time, a.rule, a.window, a.by, a.who, a.until))
    table = pd.DataFrame(rows, columns=list(Alarm._fields))
    for name in ("time", "until"):
        table[name] = [stamp(int(time)) for time in table[name]]
    table["day"] = [date(int(day)) for day in table["day"]]
    return table
