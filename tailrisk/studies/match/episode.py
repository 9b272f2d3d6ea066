"""An episode on record: what the market did, and what the state is thought to have bought.

From daily closes of the indices, closes of the futures by contract and turnover of ETFs. The state's
purchases of a bucket are the turnover of its ETFs above their normal, scaled to the totals of the terms over
the episode: turnover is an upper bound on what one buyer bought and a fair guess at his days (mechanism 3.6
and 4.3, M).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ...calibrate.ladder import Array
from ...core import calendar
from ...core.errors import InputError
from ...core.names import Names, home
from ...data.contracts import Contracts, read_contracts
from ...data.prices import read_prices
from ...data.turnover import read_turnover
from ...market import expiry
from .config import State, Terms

NORMAL, LEAST = 60, 20
"""Days before the episode whose median is a fund's normal turnover, and the fewest of them."""


@dataclass(frozen=True)
class Files:
    """Where the record is, and what may be odd about it."""

    indices: Path
    futures: Path
    etfs: Path | None = None  # needed where the terms say what the state bought
    accept: tuple[str, ...] = ()  # what may be odd about them, of data.daily.KINDS

    def paths(self) -> dict[str, Path]:
        """The files by what is in them."""
        found = {"indices": self.indices, "futures": self.futures}
        return found if self.etfs is None else found | {"etfs": self.etfs}


@dataclass(frozen=True)
class Episode:
    """Arrays by trading day."""

    days: tuple[str, ...]
    returns: Array  # [day, bucket]  simple
    purchases: Array  # [day, bucket]  by the state, billions
    basis: dict[str, Array]  # [day] by contract such as IM2403: F / S - 1, NaN where it did not trade

    def at(self, day: str) -> int:
        """The number of a day. Raises InputError for one that is not on record."""
        if day not in self.days:
            raise InputError(
                "match", f"{day} is not a trading day of the record", f"{self.days[0]} to {self.days[-1]}"
            )
        return self.days.index(day)


def read_episode(files: Files, terms: Terms, names: Names | None = None) -> Episode:
    """The record of the terms' days, of a market's buckets and futures, by default the home market's.

    Raises InputError for an unusable file, and for an episode that lacks a day or is not finite.
    """
    market = names or home()
    buckets = list(market.buckets)
    closes = read_prices(files.indices, names=market, accept=files.accept)
    missing = [bucket for bucket in buckets if bucket not in closes.columns]
    if missing:
        raise InputError(str(files.indices), f"no closes of {', '.join(missing)}", ", ".join(buckets))
    simple = closes[buckets].pct_change(fill_method=None).loc[terms.first : terms.last]
    days = pd.DatetimeIndex(simple.index)
    complete(str(files.indices), days, terms.first, terms.last, market.calendar)
    if simple.isna().any(axis=None):
        row, column = np.argwhere(simple.isna().to_numpy())[0].tolist()
        problem = f"no return of {buckets[column]} on {days[row].date()}"
        raise InputError(
            str(files.indices), problem, "a close of every bucket on every day and the day before"
        )
    traded = read_contracts(files.futures, spot=True, accept=files.accept, names=market)
    return Episode(
        days=tuple(day.strftime("%Y-%m-%d") for day in days),
        returns=simple.to_numpy(float),
        purchases=_purchases(files, terms.state, days, market),
        basis={name: _basis(traded, name, days, market.calendar) for name in terms.contracts},
    )


def complete(place: str, days: pd.DatetimeIndex, first: str, last: str, exchange: str) -> None:
    """Refuse an episode that lacks sessions of the exchange between its ends."""
    begin, end = np.datetime64(first, "D"), np.datetime64(last, "D")
    sessions = calendar.sessions(exchange)
    wanted = sessions[(sessions >= begin) & (sessions <= end)]
    absent = np.setdiff1d(wanted, days.to_numpy().astype("M8[D]"))
    if len(absent) or len(wanted) < 2:
        problem = f"lacks {len(absent)} of {len(wanted)} days from {first} to {last}"
        problem += f", first {absent[0]}" if len(absent) else ""
        raise InputError(
            place, problem, "at least two days, and every session between the first and the last"
        )


def _purchases(files: Files, state: State | None, days: pd.DatetimeIndex, names: Names) -> Array:
    """What the state bought [day, bucket], billions; nothing where the terms do not say."""
    bought, path = np.zeros((len(days), len(names.buckets))), files.etfs
    if state is None:
        return bought
    if path is None:
        raise InputError("--etfs", "no file, and the episode says what the state bought", "turnover of ETFs")
    wide = read_turnover(path, files.accept)
    before = wide.loc[: days[0] - pd.Timedelta(days=1)].tail(NORMAL)
    for bucket, codes in state.funds.items():
        for code in codes:
            bought[:, names.bucket(bucket)] += _extra(path, wide, before, code, days)
    groups = [([names.bucket(name)], name, whole) for name, whole in state.bought.items()]
    if state.rest:
        others = [b for b, name in enumerate(names.buckets) if name not in state.bought]
        groups.append((others, "the other buckets", state.rest))
    for places, name, whole in groups:
        total = bought[:, places].sum()
        if not total > 0:
            problem = f"turnover of the funds on {name} is never above its normal"
            raise InputError(str(path), problem, "an episode in which the state bought")
        bought[:, places] *= whole / total
    return bought


def _extra(path: Path, wide: pd.DataFrame, before: pd.DataFrame, code: str, days: pd.DatetimeIndex) -> Array:
    """Turnover of a fund above its normal [day]. Raises InputError where there is none of it."""
    known = before[code].dropna() if code in wide.columns else pd.Series([], dtype=float)
    if len(known) < LEAST:
        problem = f"{len(known)} days of turnover of {code} before {days[0].date()}"
        raise InputError(str(path), problem, f"at least {LEAST} of the {NORMAL} before")
    during = wide[code].reindex(days)
    if during.isna().any():
        absent = during.index[during.isna()]
        problem = f"no turnover of {code} on {len(absent)} of {len(days)} days, first {absent[0].date()}"
        raise InputError(str(path), problem, "every day of the episode")
    return (during - float(np.median(known.to_numpy(float)))).clip(lower=0).to_numpy(float)


def _basis(traded: Contracts, contract: str, days: pd.DatetimeIndex, exchange: str) -> Array:
    """F / S - 1 [day], NaN before the contract was listed and after its last day.

    Raises InputError for a day between on which the contract or its index has no close.
    """
    assert traded.spot is not None
    if contract not in traded.close.columns:
        raise InputError(traded.path, f"no contract {contract}", "closes of it and of its index")
    close, spot = traded.close[contract], traded.spot[contract]
    month = np.datetime64(f"20{contract[-4:-2]}-{contract[-2:]}", "M")
    end = pd.Timestamp(str(expiry.last_day(np.asarray(month), calendar.closed(exchange))))
    first = pd.DatetimeIndex(close.dropna().index)[0]
    listed = days[(days >= first) & (days <= end)]
    basis = (close / spot - 1.0).reindex(days)
    absent = listed[basis.reindex(listed).isna()]
    if len(absent) or not len(listed):
        which = [*absent, days[0]][0].date()
        problem = f"no basis of {contract} on {len(absent)} of {len(listed)} days, first {which}"
        raise InputError(traded.path, problem, "a close of it and of its index on every day it was listed")
    return np.asarray(basis, float)
