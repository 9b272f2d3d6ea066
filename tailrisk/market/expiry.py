"""Which index-future contracts are listed on a day, how far they are from expiry, and which one is held.

CFFEX: the last trading day is the third Friday of the month, or the next trading day when that is a
holiday; listed are this month, the next, and quarter months after it (mechanism 3.3). Runs on the host.
Holidays are given: those of core.calendar, where an expiry after the calendar's end is its third Friday.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import struct
from ..core.arrays import placed
from ..core.units import Count, Ratio

FRONT, NEXT, QUARTER = 0, 1, 2
"""The three slots: nearest expiry, the month after, and the first quarter month after that."""

DAILY_LIMIT, LAST_DAY_LIMIT = 0.10, 0.20

Dates = NDArray[np.datetime64]
MONTH = np.timedelta64(1, "M")


@struct
class Contracts:
    """The listed contracts on one day, or, with a leading [day] axis, on each day of a run."""

    days: Ratio  # [maturity]  calendar days from today's close to expiry
    before: Ratio  # [maturity]  the same contract's, from the previous trading day's close
    origin: Count  # [maturity]  slot of the same contract on the previous day; -1 if it had none
    limit: Ratio  # [maturity]  daily price limit, of the prior settlement
    held: Ratio  # [maturity]  one for the contract a hedger holds today, else zero


@dataclass(frozen=True)
class Schedule:
    """A run's days with the contracts listed on each."""

    dates: Dates  # [day]
    months: Dates  # [day, maturity]  delivery month
    contracts: Contracts  # [day, maturity]


def last_day(month: Dates, holidays: Sequence[str] | Dates = ()) -> Dates:
    """Last trading day of the contract of a month: the third Friday, or the first trading day after it."""
    third = np.busday_offset(np.asarray(month, "M8[M]").astype("M8[D]"), 2, roll="forward", weekmask="Fri")
    return np.asarray(np.busday_offset(third, 0, roll="forward", holidays=_days(holidays)))


def listed(day: np.datetime64, holidays: Sequence[str] | Dates = ()) -> Dates:
    """Delivery months in the three slots on a day; on its last trading day a contract is still listed."""
    month = np.asarray(day).astype("M8[M]")
    front = month if last_day(month, holidays) >= day else month + MONTH
    quarter = front + 2 * MONTH
    while int(quarter.astype(int)) % 3 != 2:  # months since January 1970; March is 2
        quarter = quarter + MONTH
    return np.array([front, front + MONTH, quarter])


def schedule(first: str, days: int, holidays: Sequence[str] | Dates, roll: int) -> Schedule:
    """The contracts of `days` trading days from `first`, the front one held until `roll` days before expiry.

    A hedger earns the front contract's return up to the close `roll` trading days before its last day, and
    the next contract's from then on; `roll` zero holds it to expiry. Weekdays outside `holidays` trade.
    """
    closed = _days(holidays)
    dates = np.busday_offset(np.datetime64(first, "D"), np.arange(days), roll="forward", holidays=closed)
    eve = np.busday_offset(dates[0], -1, roll="forward", holidays=closed)
    months = np.stack([listed(day, closed) for day in (eve, *dates)])
    last = last_day(months[1:], closed)
    dated = dates[:, None]
    previous = np.concatenate([[eve], dates[:-1]])[:, None]
    rolled = np.busday_count(dates, last[:, FRONT], holidays=closed) < roll
    contracts = Contracts(
        days=placed(last - dated, float),
        before=placed(last - previous, float),
        origin=placed(_origin(months), np.int32),
        limit=placed(np.where(last == dated, LAST_DAY_LIMIT, DAILY_LIMIT), float),
        held=placed(np.stack([~rolled, rolled, np.zeros_like(rolled)], axis=1), float),
    )
    return Schedule(dates=dates, months=months[1:], contracts=contracts)


def _origin(months: Dates) -> NDArray[np.int32]:
    same = months[1:, :, None] == months[:-1, None, :]
    return np.where(same.any(axis=2), same.argmax(axis=2), -1).astype(np.int32)


def _days(holidays: Sequence[str] | Dates) -> Dates:
    return np.asarray(holidays, "M8[D]")
