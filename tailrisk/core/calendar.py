"""The trading days of Shanghai and Shenzhen, from the exchange calendar XSHG of exchange_calendars.

The calendar knows sessions from 1990-12-19 to the last year the exchange has announced. It is read when first
asked for (exchange_calendars imports pandas), never at import.
"""

import warnings
from collections.abc import Sequence
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

YEAR = 242
"""Trading days, for rates per year and volatilities (mechanism 5.0)."""

FIRST = "1990-12-19"
"""The first session of Shanghai."""

Dates = NDArray[np.datetime64]


@cache
def sessions() -> Dates:
    """Every session [day], the first to the last that the calendar knows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exchange_calendars 4.13 uses what pandas 3 gives up; none of it is ours
        from exchange_calendars import get_calendar

        days = get_calendar("XSHG", start=FIRST).sessions.to_numpy().astype("M8[D]")
    days.setflags(write=False)
    return np.asarray(days)


@cache
def closed() -> Dates:
    """Weekdays between the first session and the last on which the exchange was closed [day]."""
    days = sessions()
    every = np.arange(days[0], days[-1] + np.timedelta64(1, "D"))
    shut = np.setdiff1d(every[np.is_busday(every)], days)
    shut.setflags(write=False)
    return shut


def last_session() -> date:
    """The last session that the calendar knows."""
    return date.fromisoformat(str(sessions()[-1]))


def beyond(more: Sequence[str] | Dates = ()) -> Dates:
    """`closed`, and what `more` says of the weekdays after the calendar's last session [day]."""
    said = np.asarray(more, "M8[D]")
    return np.union1d(closed(), said[said > sessions()[-1]])


def problem(day: date, more: Sequence[str] | Dates = ()) -> tuple[str, str]:
    """What is wrong with a day that should be a session, and what to try instead; both empty if nothing is.

    After the calendar's last session a weekday passes only up to the last year of which `more` lists closed
    days.
    """
    days, wanted = sessions(), np.datetime64(day, "D")
    if wanted < days[0]:
        return f"{day} is before the exchange's first session", f"the first session is {days[0]}"
    if wanted > days[-1]:
        known = np.asarray(more, "M8[D]")
        if not (known.size and known.max().astype("M8[Y]") >= wanted.astype("M8[Y]")):
            why = f"{day} is after {days[-1]}, the last session the exchange calendar knows"
            return why, "a newer exchange_calendars, or state the closed days after it in calendar.holidays"
    shut = beyond(more)
    if np.is_busday(wanted, holidays=shut):
        return "", ""
    after = np.busday_offset(wanted, 0, roll="forward", holidays=shut)
    kind = "a holiday" if np.is_busday(wanted) else f"a {day:%A}"
    return f"{day} is {kind}: the exchange is closed", f"the next session is {after}"


def require(place: str, day: date, more: Sequence[str] | Dates = ()) -> None:
    """Refuse a day that is no session, with the next one in the hint. Raises InputError."""
    wrong, hint = problem(day, more)
    if wrong:
        raise InputError(place, wrong, f"a session, {FIRST} to {last_session()}", hint)
