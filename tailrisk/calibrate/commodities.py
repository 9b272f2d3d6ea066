"""Commodity futures from a file: continuous main contracts, their rolls, and returns that cross none."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.commodities import read_commodities

JUMP = 0.25
"""Rise of log open interest in a day that only another contract brings."""
GAP = 0.01
DEVIATIONS = 6.0
"""An overnight gap beyond both, the second in trailing robust standard deviations, is taken for a roll."""
TRAILING = 20
HOLIDAY = 4
"""Calendar days between two trading days; after a longer break a gap is news."""


@dataclass(frozen=True, kw_only=True)
class Futures:
    """Daily simple returns of continuous futures, NaN where a product did not trade."""

    returns: pd.DataFrame  # [day, product]
    rolled: pd.DataFrame  # [day, product]  the contract changed overnight


def read_futures(path: str | Path, *, rolls: bool = True, accept: Collection[str] = ()) -> Futures:
    """Long table of date, symbol, open, close, hold (open interest); `rolls` False leaves their jumps in.

    `accept` is of data.daily.KINDS. Raises InputError with the row for what is missing, not positive, twice
    or out of order.
    """
    frame = read_commodities(path, accept)
    parts = {str(symbol): _one(part, rolls) for symbol, part in frame.groupby("symbol")}
    return Futures(
        returns=pd.DataFrame({name: part["return"] for name, part in parts.items()}),
        rolled=pd.DataFrame({name: part["rolled"] for name, part in parts.items()}).eq(True),
    )


def _one(day: pd.DataFrame, rolls: bool) -> pd.DataFrame:
    """Returns and rolls of one product on its own trading days.

    r_t = close_t / close_{t-1} - 1, and close_t / open_t - 1 on the day of a roll: a position is carried over
    the roll at the opening, and the gap between two contracts is no gain. A roll is seen by a jump of open
    interest, or by a gap as no night has brought; both from data of the day and before.
    """
    gap = (day["open"] / day["close"].shift()).map(np.log)
    usual = 1.4826 * gap.abs().rolling(TRAILING, min_periods=TRAILING // 2).median().shift()
    odd = (gap.abs() > GAP) & (gap.abs() > DEVIATIONS * usual)
    break_ = pd.Series(day.index, day.index).diff().dt.days
    rolled = ((day["hold"].map(np.log).diff() > JUMP) | odd) & (break_ <= HOLIDAY)
    whole, inside = day["close"].pct_change(), day["close"] / day["open"] - 1
    return pd.DataFrame({"return": whole.mask(rolled, inside) if rolls else whole, "rolled": rolled})
