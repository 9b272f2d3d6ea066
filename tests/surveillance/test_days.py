"""Days: counts begin anew, windows do not reach over, night sessions belong to the next trading day."""

import numpy as np
import pytest

from tailrisk.surveillance.events import CANCEL, Events
from tailrisk.surveillance.monitor import trading_day
from tailrisk.surveillance.rules import DAY, SECOND, Rules, Stock

from .streams import NOW, OPEN, rang, stream, watched

RULES = Rules(clock=NOW, stock=Stock(second=4, day=4), burst=None, cancels=None)
MIDNIGHT = (DAY - OPEN % DAY) // 1000
"""Milliseconds from the open to the end of its day."""


@pytest.mark.parametrize("chunk", [1, 2, 10**6])
def test_nothing_is_carried_over_midnight(chunk: int) -> None:
    split = [MIDNIGHT - 2, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1]
    seen, _ = watched(*stream(split), RULES, chunk)
    assert seen.alarms.empty
    assert list(seen.counts["day"]) == ["2024-02-19", "2024-02-20"]
    assert list(seen.counts["most_in_sliding_second"]) == [2, 2]
    whole = [MIDNIGHT + t for t in range(4)]
    assert len(watched(*stream(whole), RULES, chunk)[0].alarms) == 3


def test_each_day_rings_for_itself() -> None:
    days = [k * DAY // 1000 + 5_000 * j for k in range(3) for j in range(4)]
    seen, _ = watched(*stream(days), RULES)
    assert rang(seen, "stock.day") == [("day", "account", "A")] * 3
    assert list(seen.alarms["day"]) == ["2024-02-19", "2024-02-20", "2024-02-21"]


def at(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("2024-02-22T14:59:59", "2024-02-22"),
        ("2024-02-22T21:00:00", "2024-02-23"),
        ("2024-02-23T01:30:00", "2024-02-23"),
        ("2024-02-23T21:00:00", "2024-02-26"),
        ("2024-02-24T02:00:00", "2024-02-26"),
        ("2024-02-26T09:00:00", "2024-02-26"),
    ],
)
def test_a_night_session_belongs_to_the_next_trading_day(stamp: str, day: str) -> None:
    found = trading_day(np.array([at(stamp)]), 16)
    assert str(found.astype("datetime64[D]")[0]) == day


def test_stocks_have_the_day_of_the_calendar() -> None:
    assert trading_day(np.array([DAY * 3 - 1, DAY * 3, DAY * 3 + 16 * 3600 * SECOND]), 0).tolist() == [
        2,
        3,
        3,
    ]


@pytest.mark.parametrize(("first", "quick"), [(MIDNIGHT - 100, 0), (MIDNIGHT, 1)])
def test_a_cancel_takes_back_no_order_of_the_day_before(first: int, quick: int) -> None:
    events, registers = stream([first, first + 200])
    events.action[1] = CANCEL
    numbered = Events(events.row, events.time, events.account, events.action, order=np.array([7, 7]))
    seen, _ = watched(numbered, registers, Rules(clock=NOW))
    assert seen.counts["quick_cancels"].sum() == quick
