"""The worst losses of a sample met block by block: VaR and ES of all of it, in memory of its tail.

Read off a column are the fewest worst (loss, weight, path) whose weights sum to a reserve, in the order of
loss and then path number, which is a total order: it depends neither on the order of blocks nor on
how they were merged. Where the reserve covers a level, VaR and ES are those of the whole sample to the bit.
On the way more than those are stored: what is let go lies below a floor that a sample of the column guesses
and a sum verifies, so that nothing is put in order before a column is read.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import InputError
from . import floor
from .floor import Part
from .interval import INDICATIVE, Bounds, Interval, ranks, shortfall_interval, value_interval
from .measures import Measure
from .moments import Moments, MomentStream
from .sample import Array, Level, exact_confidence, exact_level
from .saturation import SATURATED, is_saturated
from .shortfall import Tail, counted_tail, weighted_tail

ROOM = 98_304
"""Losses a column takes in, at least, before it is cut back to its reserve."""
SPARE = 1.5
"""What a reserve is multiplied by when paths are weighted: their sum is not known until the end."""


def reserve(paths: int, level: Level, confidence: float, *, weighted: bool = False) -> int:
    """Worst losses that give VaR, ES, components and intervals at `level` and above, of so many paths.

    InputError: a level or a confidence that is none.

    >>> reserve(100_000, 0.99, 0.95)
    1103
    """
    exact = exact_level(level)
    share = float((1 - exact) * paths)
    boundary = share + share ** (2 / 3) + 2  # what components are read off at VaR (contribution.py)
    deepest = max(ranks(paths, exact, exact_confidence(confidence))[1], boundary)
    wanted = math.ceil(deepest * (SPARE if weighted else 1.0)) + 1
    return min(paths, wanted)


@dataclass(frozen=True)
class Worst:
    """The worst losses of one column, worst first, and the moments of all of them.

    What it gives is that of the whole sample to the bit. InputError: a level that reaches below the losses
    here.
    """

    loss: Array  # [stored]
    path: NDArray[np.uint32]  # [stored]
    weight: Array | None  # [stored]  over the sum of all weights; None: one path each
    moments: Moments

    @property
    def paths(self) -> int:
        """Paths in the whole sample."""
        return self.moments.paths

    def tail(self, level: Level) -> Tail:
        """What lies beyond a level. InputError: the worst losses do not reach it, or paths are too few."""
        exact = exact_level(level)
        share = 1 - exact
        held = len(self.loss) / self.paths if self.weight is None else float(self.weight.sum())
        if len(self.loss) < self.paths and held < float(share):
            raise InputError("level", f"{float(exact)} reaches below the stored losses", "a larger reserve")
        if self.weight is None:
            return counted_tail(self.loss, exact, self.paths)
        return weighted_tail(self.loss, self.weight, exact)

    def value_at_risk(self, level: Level) -> float:
        """`shortfall.value_at_risk` of the whole sample; errors as in `tail`."""
        return self.tail(level).value_at_risk

    def expected_shortfall(self, level: Level) -> float:
        """`shortfall.expected_shortfall` of the whole sample; errors as in `tail`."""
        return self.tail(level).expected_shortfall

    def spectral(self, measure: Measure, support: Level) -> float:
        """A distortion of probability that is one from the worst `1 - support` on, of the whole sample.

        InputError: a support that reaches below the worst losses.
        """
        self.tail(support)
        weight = np.full(len(self.loss), 1 / self.paths) if self.weight is None else self.weight
        return measure.value(self.loss, weight)

    def value_at_risk_interval(
        self, *, level: Level, confidence: float, ceiling: float | None = None
    ) -> Interval:
        """`interval.value_at_risk_interval` of the whole sample, its weights light; errors as in `tail`.

        ceiling: what can be lost at most; a loss beyond it, met after the paths are done, lifts it.
        """
        sure = exact_confidence(confidence)
        return self._below(ceiling, self._value(level, sure), sure)

    def expected_shortfall_interval(
        self, *, level: Level, confidence: float, ceiling: float | None = None
    ) -> Interval:
        """`interval.expected_shortfall_interval` of the whole sample.

        ceiling as for VaR, errors as in `tail`.
        """
        tail, sure = self.tail(level), exact_confidence(confidence)
        found = shortfall_interval(self._value(level, sure), tail, sure, self._rest(tail))
        return self._below(ceiling, found, sure)

    def saturated(self, level: Level, *, fraction: float = SATURATED) -> bool:
        """`saturation.saturated` of the whole sample; errors as in `tail`."""
        return is_saturated(self.loss, self.weight, self.tail(level), fraction)

    def _value(self, level: Level, confidence: float) -> Bounds:
        squares = None if self.weight is None else self.moments.at(2, 0)
        return value_interval(
            self.loss, self.weight, exact_level(level), self.tail(level), confidence, self.paths, squares
        )

    def _below(self, ceiling: float | None, found: Bounds, confidence: float) -> Interval:
        estimate, low, high, points = found
        top = math.inf if ceiling is None else max(ceiling, float(self.loss[0]))
        return Interval(estimate, min(low, top), min(high, top), confidence, points, points < INDICATIVE)

    def _rest(self, tail: Tail) -> tuple[float, float, float]:
        """(paths a unit of weight stands for, sum of w^2, of w^3 of what is not beyond VaR)."""
        if self.weight is None:
            left = self.paths - len(tail.above)
            return float(self.paths), left / self.paths**2, left / self.paths**3
        beyond = self.weight[self.loss > tail.value_at_risk]
        second, third = (self.moments.at(a, 0) - float(np.sum(beyond**a)) for a in (2, 3))
        return 1.0, second, third


class TailStream:
    """The worst losses and the moments of columns [column, path], a block at a time.

    >>> stream, losses = TailStream(1, reserve(1000, 0.95, 0.95)), np.arange(1.0, 1001.0) / 1000
    >>> for start in (500, 0):  # in any order of blocks
    ...     block = np.arange(start, start + 500, dtype=np.uint32)
    ...     stream.add(losses[None, block], block)
    >>> stream.column(0).value_at_risk(0.95)
    0.951
    """

    def __init__(self, columns: int, reserve: int) -> None:
        self.moments, self.reserve = MomentStream(columns), reserve
        self._parts: list[list[Part]] = [[] for _ in range(columns)]
        self._count = [0] * columns
        self._floor = np.full(columns, -np.inf)
        self._full = [self._room(reserve)] * columns
        self._settled = [False] * columns

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self._parts)

    @property
    def paths(self) -> int:
        """Paths met so far."""
        return self.moments.paths

    def add(self, loss: NDArray[np.floating], path: NDArray[np.uint32], weight: Array | None = None) -> None:
        """A block of losses [column, path], path numbers [path], and weights [path], one on average."""
        self.moments.add(loss, weight)
        for c, part in self.near(loss, path, weight):
            self.take(c, part)

    def near(
        self, loss: NDArray[np.floating], path: NDArray[np.uint32], weight: Array | None = None
    ) -> list[tuple[int, Part]]:
        """(column, what of a block may be among its worst), for `take`; arguments as in `add`.

        What a column takes in must be no less than its floor, which only rises: another thread may ask, and
        take in less than it was given.
        """
        found = []
        for c, least in enumerate(self._floor.tolist()):
            part = floor.above((loss[c], path, *([] if weight is None else [weight])), least)
            if len(part[0]):
                found.append((c, part))
        return found

    def merge(self, other: "TailStream") -> None:
        """Take in all that another stream of the same columns and reserve has met.

        InputError: another reserve.
        """
        if other.reserve != self.reserve:
            raise InputError("reserve", f"{other.reserve} merged into {self.reserve}", "one reserve")
        self.moments.merge(other.moments)
        for c, held in enumerate(other._parts):
            for part in held:
                self.take(c, part)

    def stored(self, number: int) -> Part:
        """Losses, path numbers and, where there are any, weights stored of one column [stored]."""
        return self._settle(number) if self._parts[number] else ()

    def column(self, number: int) -> Worst:
        """What is known of one column."""
        moments = self.moments.row(number)
        loss, path, *weight = self._settle(number)
        return Worst(loss.astype(np.float64), path, weight[0] / moments.weight if weight else None, moments)

    def take(self, c: int, part: Part) -> None:
        """Take in what another stream has `stored` of a column [stored]; its moments are merged apart."""
        if not part:
            return
        self._parts[c].append(part)
        self._count[c] += len(part[0])
        self._settled[c] = False
        if self._count[c] > self._full[c]:
            self._cut(c)

    def _cut(self, c: int) -> None:
        """Let go of what is surely not of the worst, and remember below what nothing will be needed."""
        least, left = floor.cut(self._parts[c], self.reserve)
        self._parts[c], self._count[c] = [left], len(left[0])
        self._floor[c] = max(self._floor[c], least)
        self._full[c] = self._room(self._count[c])

    def _settle(self, c: int) -> Part:
        """The worst of a column in their order, as many as make up the reserve [stored]."""
        if not self._settled[c]:
            self._cut(c)
            loss, path, *weight = self._parts[c][0]
            worst = floor.order(loss, path)
            worst = worst[: floor.enough(weight[0][worst], self.reserve) if weight else self.reserve]
            self._parts[c] = [tuple(field[worst] for field in self._parts[c][0])]
            self._count[c], self._settled[c] = len(worst), True
        return self._parts[c][0]

    def _room(self, count: int) -> int:
        """How many losses a column may have before it is cut, given how many it has."""
        return count + max(ROOM, self.reserve // 4)
