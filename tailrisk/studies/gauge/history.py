"""Real weeks: what could be seen at each one's last close, and the falls that came."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...calibrate.futures import listed, read_futures
from ...calibrate.regimes import Regimes
from ...core.errors import InputError
from ...core.names import Names
from ...data.prices import read_prices
from .seen import BACK, ROLES, features, routs
from .state import stress

Array = np.ndarray[Any, np.dtype[Any]]
MONTH = 30.0
"""Calendar days to expiry at which a discount is read."""
NEAREST = 4.0
"""Calendar days to expiry below which a contract says nothing of a year."""
APART = 20
"""Trading days between two falls that are counted as two."""


@dataclass(frozen=True)
class Weeks:
    """Weeks by their last close."""

    days: pd.DatetimeIndex  # [week]
    values: Array  # [week, feature]  nan where futures are missing
    came: Array  # [week]  whether a rout followed
    complete: Array  # [week]  whether all the days it looks ahead are there
    spells: pd.DataFrame  # [spell]  first day of the fall, its last, its depth


def weeks(
    names: Names,
    law: Regimes,
    closes: Path,
    futures: Sequence[Path],
    future: str,
    *,
    ahead: int,
    over: int,
    fall: float,
    mild: float,
) -> Weeks:
    """The weeks of a file of closes, with the discount of `future` where files of its contracts are given.

    mild: fall within `over` days that counts as a spell. InputError: a role without closes, too few days,
    what the readers refuse.
    """
    prices = _prices(closes, names, 2 * BACK + ahead)
    every = prices.reindex(columns=list(names.buckets)).to_numpy(np.float64)
    returns, days = every[1:] / every[:-1] - 1, pd.DatetimeIndex(prices.index[1:])
    at = last_of_weeks(days)
    at = at[at >= BACK]
    own = returns[None, :, [names.bucket(names.played(role)) for role in ROLES]]
    discount = np.full(len(days), np.nan)
    if futures:
        spot = prices[names.buckets[names.underlying[names.future(future)]]].iloc[1:]
        discount = discounts(together(futures, names), future, spot, names)
    return Weeks(
        days=days[at],
        values=features(own, stress(law, returns[None]), discount[None], list(at))[0],
        came=routs(own[:, :, -1], list(at[at + ahead < len(days)]), ahead=ahead, over=over, fall=fall)[0],
        complete=at + ahead < len(days),
        spells=spells(own[0, :, -1], days, over, mild),
    )


def _prices(closes: Path, names: Names, least: int) -> pd.DataFrame:
    """Closes on the days that have every role's bucket."""
    prices = read_prices(closes, names=names)
    wanted = [names.played(role) for role in ROLES]
    missing = [name for name in wanted if name not in prices]
    if missing:
        raise InputError(str(closes), f"no closes of {', '.join(missing)}", ", ".join(wanted))
    whole = prices[prices[wanted].notna().all(axis=1)]
    if len(whole) < least:
        raise InputError(str(closes), f"{len(whole)} days with every bucket", f"{least} or more")
    return whole


def last_of_weeks(days: pd.DatetimeIndex) -> Any:
    """Places of the last day of every calendar week [week]."""
    week = days.to_period("W").asi8
    return np.flatnonzero(np.append(week[1:] != week[:-1], True))


def together(files: Sequence[Path], names: Names) -> pd.DataFrame:
    """Closes by contract of several files, a day of two taken from the first."""
    whole = read_futures(files[0], names=names)
    for path in files[1:]:
        whole = whole.combine_first(read_futures(path, names=names))
    return whole


def discounts(closes: pd.DataFrame, future: str, spot: "pd.Series[float]", names: Names) -> Array:
    """Annualised discount at `MONTH` days [day], positive below spot; nan on days without two closes.

    d = -(F / S - 1) 365 / MONTH, log F / S straight between the contracts on both sides of MONTH days, or the
    nearest contract's annual rate where all are on one; contracts within `NEAREST` days of their end are out.
    """
    last = listed(closes, future, "all", names)
    table = closes[list(last)].reindex(spot.index).to_numpy(np.float64)
    left = np.array(list(last.values())) - spot.index.to_numpy().astype("M8[D]")[:, None]
    left = left.astype("m8[D]").astype(np.float64)
    basis = np.log(table / spot.to_numpy(np.float64)[:, None])
    found = np.full(len(spot), np.nan)
    for day in range(len(spot)):
        use = np.isfinite(basis[day]) & (left[day] > NEAREST)
        if use.any():
            at, value = left[day][use], basis[day][use]
            inside = at.min() <= MONTH <= at.max()
            near = int(np.argmin(np.abs(at - MONTH)))
            month = np.interp(MONTH, at, value) if inside else value[near] * MONTH / at[near]
            found[day] = -np.expm1(month) * 365 / MONTH
    return found


def spells(micro: Array, days: pd.DatetimeIndex, over: int, fall: float) -> pd.DataFrame:
    """Falls of so much within `over` days: before, the last close before it; trough; depth, each a spell.

    Days that fall by so much within APART trading days of one another are one spell.
    """
    wealth = np.append(0.0, np.cumsum(np.log1p(micro)))
    moved = np.expm1(wealth[over:] - wealth[:-over])  # ends on day k + over - 1
    marked = np.flatnonzero(moved <= -fall)
    rows = []
    for run in np.split(marked, np.flatnonzero(np.diff(marked) > APART) + 1):
        if len(run):
            low = int(run[np.argmin(moved[run])])
            rows.append({"begins": days[int(run[0])], "trough": days[low + over - 1], "fall": moved[low]})
    return pd.DataFrame(rows, columns=["begins", "trough", "fall"])


def before(weeks: Weeks, begins: Any) -> int:
    """Place of the last week whose close is before a day; -1 where there is none."""
    return int(np.searchsorted(weeks.days, begins)) - 1
