"""Random streams: the monitor says what the slow twin says, whatever the chunks."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrisk.surveillance.events import Registers
from tailrisk.surveillance.rules import SECOND, Clock, Futures, Rules, Stock

from . import plain
from .streams import NOW, stream, watched

gaps = st.lists(
    st.sampled_from([0, 0, 1, 1, 50, 250, 499, 500, 999, 1000, 1001, 2500]), min_size=1, max_size=80
)
RULES = Rules(
    clock=NOW,
    stock=Stock(second=3, day=6),
    futures=Futures(orders=2, times=2),
    burst=None,
    cancels=None,
    moves=None,
    trades=None,
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[int], list[str], int]:
    stamps = np.cumsum(draw(gaps))
    names = draw(st.lists(st.sampled_from("ABC"), min_size=len(stamps), max_size=len(stamps)))
    return [int(t) for t in stamps], names, draw(st.integers(1, 40))


def controlled() -> Registers:
    return Registers(control={"B": "M", "C": "M"}, controlled=True)


@settings(max_examples=150, deadline=None)
@given(streams())
def test_alarms_and_counts_are_the_twin_s(case: tuple[list[int], list[str], int]) -> None:
    stamps, names, chunk = case
    events, registers = stream(stamps, names, controlled())
    seen, refused = watched(events, registers, RULES, chunk)
    assert not refused
    times = [int(t) for t in events.time]
    for by, who in (("account", names), ("controller", ["A" if n == "A" else "M" for n in names])):
        rows = list(zip(times, who, strict=True))
        of = seen.alarms[seen.alarms["by"] == by]
        mine = {name for name in who if by == "account" or name == "M"}
        check_seconds(of, [row for row in rows if row[1] in mine])
        check_counts(seen.counts[seen.counts["by"] == by], rows)


def check_seconds(alarms: pd.DataFrame, rows: list[plain.Row]) -> None:
    seconds = alarms[alarms["rule"] == "stock.second"]
    calendar = seconds[seconds["window"] == "calendar second"]
    wanted = [(name, count) for name, _, count in plain.calendar_alarms(rows, 3)]
    assert sorted(zip(calendar["who"], calendar["value"], strict=True)) == sorted(wanted)
    sliding = seconds[seconds["window"] == "sliding second"]
    micro = [tuple(stamp(t) for t in pair) for pair in zip(sliding["time"], sliding["until"], strict=True)]
    got = [
        (who, *pair, value) for who, pair, value in zip(sliding["who"], micro, sliding["value"], strict=True)
    ]
    assert sorted(got) == plain.sliding_alarms(rows, 3)
    days = alarms[alarms["rule"] == "stock.day"]
    assert set(days["who"]) == {name for name, times in plain.by_name(rows).items() if len(times) >= 6}
    for name, time in zip(days["who"], days["time"], strict=True):
        assert stamp(time) == plain.by_name(rows)[name][5]


def check_counts(counts: pd.DataFrame, rows: list[plain.Row]) -> None:
    table = counts.set_index("who")
    for name, (calendar, sliding) in plain.busiest(rows).items():
        assert table.loc[name, "most_in_calendar_second"] == calendar
        assert table.loc[name, "most_in_sliding_second"] == sliding
        times = plain.by_name(rows)[name]
        tens = sum(1 for one, _, _ in plain.calendar_alarms(rows, 2) if one == name)
        assert table.loc[name, "calendar_seconds_of_futures"] == tens
        assert table.loc[name, "sliding_seconds_of_futures"] == plain.disjoint(times, 2)


def stamp(text: str) -> int:
    return pd.Timestamp(text).value // 1000


@settings(max_examples=60, deadline=None)
@given(streams(), st.lists(st.integers(0, 300), min_size=80, max_size=80))
def test_rows_late_within_the_tolerance_change_nothing(
    case: tuple[list[int], list[str], int], late: list[int]
) -> None:
    stamps, names, chunk = case
    ordered, registers = stream(stamps, names, controlled())
    shown = np.array(stamps) + np.array(late[: len(stamps)])
    place = np.argsort(shown, kind="stable")
    tolerant = Rules(**{**vars(RULES), "clock": Clock(tolerance=0.3)})
    mixed, again = stream([stamps[k] for k in place], [names[k] for k in place], controlled())
    seen, refused = watched(mixed, again, tolerant, chunk)
    wanted, _ = watched(ordered, registers, RULES)
    assert not refused
    pd.testing.assert_frame_equal(seen.alarms, wanted.alarms)
    pd.testing.assert_frame_equal(seen.counts, wanted.counts)


def test_the_twin_is_right_where_it_can_be_seen() -> None:
    rows = [(k * SECOND // 2, "A") for k in range(4)]
    assert plain.calendar_alarms(rows, 2) == [("A", 0, 2), ("A", 1, 2)]
    assert plain.sliding_alarms(rows, 2) == [("A", SECOND // 2, 3 * SECOND // 2, 2)]
    assert plain.disjoint([t for t, _ in rows], 2) == 2
