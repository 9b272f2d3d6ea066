"""The trading days of an exchange, from the calendars of exchange_calendars.

A calendar knows sessions to the last year the exchange has announced. It is read when first asked for
(exchange_calendars imports pandas), never at import.
"""

import warnings
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

YEAR = 242
"""Trading days, for rates per year and volatilities (mechanism 5.0)."""

CHINA = "XSHG"
"""Shanghai and Shenzhen, which trade on the same days."""
FIRST = {CHINA: "1990-12-19"}
"""Exchange -> its first session; of others days since OTHERS are known."""
OTHERS = "1950-01-03"

Dates = NDArray[np.datetime64]


@cache
def _known(exchange: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # exchange_calendars 4.13 uses what pandas 3 gives up; none of it is ours
        import exchange_calendars

        try:
            return exchange_calendars.get_calendar(exchange, start=FIRST.get(exchange, OTHERS))
        except exchange_calendars.errors.InvalidCalendarName:
            allowed = "an exchange of exchange_calendars, such as XSHG or XNYS"
            raise InputError("calendar", repr(exchange), allowed) from None


@cache
def sessions(exchange: str = CHINA) -> Dates:
    """Every session [day], the first to the last that the calendar knows. InputError: no such exchange."""
    days = _known(exchange).sessions.to_numpy().astype("M8[D]")
    days.setflags(write=False)
    return np.asarray(days)


@cache
def zone(exchange: str = CHINA) -> str:
    """The time zone of an exchange, such as Asia/Shanghai. InputError: no such exchange."""
    return str(_known(exchange).tz)


@cache
def closed(exchange: str = CHINA) -> Dates:
    """Weekdays between the first session and the last on which the exchange was closed [day].

    InputError: no such exchange.
    """
    days = sessions(exchange)
    every = np.arange(days[0], days[-1] + np.timedelta64(1, "D"))
    shut = np.setdiff1d(every[np.is_busday(every)], days)
    shut.setflags(write=False)
    return shut


def first_session(exchange: str = CHINA) -> date:
    """The first session that the calendar knows. InputError: no such exchange."""
    return date.fromisoformat(str(sessions(exchange)[0]))


def last_session(exchange: str = CHINA) -> date:
    """The last session that the calendar knows. InputError: no such exchange."""
    return date.fromisoformat(str(sessions(exchange)[-1]))


def beyond(more: Sequence[str] | Dates = (), exchange: str = CHINA) -> Dates:
    """`closed`, and what `more` lists of the weekdays after the calendar's last session [day].

    InputError: no such exchange.
    """
    said = np.asarray(more, "M8[D]")
    return np.union1d(closed(exchange), said[said > sessions(exchange)[-1]])


def problem(day: date, more: Sequence[str] | Dates = (), exchange: str = CHINA) -> tuple[str, str]:
    """What is wrong with a day that should be a session, and what to try instead; both empty if nothing is.

    After the calendar's last session a weekday passes only up to the last year of which `more` lists closed
    days.
    """
    days, wanted = sessions(exchange), np.datetime64(day, "D")
    if wanted < days[0]:
        return f"{day} is before the exchange's first session", f"the first session is {days[0]}"
    if wanted > days[-1]:
        known = np.asarray(more, "M8[D]")
        if not (known.size and known.max().astype("M8[Y]") >= wanted.astype("M8[Y]")):
            why = f"{day} is after {days[-1]}, the last session the exchange calendar knows"
            return why, "a newer exchange_calendars, or state the closed days after it in calendar.holidays"
    shut = beyond(more, exchange)
    if np.is_busday(wanted, holidays=shut):
        return "", ""
    after = np.busday_offset(wanted, 0, roll="forward", holidays=shut)
    kind = "a holiday" if np.is_busday(wanted) else f"a {day:%A}"
    return f"{day} is {kind}: the exchange is closed", f"the next session is {after}"


def require(place: str, day: date, more: Sequence[str] | Dates = (), exchange: str = CHINA) -> None:
    """Refuse a day that is no session, with the next one in the hint. Raises InputError."""
    wrong, hint = problem(day, more, exchange)
    if wrong:
        allowed = f"a session, {first_session(exchange)} to {last_session(exchange)}"
        raise InputError(place, wrong, allowed, hint)
