"""Who is in which index: rank rules with buffers, reviewed in June and December; the smallest daily.

CSI's method in outline: rank by average total cap over the year to the end of April or October; new names
enter within 80 % of the places, old ones stay within 120 %; what is left is filled by rank. Its screen on
turnover and its limit of a tenth on changes are left out. The last bucket holds so many of the smallest by
last close as the market's file says (in China micro, 400), or all that no larger index holds.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.names import Names, home
from ..data.panel import Panel
from .universe import OUTSIDE, Array

BUFFER = 0.2
YEAR = 242
FRESH = 60
"""Days of trading before a listing is eligible."""


@dataclass(frozen=True)
class Sizes:
    """Places in each index of the ladder but the last, and in the last; None is all the rest."""

    ladder: tuple[int, ...]
    micro: int | None

    @property
    def all(self) -> int:
        """The least number of stocks that fill every place."""
        return sum(self.ladder) + (self.micro or 1)


def sizes_of(names: Names) -> Sizes:
    """Places in each bucket: as many as it has ranks, in the last where it has none those of the smallest.

    Raises InputError where another bucket than the last has no ranks.
    """
    ends = [last for last, _ in names.last_ranks]
    widths = tuple(int(width) for width in np.diff([0, *ends]))
    ranked = tuple(bucket for _, bucket in names.last_ranks)
    if ranked not in (names.buckets, names.buckets[:-1]):
        raise InputError(
            "market: bucket.ranks", f"of {', '.join(ranked) or 'none'}", "of all but the smallest"
        )
    whole = len(ranked) == len(names.buckets)
    return Sizes(widths[:-1], widths[-1]) if whole else Sizes(widths, names.smallest)


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Members at each close, of use from the next day on."""

    index: NDArray[np.int8]  # [day, stock]  of the ladder but its last bucket; OUTSIDE is in none
    micro: NDArray[np.bool_]  # [day, stock]  in the last
    names: Names = field(default_factory=home)

    @property
    def bucket(self) -> NDArray[np.int8]:
        """[day, stock] the last where it is among the smallest, whatever the last review said."""
        return np.where(self.micro, np.int8(len(self.names.buckets) - 1), self.index)


def membership(panel: Panel, sizes: Sizes | None = None, names: Names | None = None) -> Membership:
    """The indices at every close. Raises InputError when the panel has fewer names than places.

    names: the market's, by default the home market's; sizes: its own where not given.
    """
    market = names or home()
    sizes = sizes or sizes_of(market)
    able = eligible(panel)
    most = int(able.sum(axis=1)[-1])
    if most < sizes.all:
        raise InputError(
            f"panel on {panel.dates[-1].date()}",
            f"{most} stocks listed for {FRESH} days",
            f"at least {sizes.all}, the places of " + ", ".join(market.buckets),
        )
    index = reviewed(panel, able, sizes)
    rest = able & (index == OUTSIDE)
    micro = rest if sizes.micro is None else smallest(panel, able, sizes.micro)
    return Membership(index=index, micro=micro, names=market)


def eligible(panel: Panel) -> NDArray[np.bool_]:
    """[day, stock] traded in the last FRESH days, not fresh, not ST where the panel says so.

    Names of the panel's first day are old; one that has not traded for so long is delisted.
    """
    age = np.cumsum(panel.traded.astype(np.int64), axis=0)
    lately = age.copy()
    lately[FRESH:] -= age[:-FRESH]
    fresh = age + FRESH * panel.traded[0] < FRESH
    able = ~fresh & (lately > 0) & np.isfinite(panel.cap)
    return able if panel.st is None else able & ~panel.st


def smallest(panel: Panel, able: NDArray[np.bool_], places: int) -> NDArray[np.bool_]:
    """[day, stock] the `places` least caps at the close."""
    rank = np.argsort(np.argsort(np.where(able, panel.cap, np.inf), axis=1, kind="stable"), axis=1)
    return (rank < places) & able


def review_days(dates: pd.DatetimeIndex) -> list[tuple[int, int]]:
    """(last day of the ranking, day from which its indices count) of each review, as places in `dates`.

    Ranking ends with April or October; the change is made after the second Friday of June or December. The
    first day of the panel is a review of its own.
    """
    found = [(0, 0)]
    for year in range(dates[0].year, dates[-1].year + 1):
        for month, cut in ((6, 4), (12, 10)):
            friday = pd.Timestamp(year, month, 1) + pd.offsets.WeekOfMonth(week=1, weekday=4)
            end = pd.Timestamp(year, cut, 1) + pd.offsets.MonthEnd()
            last = int(dates.searchsorted(end, side="right")) - 1
            begin = int(dates.searchsorted(friday))  # members at this close count from the next day
            if last > 0 and begin < len(dates):
                found.append((last, begin))
    return found


def reviewed(panel: Panel, able: NDArray[np.bool_], sizes: Sizes) -> NDArray[np.int8]:
    """[day, stock] the ladder but its last bucket, held from review to review."""
    index = np.full(panel.cap.shape, OUTSIDE, np.int8)
    members = np.full(panel.cap.shape[1], OUTSIDE, np.int8)
    for last, begin in review_days(panel.dates):
        window = slice(max(0, last - YEAR + 1), last + 1)
        ranked = np.where(able[last], mean_known(panel.cap[window]), np.nan)
        members = review(ranked, members, sizes)
        index[begin:] = members
    return index


def mean_known(cap: Array) -> Array:
    """[stock] the mean of what is known of [day, stock]; NaN where nothing is."""
    known = np.isfinite(cap)
    with np.errstate(invalid="ignore"):
        return np.where(known, cap, 0.0).sum(axis=0) / known.sum(axis=0)


def review(cap: Array, before: NDArray[np.int8], sizes: Sizes) -> NDArray[np.int8]:
    """New members [stock] by rank of `cap` (NaN is not eligible), from the largest index down.

    In each index the names ranked within 80 % of its places enter, members ranked within 120 % stay, the best
    of the rest fill it; ranks are among the names larger indices have left.
    """
    members = np.full(len(cap), OUTSIDE, np.int8)
    order = np.argsort(-np.where(np.isfinite(cap), cap, -np.inf), kind="stable")
    left = order[np.isfinite(cap[order])]
    for bucket, places in enumerate(sizes.ladder):
        rank = np.arange(len(left))
        first = rank < places * (1 - BUFFER)
        stay = ~first & (rank < places * (1 + BUFFER)) & (before[left] == bucket)
        claim = np.where(first, 0, np.where(stay, 1, 2)) * len(left) + rank
        taken = np.argsort(claim, kind="stable")[:places]
        members[left[taken]] = bucket
        left = np.delete(left, taken)
    return members
