"""Sums of powers of weighted values met block by block: exact, so the same in any order of blocks.

A block's sum is rounded once, in float64; sums of blocks are whole numbers of 2^-1074 and never rounded, so
adding and merging are associative and commutative to the last bit.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import InputError
from .event import exact_probability, exact_rate
from .exact import PART, Exact
from .interval import Interval, spread_bounds
from .sample import Array, exact_confidence

UNIT = 1 << PART
"""One over the smallest number float64 has: every float64 is a whole number of these parts."""
POWERS = ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2), (3, 3))
"""(power of the weight, power of the value) of each sum."""
PLAIN = ((1, 1), (1, 2), (1, 3))
"""The same where every weight is one."""
ROWS = 4
"""Rows of a block whose powers are formed at a time."""

Sums = dict[tuple[int, int], int]


@dataclass(frozen=True)
class Moments:
    """One row: sums of weight^a value^b over all its paths, weights as they came (one on average)."""

    paths: int
    weighted: bool
    sums: Sums  # in UNIT parts

    def at(self, a: int, b: int) -> float:
        """sum of w^a x^b, the weights divided by their sum."""
        return self._raw(a, b) * UNIT ** (a - 1) / self._raw(1, 0) ** a

    @property
    def weight(self) -> float:
        """The sum of the weights as they came."""
        return self._raw(1, 0) / UNIT

    @cached_property
    def mean(self) -> float:
        """m = sum w x"""
        return self._raw(1, 1) / self._raw(1, 0)

    @cached_property
    def sd(self) -> float:
        """sqrt(sum w (x - m)^2)"""
        whole, first, second = (self._raw(1, b) for b in range(3))
        return math.sqrt(max(second * whole - first * first, 0) / (whole * whole))

    def mean_interval(self, *, confidence: float) -> Interval:
        """The mean as `interval.mean_interval` gives it of the whole sample.

        InputError: a confidence outside (0, 1).
        """
        sure, points = exact_confidence(confidence), 1 / self.at(2, 0)
        low, high = spread_bounds(self.mean, self._central(2, 2), self._central(3, 3), sure)
        return Interval(self.mean, low, high, sure, points, points < 1000)

    def probability(self, *, confidence: float) -> Interval:
        """P(x = 1) of flags, as `event.probability` gives it of the whole sample; the same InputError."""
        estimate, sure = self.mean, exact_confidence(confidence)
        if not self.weighted:
            return exact_probability(float(self.paths), estimate, sure)
        if not 0 < estimate < 1:
            return exact_probability(1 / self.at(2, 0), estimate, sure)
        return exact_probability(estimate * (1 - estimate) / self._central(2, 2), estimate, sure)

    def rate(self, exposure_years: float, *, confidence: float) -> Interval:
        """Events a year of counts, as `event.rate` gives it of the whole sample; the same InputError."""
        sure = exact_confidence(confidence)
        return exact_rate(self.mean, self._central(2, 2), self.at(2, 0), exposure_years, sure)

    def _central(self, a: int, b: int) -> float:
        """sum of w^a (x - m)^b, b = 2 or 3, from whole numbers; weights divided by their sum.

        Squares are rounded to a whole number of units, so those of values all alike may sum to just below
        zero.
        """
        whole, first = self._raw(1, 0), self._raw(1, 1)
        terms = (math.comb(b, k) * self._raw(a, k) * whole**k * (-first) ** (b - k) for k in range(b + 1))
        central = sum(terms) * UNIT ** (a - 1) / whole ** (a + b)
        return max(central, 0.0) if b == 2 else central

    def _raw(self, a: int, b: int) -> int:
        if self.weighted:
            return self.sums[a, b]
        return self.sums[1, b] if b else self.paths * UNIT


class MomentStream:
    """Moments of rows [row, path], a block at a time."""

    def __init__(self, rows: int) -> None:
        self.paths, self.weighted = 0, False
        self._sums: list[Sums] = [{} for _ in range(rows)]
        self._taken: Exact | None = None  # [row, power]  what is not yet in the sums

    def add(self, values: NDArray[np.generic], weight: Array | None = None) -> None:
        """A block [row, path] with its weights [path], one on average.

        InputError: some blocks have weights and others none.
        """
        self.take(block_sums(values, weight), values.shape[1], weighted=weight is not None)

    def take(self, sums: Array, paths: int, *, weighted: bool = False) -> None:
        """A block of so many paths by its `block_sums` [row, power]. InputError as in `add`."""
        self._same_kind(weighted)
        self.paths += paths
        if self._taken is None:
            self._taken = Exact((len(self._sums), len(POWERS if weighted else PLAIN)))
        self._taken.add(sums)

    def merge(self, other: "MomentStream") -> None:
        """Take in all that another stream of the same rows has met.

        InputError: one has weights, the other none.
        """
        if other.paths == 0:
            return
        self._same_kind(other.weighted)
        self.paths += other.paths
        for mine, theirs in zip(self._whole(), other._whole(), strict=True):
            for power, total in theirs.items():
                mine[power] = mine.get(power, 0) + total

    def state(self) -> dict[str, Any]:
        """All that was met, as JSON can say it."""
        sums = [[[a, b, hex(total)] for (a, b), total in row.items()] for row in self._whole()]
        return {"paths": self.paths, "weighted": self.weighted, "sums": sums}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "MomentStream":
        """The stream whose `state` this is."""
        made = cls(len(state["sums"]))
        made.paths, made.weighted = state["paths"], state["weighted"]
        made._sums = [{(a, b): int(total, 16) for a, b, total in row} for row in state["sums"]]
        return made

    def row(self, number: int) -> Moments:
        """The moments of one row."""
        return Moments(self.paths, self.weighted, dict(self._whole()[number]))

    def _whole(self) -> list[Sums]:
        """The sums of all that was met, by row."""
        if self._taken is not None:
            powers = POWERS if self.weighted else PLAIN
            for mine, totals in zip(self._sums, self._taken.sums(), strict=True):
                for power, total in zip(powers, totals, strict=True):
                    mine[power] = mine.get(power, 0) + total
            self._taken = None
        return self._sums

    def _same_kind(self, weighted: bool) -> None:
        if self.paths and weighted != self.weighted:
            raise InputError("weight", "is there for some blocks and not for others", "all of them, or none")
        self.weighted = weighted


def block_sums(values: NDArray[np.generic], weight: Array | None = None) -> Array:
    """Sums over a block [row, path] of the powers PLAIN, or with weights [path] of POWERS: [row, power].

    Each is the pairwise sum of numpy: 16 in each of eight columns, columns and then groups of 128 two by two.
    Flags are counted.

    >>> block_sums(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[6.0, 14.0, 36.0]]
    """
    if weight is None and values.dtype == np.bool_:
        counts = [np.count_nonzero(row) for row in values]
        return np.repeat(np.array(counts, np.float64)[:, None], len(PLAIN), axis=1)
    if weight is None:
        return _by_rows(values, len(PLAIN), lambda x: [np.sum(y, axis=-1) for y in _powers(x)])
    by_weight = {a: weight**a for a in range(1, 4)}
    alone = {a: np.sum(y) for a, y in by_weight.items()}

    def weighted(x: Array) -> list[Array]:
        powers = (x, *_powers(x))
        return [
            np.sum(by_weight[a] * powers[b], axis=-1) if b else np.full(len(x), alone[a]) for a, b in POWERS
        ]

    return _by_rows(values, len(POWERS), weighted)


def _powers(x: Array) -> tuple[Array, Array, Array]:
    square = x * x
    return x, square, square * x


def _by_rows(values: NDArray[np.generic], powers: int, compute: Callable[[Array], list[Array]]) -> Array:
    """`compute` [power][row] of a few rows at a time, which stay in a core's cache: [row, power]."""
    groups = [values[k : k + ROWS].astype(np.float64, order="C") for k in range(0, len(values), ROWS)]
    found = [np.stack(compute(group), axis=1) for group in groups]
    return np.concatenate(found) if found else np.zeros((0, powers))
