"""Daily closes of index futures, and what a hedger who keeps rolling one of them earns.

At each close he holds the first contract whose last trading day is more than `roll` trading days away: of all
months, or of the quarter months alone (mechanism 5.4, 7). With c(t) the contract held after close t,

    return_t = F_t[c(t-1)] / F_{t-1}[c(t-1)] - 1,      basis_t = F_t[c(t)] / S_t - 1
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..core import calendar
from ..core.errors import InputError
from ..core.names import Names, home
from ..data.contracts import read_contracts, symbol
from ..market.expiry import last_day

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Rolled:
    """One future, rolled, on the days of an index."""

    held: tuple[str, ...]  # [day]  symbol after the close
    returns: Array  # [day]  simple; the first is not a number
    basis: Array  # [day]
    annual_basis: Array  # [day]  365 days, no compounding


def read_futures(path: str | Path, accept: Collection[str] = (), names: Names | None = None) -> pd.DataFrame:
    """Closes by date and symbol (IF2402) from a file with columns date, symbol, close.

    Futures that the market of `names`, by default the home market, does not have are left out; `accept` is of
    data.daily.KINDS. Raises InputError with file, row and value.
    """
    return read_contracts(path, accept=accept, names=names).close


def rolled(
    closes: pd.DataFrame,
    future: str,
    spot: "pd.Series[float]",
    months: Literal["quarter", "all"],
    roll: int,
    names: Names | None = None,
) -> Rolled:
    """The rolled future on the days of `spot`. Raises InputError when the contract it wants has no close."""
    market = names or home()
    days, shut = pd.DatetimeIndex(spot.index), calendar.closed(market.calendar)
    last = listed(closes, future, months, market)
    held = []
    for day in days:
        left = [name for name, end in last.items() if np.busday_count(day.date(), end, holidays=shut) > roll]
        if not left:
            raise InputError(f"{future} on {day.date()}", "no contract is left to hold", "later contracts")
        held.append(left[0])
    now = _closes(closes, held, days)
    before = _closes(closes, held[:-1], days[1:])
    level = spot.to_numpy(float)
    basis = now / level - 1
    to_expiry = np.array(
        [(last[name] - np.datetime64(day.date())).astype(int) for name, day in zip(held, days, strict=True)]
    )
    return Rolled(
        held=tuple(held),
        returns=np.concatenate([[np.nan], before / now[:-1] - 1]),
        basis=basis,
        annual_basis=basis * 365 / np.maximum(to_expiry, 1),
    )


def listed(closes: pd.DataFrame, future: str, months: str, names: Names) -> dict[str, np.datetime64]:
    """Last trading day of every contract there is, the nearest first."""
    found, written = {}, symbol(names)
    for name in closes.columns:
        match = written.fullmatch(str(name))
        if match is None or match[2] != future or (months == "quarter" and int(match[4]) % 3):
            continue
        month = np.datetime64(f"20{match[3]}-{match[4]}")
        found[str(name)] = np.datetime64(str(last_day(np.asarray(month), calendar.closed(names.calendar))))
    if not found:
        raise InputError(future, f"no contract of {future}", f"one of {', '.join(names.contracts)}")
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _closes(closes: pd.DataFrame, held: list[str], days: pd.DatetimeIndex) -> Array:
    table = closes.reindex(days)
    values = np.array([table.at[day, name] for day, name in zip(days, held, strict=True)], float)
    if np.isnan(values).any():
        row = int(np.isnan(values).argmax())
        raise InputError(f"{held[row]} on {days[row].date()}", "no close", "a close on every day it is held")
    return values
