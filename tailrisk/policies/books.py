"""The books that the policies of February 2024 went to.

    style box      w = b + s (h - b), s = min(1, bound / |x (h - b)|), x the buckets' size, z-scores   Longqi
    top 1800       the small and the micro bucket to zero, the rest as it was                          Lingjun
    shift          15 points of the book from these two to the middle one (CSI 500)                    Zhuoshi
    deleverage     half the gross
    hedge with IM  the hedge in the future with the role `discount` alone; who has none sells it against his
                   small ones

h is the book, b its benchmark or, for a hedged book, the indices of its hedge (mechanism 1.3, 4.8, 5.8). The
size z is of the mean log cap of each bucket, caps as the market file has them (of 1 and 2 February 2024),
cap-weighted mean zero (mechanism 4.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.names import Names, home

Array = np.ndarray[Any, np.dtype[np.float64]]
SMALL, REFUGE, FUTURE = ("small", "micro"), "middle", "discount"
"""Roles of the buckets that were left, of the one that was gone to, and of the future that was sold."""


@dataclass(frozen=True)
class Ladder:
    """Where the buckets and futures of the episode stand in a market's arrays."""

    cap: Array  # [bucket]
    stocks: Array  # [bucket]
    small: Array  # [bucket]  whether it was left
    refuge: int
    future: int
    futures: int


def ladder(names: Names | None = None) -> Ladder:
    """The places by role, in the home market or another. Raises InputError without a role, a cap or ranks."""
    market = names or home()
    small = np.zeros(len(market.buckets), bool)
    small[[market.bucket(market.played(role)) for role in SMALL]] = True
    caps, stocks = dict(market.caps), counts(market)
    for name in market.buckets:
        if name not in caps or name not in stocks:
            raise InputError(
                f"market: bucket {name}", "without cap, or ranks or smallest", "both, for its size"
            )
    return Ladder(
        cap=np.array([caps[name] for name in market.buckets]),
        stocks=np.array([stocks[name] for name in market.buckets]),
        small=small,
        refuge=market.bucket(market.played(REFUGE)),
        future=market.future(market.played(FUTURE)),
        futures=len(market.futures),
    )


def counts(market: Names) -> dict[str, int]:
    """Stocks in the index of each bucket that has ranks, or says how many of the smallest it holds."""
    ends = [0, *(last for last, _ in market.last_ranks)]
    known = {name: last - before for (last, name), before in zip(market.last_ranks, ends, strict=False)}
    rest = [name for name in market.buckets if name not in known]
    return known | ({rest[0]: market.smallest} if rest and market.smallest else {})


def size(it: Ladder | None = None) -> Array:
    """Size z-score of each bucket. InputError for a market without roles, caps or ranks, as in `ladder`."""
    it = it or ladder()
    log = np.log(it.cap / it.stocks)
    mean = np.average(log, weights=it.cap)
    spread = np.sqrt(np.average((log - np.average(log, weights=it.stocks)) ** 2, weights=it.stocks))
    return np.asarray((log - mean) / spread)


def style_box(weights: Array, benchmark: Array, bound: float, it: Ladder | None = None) -> Array:
    """Each book drawn toward its benchmark until its active size is within `bound`, a z-score.

    weights, benchmark and result [fund, bucket]: benchmark + min(1, bound / |active size|) (weights -
    benchmark). InputError as in `size`.
    """
    active = np.abs((weights - benchmark) @ size(it))
    keep = np.minimum(1.0, bound / np.maximum(active, 1e-12))
    return np.asarray(benchmark + keep[:, None] * (weights - benchmark))


def top_1800(weights: Array, it: Ladder | None = None) -> Array:
    """Without the small and the micro bucket, pro rata; weights and result [fund, bucket].

    InputError as in `ladder`.
    """
    large = np.where((it or ladder()).small, 0.0, weights)
    return np.asarray(large / large.sum(axis=1, keepdims=True))


def shift(weights: Array, points: float = 0.15, it: Ladder | None = None) -> Array:
    """`points` of the book from the two small buckets, pro rata, to the middle; of weights [fund, bucket].

    InputError as in `ladder`.
    """
    it = it or ladder()
    small = weights[:, it.small].sum(axis=1, keepdims=True)
    moved = np.minimum(points, small)
    after = weights.copy()
    after[:, it.small] *= 1 - moved / np.maximum(small, 1e-12)
    after[:, it.refuge] += moved[:, 0]
    return np.asarray(after)


def hedge_with_im(weights: Array, short: Array, it: Ladder | None = None) -> Array:
    """Futures sold over stock book [fund, future]: all in one; unhedged, its small ones' worth.

    InputError as in `ladder`.
    """
    it = it or ladder()
    total = short.sum(axis=1)
    sold = np.zeros((len(weights), it.futures))
    sold[:, it.future] = np.where(total > 0, total, weights[:, it.small].sum(axis=1))
    return sold


def all_books(
    weights: Array, gross: Array, short: Array, benchmark: Array, bound: float = 0.1
) -> Mapping[str, tuple[Array, Array, Array]]:
    """Policy -> (weights, gross, short over stock book) of every fund.

    weights, benchmark [fund, bucket], gross [fund], short [fund, future]; bound: of active size in the style
    box.
    InputError: the home market lacks a bucket or future of the episode.
    """
    return {
        "style_box": (style_box(weights, benchmark, bound), gross, short),
        "top_1800": (top_1800(weights), gross, short),
        "shift_500": (shift(weights), gross, short),
        "deleverage": (weights, gross / 2, short),
        "hedge_im": (weights, gross, hedge_with_im(weights, short)),
    }
