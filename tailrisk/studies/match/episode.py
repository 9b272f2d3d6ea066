"""An episode on record: what the market did, and what the state is thought to have bought.

From daily closes of the indices, closes of the futures by contract and turnover of ETFs. The state's
purchases of a bucket are the turnover of its ETFs above their normal, scaled to the totals of `STATE` over
the episode: turnover is an upper bound on what one buyer bought and a fair guess at his days (mechanism 3.6
and 4.3, M).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ...calibrate.ladder import Array
from ...core.errors import InputError
from ...core.names import BUCKETS
from ...data.prices import read_prices

ETFS = {
    "csi300": ("510300",),
    "csi500": ("510500",),
    "csi1000": ("512100",),
    "csi2000": ("563300", "159531", "562660"),
}
"""Exchange-traded funds whose turnover stands for their bucket's."""
STATE = {"csi300": 311.0, "others": 99.0}
"""Billions of yuan bought from the episode's first day to its last: UBS, 410 to 23 February 2024 (M)."""


@dataclass(frozen=True)
class Files:
    """Where the record is."""

    indices: Path
    futures: Path
    etfs: Path


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


def read_episode(files: Files, first: str, last: str, contracts: tuple[str, ...]) -> Episode:
    """The record from one day to another, both among them. Raises InputError for an unusable file."""
    closes = read_prices(files.indices)
    missing = [bucket for bucket in BUCKETS if bucket not in closes.columns]
    if missing:
        raise InputError(str(files.indices), f"no closes of {', '.join(missing)}", ", ".join(BUCKETS))
    simple = closes[list(BUCKETS)].pct_change(fill_method=None).loc[first:last]
    if len(simple) < 2 or simple.isna().any(axis=None):
        found = f"{len(simple)} days from {first} to {last}, some blank"
        raise InputError(str(files.indices), found, "a close of every bucket on every day and the day before")
    days = tuple(day.strftime("%Y-%m-%d") for day in simple.index)
    return Episode(
        days=days,
        returns=simple.to_numpy(float),
        purchases=_purchases(files.etfs, days),
        basis={name: _basis(files.futures, name, days) for name in contracts},
    )


def _purchases(path: Path, days: tuple[str, ...]) -> Array:
    turnover = _table(path, ("date", "code", "amount"))
    wide = turnover.assign(code=turnover["code"].astype(str).str.zfill(6)).pivot(
        index="date", columns="code", values="amount"
    )
    first = pd.Timestamp(days[0])
    before = wide.loc[: (first - pd.Timedelta(days=1)).strftime("%Y-%m-%d")].tail(60)
    bought = np.zeros((len(days), len(BUCKETS)))
    for bucket, codes in ETFS.items():
        for code in codes:
            if code not in wide.columns or before[code].dropna().empty:
                raise InputError(str(path), f"no turnover of {code} before {days[0]}", "60 days of it")
            extra = (wide[code].reindex(days) - before[code].median()).clip(lower=0).fillna(0.0)
            bought[:, BUCKETS.index(bucket)] += extra.to_numpy(float)
    large = BUCKETS.index("csi300")
    others = [b for b in range(len(BUCKETS)) if b != large]
    bought[:, large] *= STATE["csi300"] / bought[:, large].sum()
    bought[:, others] *= STATE["others"] / bought[:, others].sum()
    return bought


def _basis(path: Path, contract: str, days: tuple[str, ...]) -> Array:
    table = _table(path, ("date", "symbol", "close", "spot_close"))
    one = table[table["symbol"] == contract].set_index("date")
    if one.empty:
        raise InputError(str(path), f"no contract {contract}", "closes of it and of its index")
    return np.asarray((one["close"] / one["spot_close"] - 1.0).reindex(days), float)


def _table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"code": str, "symbol": str})
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"cannot be read ({error})", "a CSV file") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(str(path), f"no column {missing[0]!r}", ", ".join(columns))
    return table.assign(date=table["date"].astype(str))
