"""Where what a thread sets aside lies: in shared memory while it lasts, most used first, else in its own.

Rows that never live at once share a place. A number of each path takes a word of a thread, a flag a byte; a
number that all paths share lies once for a warp, in a place that nothing else takes. A thread's own memory
is the card's, laid out so that a warp's reads and writes are whole lines; it lasts in L2 while that has room.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

WARP = 32
"""Threads that go in step."""


@dataclass(eq=False, slots=True)
class Home:
    """A row's place from `first` to `last`, in steps of a plan; `weight`: how often a path comes there."""

    kind: str
    lane: bool
    first: int = -1
    last: int = -1
    weight: int = 0
    region: str = ""  # words, bytes, warp or own
    slot: int = 0

    def touched(self, clock: int, weight: int) -> None:
        """Written or read at a step, `weight` times a path."""
        self.first = clock if self.first < 0 else self.first
        self.last, self.weight = clock, self.weight + weight

    def spans(self, first: int, last: int) -> None:
        """Lasts to the end of a loop, if it was there before and is read in it."""
        if self.first <= first < self.last:
            self.last = max(self.last, last)


class Layout(NamedTuple):
    """Places of each region: words and bytes of a thread, words of a warp, words of a thread's own memory."""

    words: int
    bytes: int
    warp: int
    own: int

    @property
    def shared(self) -> int:
        """Bytes of shared memory a thread takes; a warp's words are spread over its threads."""
        return 4 * (self.words + -(-self.bytes // 4) + -(-self.warp // WARP))

    @property
    def alone(self) -> int:
        """Words that a thread without a warp takes."""
        return self.words + -(-self.bytes // 4) + self.warp


def settled(homes: Iterable[Home], shared: int) -> Layout:
    """Give every home its place, for so many bytes of shared memory a thread."""
    lanes = [home for home in homes if home.lane]
    warp = [home for home in homes if not home.lane]
    flags = [home for home in lanes if home.kind == "b"]
    for slot, home in enumerate(warp):
        home.region, home.slot = "warp", slot
    _placed(flags, "bytes", len(flags))
    bytes_ = _count(flags, "bytes")
    taken = Layout(0, bytes_, len(warp), 0).shared
    room = max(0, (shared - taken) // 4)
    words = sorted((home for home in lanes if home.kind != "b"), key=lambda home: -home.weight)
    left = _placed(words, "words", room)
    own = sorted(left, key=lambda home: home.first)
    _placed(own, "own", len(own))
    return Layout(_count(words, "words"), bytes_, len(warp), _count(own, "own"))


def _placed(homes: list[Home], region: str, room: int) -> list[Home]:
    """Give places below `room` to homes in turn, the first that is free; those for which none is."""
    taken: list[list[tuple[int, int]]] = []
    left = []
    for home in homes:
        slot = next((k for k, times in enumerate(taken) if _free(times, home)), len(taken))
        if slot >= room:
            left.append(home)
            continue
        if slot == len(taken):
            taken.append([])
        taken[slot].append((home.first, home.last))
        home.region, home.slot = region, slot
    return left


def _free(times: list[tuple[int, int]], home: Home) -> bool:
    return all(last < home.first or home.last < first for first, last in times)


def _count(homes: list[Home], region: str) -> int:
    return max((home.slot + 1 for home in homes if home.region == region), default=0)
