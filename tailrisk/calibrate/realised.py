"""The market as it was, day by day, in the form in which products and policies read a simulated one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..core.names import Names
from ..products.market_day import MarketDay

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Quotes:
    """Index futures beside the indices, [day, future], the first day being the eve."""

    returns: Array  # simple, rolls included
    basis: Array
    annual_basis: Array
    rolled: Array  # [day]  one on the close at which the contract was changed


@dataclass(frozen=True)
class Frictions:
    """What could not be traded, by date (YYYY-MM-DD)."""

    limit_down: Mapping[str, Mapping[str, float]]  # share of a bucket's stocks, by bucket
    refused: Mapping[str, float]  # share of sales refused by window guidance
    locked: float  # share of an order in a stock at its limit that still trades


def window(prices: pd.DataFrame, first: str, last: str, names: Names) -> pd.DataFrame:
    """Closes of the market's buckets from the eve of `first` to `last`. Raises InputError where one lacks."""
    start = int(prices.index.searchsorted(pd.Timestamp(first)))
    if start == 0 or start >= len(prices) or prices.index[-1] < pd.Timestamp(last):
        span = f"{prices.index[0].date()} to {prices.index[-1].date()}"
        raise InputError("prices", f"days {span}", f"from before {first} to {last}")
    kept = prices.iloc[start - 1 :].loc[: pd.Timestamp(last)]
    for name in names.buckets:
        if name not in kept or kept[name].isna().any():
            raise InputError("prices", f"no close of {name} on some day from {first} to {last}", "one a day")
    return kept[list(names.buckets)]


def without_basis(closes: pd.DataFrame, level: Mapping[str, Mapping[str, float]], names: Names) -> Quotes:
    """Futures where no contract is on record: the index, at a stated basis.

    level: future -> date -> F / S - 1, drawn straight between the dates and flat beyond them.
    """
    days = closes.index
    basis = np.zeros((len(days), len(names.contracts)))
    for q, name in enumerate(names.contracts):
        stated = level.get(name, {})
        if stated:
            when = pd.to_datetime(list(stated)).to_numpy()
            basis[:, q] = np.interp(
                days.to_numpy().astype("M8[D]").astype(float),
                when.astype("M8[D]").astype(float),
                list(stated.values()),
            )
    index = closes[[bucket for _, bucket in names.futures]].to_numpy()
    price = index * (1 + basis)
    returns = np.vstack([np.full(len(names.contracts), np.nan), price[1:] / price[:-1] - 1])
    return Quotes(returns, basis, basis * 365 / 30, np.zeros(len(days)))


def tape(closes: pd.DataFrame, quotes: Quotes, frictions: Frictions) -> MarketDay:
    """The days after the eve, [day, ..., path] with one path; fees crystallise on the last day of a year.

    closes [day, bucket], a column a bucket by its name, as `window` gives them.
    """
    days = pd.DatetimeIndex(closes.index)
    returns = closes.to_numpy()[1:] / closes.to_numpy()[:-1] - 1
    gaps = np.diff(days.to_numpy().astype("M8[D]")).astype(float)
    fills, refused = _fills(days[1:], frictions, list(closes.columns))
    year = days.year.to_numpy()
    return MarketDay(
        returns=jnp.asarray(returns[:, :, None]),
        futures=jnp.asarray(quotes.returns[1:, :, None]),
        basis=jnp.asarray(quotes.basis[1:, :, None]),
        annual_basis=jnp.asarray(quotes.annual_basis[1:, :, None]),
        sells=jnp.asarray(fills[:, :, None]),
        buys=jnp.ones((*returns.shape, 1)),
        refused=jnp.asarray(refused[:, None]),
        years=jnp.asarray(gaps / 365),
        rolled=jnp.asarray(quotes.rolled[1:]),
        crystallised=jnp.asarray(np.append(year[1:-1] != year[2:], False)),
    )


def _fills(days: pd.DatetimeIndex, frictions: Frictions, buckets: list[str]) -> tuple[Array, Array]:
    """Share of sales that fill [day, bucket] and that is refused [day]."""
    names = [day.date().isoformat() for day in days]
    unknown = [name for name in (*frictions.limit_down, *frictions.refused) if name not in names]
    if unknown:
        raise InputError("frictions", f"{unknown[0]} is not a day of the replay", "trading days of it")
    down = np.array([[frictions.limit_down.get(name, {}).get(b, 0.0) for b in buckets] for name in names])
    return 1 - down * (1 - frictions.locked), np.array([frictions.refused.get(name, 0.0) for name in names])
