"""The exchange's sessions: holidays of years nobody typed, days that are none, and the calendar's end."""

import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import calendar
from tailrisk.core.errors import InputError
from tailrisk.market import expiry

TYPED = [
    "2024-01-01",
    "2024-02-09",
    "2024-02-12",
    "2024-02-13",
    "2024-02-14",
    "2024-02-15",
    "2024-02-16",
    "2024-04-04",
    "2024-04-05",
    "2024-05-01",
    "2024-05-02",
    "2024-05-03",
    "2024-06-10",
    "2024-09-16",
    "2024-09-17",
    "2024-10-01",
    "2024-10-02",
    "2024-10-03",
    "2024-10-04",
    "2024-10-07",
    "2025-01-01",
]
"""Closed weekdays of 2024 as the shipped configs had them, from the exchanges' notice."""


def test_the_closed_days_of_2024_are_those_of_the_exchanges_notice() -> None:
    days = calendar.closed()
    inside = days[(days >= np.datetime64("2024-01-01")) & (days <= np.datetime64("2025-01-01"))]
    assert list(map(str, inside)) == TYPED


@pytest.mark.parametrize("first", ["2024-01-02", "2024-01-15", "2024-06-03"])
def test_a_run_of_2024_has_the_contracts_it_had(first: str) -> None:
    typed, known = (expiry.schedule(first, 120, days, 4) for days in (TYPED, calendar.beyond()))
    np.testing.assert_array_equal(typed.dates, known.dates)
    np.testing.assert_array_equal(typed.months, known.months)
    for name in ("days", "before", "origin", "limit", "held"):
        np.testing.assert_array_equal(getattr(typed.contracts, name), getattr(known.contracts, name))


@pytest.mark.parametrize(
    ("month", "last"),
    [
        ("2010-06", "2010-06-18"),
        ("2015-06", "2015-06-19"),
        ("2018-02", "2018-02-22"),
        ("2026-02", "2026-02-24"),
    ],
)
def test_expiries_move_by_holidays_of_any_year(month: str, last: str) -> None:
    assert str(expiry.last_day(np.datetime64(month), calendar.beyond())) == last


@pytest.mark.parametrize(
    ("day", "wrong", "hint"),
    [
        ("2024-02-04", "a Sunday", "the next session is 2024-02-05"),
        ("2024-02-10", "a Saturday", "the next session is 2024-02-19"),
        ("2024-02-09", "a holiday", "the next session is 2024-02-19"),
        ("2025-10-01", "a holiday", "the next session is 2025-10-09"),
        ("1900-01-01", "before the exchange's first session", "the first session is 1990-12-19"),
        ("9999-12-31", "after", "calendar.holidays"),
    ],
)
def test_a_day_that_is_no_session_is_refused_with_the_next(day: str, wrong: str, hint: str) -> None:
    with pytest.raises(InputError) as refusal:
        calendar.require("first_day", date.fromisoformat(day))
    assert wrong in refusal.value.problem
    assert hint in refusal.value.hint


def test_after_its_end_the_calendar_needs_closed_days_of_that_year() -> None:
    end = calendar.last_session()
    day = end + timedelta(days=5)
    while day.weekday() > 4:
        day += timedelta(days=1)
    assert "the last session" in calendar.problem(day)[0]
    stated = [f"{day.year}-01-01", str(day + timedelta(days=1))]
    assert calendar.problem(day, stated) == ("", "")
    assert "closed" in calendar.problem(day + timedelta(days=1), [*stated, str(day + timedelta(days=1))])[0]
    assert "the last session" in calendar.problem(date(day.year + 1, 6, 1), stated)[0]


def test_the_calendar_is_read_when_asked_for() -> None:
    script = (
        "import sys, tailrisk.core.calendar, tailrisk.market.expiry\n"
        "import tailrisk.config, tailrisk.data.holdings\n"
        "print([m for m in ('exchange_calendars', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.market_data
def test_the_real_closes_are_on_every_session_and_no_other_day(market_data: object) -> None:
    table = pd.read_csv(market_data / "indices_daily.csv", usecols=["date"])  # type: ignore[operator]
    traded = np.unique(table["date"].to_numpy().astype("M8[D]"))
    days = calendar.sessions()
    np.testing.assert_array_equal(traded, days[(days >= traded[0]) & (days <= traded[-1])])
