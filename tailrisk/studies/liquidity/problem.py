"""A sale as arrays: what may be sold in each slice, at what cost, and the prices it meets.

Amounts are fractions of the whole book, so that costs and losses are too. Days' returns are spread over their
slices by a Brownian bridge in volume time; a slice's sales are at the mean of its first and last price.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.errors import InputError
from ...core.names import Names
from ...intraday.clock import SECONDS, volume_curve
from ...intraday.closed import propagator
from .config import Terms
from .paths import Days

Array = np.ndarray[Any, np.dtype[np.float64]]
BILLION = 1e9
HALF_HOUR = 1800


@dataclass(frozen=True)
class Prices:
    """What a seller meets in each slice of his window, prices over those of the start."""

    sale: Array  # [slice, bucket, path]  mean price of the slice
    close: Array  # [slice, bucket, path]  at its end
    hedge: Array  # [slice, path]  return of the future held since the start, to the slice's end
    filled: Array  # [slice, bucket, path]  fraction of sell orders that the limits let trade

    def until(self, slices: int) -> "Prices":
        """The first slices only."""
        return Prices(*(getattr(self, f)[:slices] for f in ("sale", "close", "hedge", "filled")))


@dataclass(frozen=True)
class Problem:
    """A book to sell by a deadline."""

    amount: Array  # [bucket]  fractions of the book, summing to one
    buckets: tuple[str, ...]
    cap: Array  # [slice, bucket]  most that may be sent in a slice, over the window
    absorbed: Array  # [slice, bucket]  what the market can take in a slice: its whole volume
    together: Array  # [slice]  most of all buckets: the order rate
    first_day: Array  # [bucket]  most of a bucket sold on the first day: T+1
    refused: float  # of what is sent
    volume: Array  # [slice in a day]  fraction of a day's volume
    impact: Array  # [slice, bucket]  cost of x is impact x^(3/2)
    rate: float  # cost per unit sold
    linear: Array  # [bucket]  of the propagator, return per unit sold
    stays: float  # of a linear impact
    remaining: float  # of the rest, a slice later
    unsold: float  # given up on what is left at the deadline
    ratio: float  # of the hedge
    level: float
    aversion: float
    slices: int  # a day
    deadline: int  # days

    @property
    def last(self) -> int:
        """Slices before the deadline."""
        return self.slices * self.deadline

    @property
    def kernel(self) -> Array:
        """Of the propagator, to the deadline [slice, slice]."""
        return propagator(self.last, self.stays, self.remaining)


def problem(terms: Terms, amounts: dict[str, float], names: Names) -> Problem:
    """The sale of so many billions of each bucket.

    InputError: an amount that is not above zero, a bucket the market does not have, or none.
    """
    for bucket, amount in amounts.items():
        names.bucket(bucket)
        if not (np.isfinite(amount) and amount > 0):
            raise InputError(f"amounts.{bucket}", f"{amount:g}", "billions of yuan, above zero")
    if not amounts:
        raise InputError("amounts", "no bucket", "one at least")
    buckets, total = tuple(amounts), sum(amounts.values())
    share = np.array([amounts[b] for b in buckets]) / total
    volume = np.array([terms.volume[b] for b in buckets]) / total
    sigma = np.array([terms.volatility[b] for b in buckets])
    curve = volume_curve(SECONDS, terms.first_minute)
    part = curve.reshape(terms.slices, -1).sum(axis=1)
    days, rules = terms.paths.window, terms.rules
    within = part[:, None] * volume  # [slice in a day, bucket]  traded by all
    absorbed = np.tile(_open(curve, terms)[:, None] * within, (days, 1))
    return Problem(
        amount=share,
        buckets=buckets,
        cap=rules.participation * absorbed,
        absorbed=absorbed,
        together=np.full(len(absorbed), _order_rate(terms) / total),
        first_day=(1.0 - rules.locked) * share,
        refused=rules.refused,
        volume=part,
        impact=np.tile(terms.costs.strength * sigma / np.sqrt(within), (days, 1)),
        rate=terms.costs.half_spread + terms.costs.stamp + terms.hedge.ratio * terms.hedge.cost,
        linear=terms.costs.linear / volume,
        stays=1.0 - terms.costs.passing,
        remaining=0.5 ** (1.0 / (terms.costs.half_life * terms.slices)),
        unsold=terms.costs.unsold,
        ratio=terms.hedge.ratio,
        level=terms.level,
        aversion=terms.aversion,
        slices=terms.slices,
        deadline=terms.deadline,
    )


def prices(terms: Terms, days: Days, names: Names, buckets: tuple[str, ...], seed: int = 0) -> Prices:
    """The slices of the window's days; the same seed gives the same bridges."""
    rows = [names.bucket(b) for b in buckets]
    count, slices, paths = terms.paths.window, terms.slices, days.paths
    rng = np.random.default_rng(seed)
    sigma = np.array([terms.volatility[b] for b in buckets]) / np.sqrt(slices)
    noise = rng.standard_normal((count, slices, len(rows), paths)) * sigma[:, None]
    noise -= noise.mean(axis=1, keepdims=True)
    log = np.log1p(np.maximum(days.returns[:count, rows], -0.99))[:, None] / slices + noise
    level = np.cumsum(log.reshape(count * slices, len(rows), paths), axis=0)
    close = np.exp(level)
    before = np.concatenate([np.ones_like(close[:1]), close[:-1]])
    future = np.log1p(np.maximum(days.futures[:count, names.future(terms.hedge.future)], -0.99))
    spread = np.repeat(future[:, None] / slices, slices, axis=1).reshape(count * slices, paths)
    stopped = np.clip(days.limit_down[:count, rows], 0.0, 1.0)  # single precision leaves -4e-8
    open_ = 1.0 - stopped * (1.0 - terms.rules.at_limit)
    return Prices(
        sale=0.5 * (before + close),
        close=close,
        hedge=np.expm1(np.cumsum(spread, axis=0)),
        filled=np.repeat(open_, slices, axis=0),
    )


def _open(curve: Array, terms: Terms) -> Array:
    """Fraction of each slice's volume in which one may sell [slice in a day]."""
    free = np.ones(SECONDS)
    if terms.rules.restricted:
        free[:HALF_HOUR] = free[-HALF_HOUR:] = 0.0
    parts = curve.reshape(terms.slices, -1)
    return np.asarray((parts * free.reshape(parts.shape)).sum(axis=1) / parts.sum(axis=1))


def _order_rate(terms: Terms) -> float:
    """Billions that the order-rate limits let through in a slice."""
    rules = terms.rules
    seconds = SECONDS / terms.slices
    orders = min(rules.orders_per_second * seconds, rules.orders_per_day / terms.slices)
    return rules.accounts * orders * rules.child / BILLION
