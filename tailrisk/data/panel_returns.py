"""Days without trade and returns of a panel: as given, or the closes' own without splits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .reading import Reading

Array = NDArray[np.float64]

SLACK = 0.006
"""A return this much beyond the price limit is rounding of a cheap stock; more is a corporate action."""


def suspended(wide: dict[str, Array]) -> NDArray[np.bool_]:
    """[day, stock] closes that only repeat the last one because the stock did not trade.

    It is said to be paused, or its close is unchanged and its amount, volume or turnover is zero; a blank
    amount is zero where the stock has them on other days, and most stocks on that day.
    """
    close, amount = wide["close"], wide["amount"]
    nothing = amount == 0
    for name in ("volume", "turnover"):
        nothing |= wide.get(name, np.full_like(close, np.nan)) == 0
    priced, known = np.isfinite(close), np.isfinite(amount)
    by_stock = known.sum(axis=0) > 0.1 * priced.sum(axis=0)
    by_day = known.sum(axis=1, keepdims=True) > 0.5 * (priced & by_stock).sum(axis=1, keepdims=True)
    nothing |= ~known & by_stock & by_day
    same = np.zeros(close.shape, bool)
    same[1:] = close[1:] == filled(close)[:-1]
    return np.isfinite(close) & ((same & nothing) | (wide.get("paused", np.zeros_like(close)) > 0))


def filled(matrix: Array, *, back: bool = False) -> Array:
    """The last known value down the days of a matrix [day, stock].

    back: days before the first one get the first.
    """
    frame = pd.DataFrame(matrix).ffill()
    return (frame.bfill() if back else frame).to_numpy()


def price_limit(ids: Sequence[str]) -> Array:
    """[stock] 20 % for ChiNext (30xxxx) and STAR (68xxxx), 10 % for the main boards."""
    return np.array([0.20 if code[:2] in ("30", "68") else 0.10 for code in ids])


def adjusted(close: Array, cap: Array, given: Array, limit: Array) -> Array:
    """Returns [day, stock] as given; else the closes' own, or where beyond the price limit, that of the cap.

    close, cap, given [day, stock], limit [stock]. A raw move beyond the limit is a bonus issue or a split,
    which leaves the cap alone; where the cap moved too far as well the return is unknown.
    """
    limit = limit + SLACK
    returns = np.full_like(close, np.nan)
    with np.errstate(invalid="ignore"):
        raw, whole = close[1:] / filled(close)[:-1] - 1, cap[1:] / cap[:-1] - 1
        own = np.where(np.abs(raw) <= limit, raw, np.where(np.abs(whole) <= limit, whole, np.nan))
    returns[1:] = np.where(np.isfinite(given[1:]), given[1:], own)
    returns[~np.isfinite(close)] = np.nan
    return returns


def unsplit(close: Array, outstanding: Array, given: Array, reading: Reading) -> Array:
    """Returns [day, stock] as given; else the closes' own, times the shares' change where it was a split.

    close, shares outstanding, given [day, stock]. Without price limits a split is known by its shares: they
    change by more than a fifth, and with them the close moves less than alone. Dividends are in `given` or
    nowhere.
    """
    returns = np.full_like(close, np.nan)
    with np.errstate(invalid="ignore"):
        raw = close[1:] / filled(close)[:-1] - 1
        more = outstanding[1:] / outstanding[:-1]
        whole = (1 + raw) * more - 1
        split = (np.abs(np.log(more)) > np.log(1.2)) & (np.abs(whole) < np.abs(raw))
    own = ~np.isfinite(given[1:]) & np.isfinite(raw)
    returns[1:] = np.where(np.isfinite(given[1:]), given[1:], np.where(split, whole, raw))
    returns[~np.isfinite(close)] = np.nan
    if (split & own).any():
        reading.notes.append(f"{(split & own).sum():,} closes after a split, known by their shares")
    if own.any():
        reading.odd.append("returns are those of the closes, without dividends: a column `return` has them")
    return returns
