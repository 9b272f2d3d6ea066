"""What is forecast: the daily log gain of one bucket over another, and of a fund over its benchmark."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...assemble.products import positions
from ...config import Config
from ...core.names import Names

Array = NDArray[Any]

FUNDS = {"index_enhanced": True, "stock_selection": True, "micro_cap": False}
"""Families whose P&L is a function of bucket returns alone -> whether the benchmark is taken off."""


@dataclass(frozen=True)
class Target:
    """gain = log(sum_b long_b e^r_b + cash) - sum_b short_b r_b, cash = 1 - sum_b long_b; loss is -gain."""

    name: str
    label: str
    long: Array  # [bucket]
    short: Array  # [bucket]
    spread: bool = False  # of two buckets, no fund

    @property
    def slope(self) -> Array:
        """d gain / d r [bucket] at r = 0: exact for a spread, for a fund the weights less the benchmark."""
        return self.long - self.short


def targets(config: Config) -> tuple[Target, ...]:
    """Every spread of two buckets, the smaller less the larger, then the funds of the config.

    A fund's book is brought back to its weights each day, without style, alpha, fee or interest. Products
    hedged with futures are left out: their P&L has the basis in it.
    """
    buckets = config.names.buckets
    row = dict(zip(buckets, np.eye(len(buckets)), strict=True))
    found = [
        Target(
            f"{small}-{large}",
            f"{config.names.label(small)} less {config.names.label(large)}",
            row[small],
            row[large],
            spread=True,
        )
        for large, small in combinations(buckets, 2)
    ]
    for name, product in config.products.items():
        if product.family not in FUNDS:
            continue
        book = np.array(positions(product, config.names).long)
        excess = FUNDS[product.family]
        short = row[product.benchmark] if excess else np.zeros(len(buckets))
        found.append(Target(name, f"{name}, {'excess' if excess else 'absolute'}", book, short))
    return tuple(found)


def pictured(names: Names) -> str:
    """Name of the spread that pictures show: of the bucket with the role `spread` over the large one."""
    large, small = (names.role(role) for role in ("large", "spread"))
    pair = sorted((names.bucket(b) for b in (small, large) if b is not None), reverse=True)
    return "-".join(names.buckets[place] for place in pair)


def gains(aims: tuple[Target, ...], returns: Array) -> Array:
    """Daily gains [day, target] of log returns [day, bucket]; NaN where a bucket it needs is missing."""
    columns = []
    for aim in aims:
        held = aim.long > 0
        cash = 1.0 - aim.long.sum()
        grown = np.exp(returns[:, held]) @ aim.long[held] + cash
        needed = returns[:, aim.short > 0]
        columns.append(np.log(grown) - needed @ aim.short[aim.short > 0])
    return np.column_stack(columns)


def losses(gain: Array, horizon: int) -> Array:
    """Loss over `horizon` days from each day on [day, target]: minus the sum of gains, NaN past the end."""
    out = np.full_like(gain, np.nan)
    sums = np.lib.stride_tricks.sliding_window_view(gain, horizon, axis=0).sum(axis=-1)
    out[: len(sums)] = -sums
    return out
