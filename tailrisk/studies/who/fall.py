"""What is divided among the actors: falls of buckets and losses of the cohorts' units in a replay.

A window goes from the close before a day to the record's lowest close of a bucket, and for products to that
of the micro-caps. A unit of a cohort: its worth over what was left of it after the morning's redemptions.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ...calibrate.ladder import Array
from ...core import static, struct
from ...core.units import Ratio
from ...crowd import cohorts, redemption
from ...crowd.margin import over
from ...market import limits
from ...simulate.crowd import day as crowd_day
from ...simulate.crowd.replay import Record, walked
from ...simulate.crowd.world import Crowd

ROLES = ("small", "spread", "micro")
"""Of the buckets whose fall is divided, where the market has them."""
PRODUCTS = ("index_enhanced_500", "index_enhanced_1000", "neutral", "dma", "micro_public")
"""Cohorts whose loss is."""


@struct
class Windows:
    """The rows that are divided, as days of a bucket or of a cohort."""

    begin: tuple[int, ...] = static()  # [row]  first day
    end: tuple[int, ...] = static()  # [row]  last day
    bucket: tuple[int, ...] = static()  # [row]  -1 for a product
    cohort: tuple[int, ...] = static()  # [row]  -1 for a bucket


@dataclass(frozen=True)
class Rows:
    """Their names beside them."""

    windows: Windows
    what: tuple[str, ...]  # [row]
    span: tuple[str, ...]  # [row]  first day to last
    labels: tuple[str, ...]  # [row]  of the window: "whole" or "event"

    def at(self, what: str, window: str) -> int:
        """The number of a row."""
        return next(k for k in range(len(self.what)) if (self.what[k], self.labels[k]) == (what, window))


def rows(crowd: Crowd, days: tuple[str, ...], returns: Array, free: int, event: int, end: int) -> Rows:
    """Falls from `free` and from `event` to the low on record up to `end`; returns [day, bucket]."""
    names, found = crowd.names, []
    buckets = sorted({names.bucket(one) for role in ROLES if (one := names.role(role)) is not None})
    lows = {b: _low(returns[:, b], free, end) for b in {*buckets, crowd.micro}}
    for label, begin in (("whole", free), ("event", event)):
        for b in buckets:
            found.append((begin, max(lows[b], begin), b, -1, names.labels[b], label))
        for name in PRODUCTS:
            if name in crowd.cohort_names:
                last = max(lows[crowd.micro], begin)
                found.append((begin, last, -1, crowd.cohort_names.index(name), name, label))
    begins, lasts, of, cohort, what, window = zip(*found, strict=True)
    span = tuple(f"{days[a]} to {days[b]}" for a, b in zip(begins, lasts, strict=True))
    return Rows(Windows(begin=begins, end=lasts, bucket=of, cohort=cohort), what, span, window)


def _low(returns: Array, free: int, end: int) -> int:
    """Day of the lowest close from `free` to `end`; returns [day]."""
    return free + int(np.argmin(np.cumprod(1.0 + returns[free : end + 1])))


def falls(crowd: Crowd, record: Record, windows: Windows) -> Ratio:
    """Falls and losses [row], positive, of a replay as far as the last window."""
    stop = max(windows.end) + 1
    returns, units = course(crowd, jax.tree.map(lambda x: x[:stop], record))
    found = []
    for begin, end, bucket, cohort in zip(
        windows.begin, windows.end, windows.bucket, windows.cohort, strict=True
    ):
        growth = 1.0 + returns[:, bucket] if bucket >= 0 else units[:, cohort]
        found.append(1.0 - jnp.prod(growth[begin : end + 1]))
    return jnp.stack(found)


def course(crowd: Crowd, record: Record) -> tuple[Ratio, Ratio]:
    """Simple returns [day, bucket] and growth of a unit [day, cohort] of a replay; zero once wiped out."""

    def shown(eve: crowd_day.State, state: crowd_day.State, seen: limits.Seen) -> tuple[Ratio, Ratio]:
        _, redeemed = redemption.pay(eve.cohorts.notices)
        before = cohorts.equity(eve.cohorts) * (1.0 - redeemed)
        return seen.returns[:, 0], over(cohorts.equity(state.cohorts), before)[:, 0]

    return walked(crowd, record, shown)[1]
