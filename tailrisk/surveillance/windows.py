"""Counts within one second, calendar and sliding, of events sorted by entity and time.

    key_i = entity_i * stride + time_i - base,      stride > last time - base + 1 s

so that two keys are less than a second apart only where they are one entity's: a sliding window (t - 1 s, t]
that ends with event i holds n events exactly where key_i - key_(i-n+1) < 1 s, and a calendar second is the
run of keys with the same key // 1 s.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from .events import Ints
from .rules import SECOND


class Keys(NamedTuple):
    """Sorted keys of one stretch of a stream, and how to read them."""

    key: Ints  # [event]
    stride: int
    base: int

    @property
    def entity(self) -> Ints:
        """Code [event] of whose event it is."""
        return self.key // self.stride

    def time(self, where: Ints) -> Ints:
        """Stamps of the events at these places [place]."""
        return self.key[where] % self.stride + self.base


def keys(entity: Ints, time: Ints) -> Keys:
    """Keys of events [event] sorted by time, by a counting sort by entity, which keeps their order."""
    many = len(time)
    if not many:
        return Keys(np.zeros(0, np.int64), SECOND, 0)
    base = int(time[0]) // SECOND * SECOND
    stride = ((int(time[-1]) - base) // SECOND + 2) * SECOND
    key = entity.astype(np.int64) * stride + (time - base)
    rows = sparse.csr_matrix(
        (key, (entity, np.arange(many, dtype=np.int32))), shape=(int(entity.max()) + 1, many)
    )
    return Keys(rows.data, stride, base)


def reached(key: Ints, n: int) -> Ints:
    """Whether the sliding window that ends with an event holds at least n [event]."""
    full = np.zeros(len(key), bool)
    if len(key) >= n:
        full[n - 1 :] = key[n - 1 :] - key[: len(key) - n + 1] < SECOND
    return full


def sliding(key: Ints, where: Ints) -> Ints:
    """Events in the sliding windows (t - 1 s, t] that end with those at `where` [place]."""
    return where - np.searchsorted(key, key[where] - SECOND, side="right") + 1


def calendar(key: Ints) -> tuple[Ints, Ints]:
    """Where each calendar second of an entity begins among the sorted keys, and how many events it has."""
    if not len(key):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    second = key // SECOND
    first = np.flatnonzero(np.concatenate([[True], second[1:] != second[:-1]]))
    return first, np.diff(first, append=len(key))


def disjoint(start: Keys, free: Ints) -> tuple[Ints, Ints]:
    """Places of disjoint windows [t, t + 1 s) in a greedy count, and from when each entity is free.

    start: keys of the first events of full windows [window]; free: stamp [entity] from which an entity may
    begin another. The earliest each time gives the largest number of disjoint windows. All entities go
    forward together, a window a round.
    """
    free = free.copy()
    who = np.unique(start.entity)
    taken = []
    while len(who):
        earliest = who * start.stride + np.maximum(free[who] - start.base, 0)
        place = np.searchsorted(start.key, earliest)
        there = place < len(start.key)
        who, place = who[there], place[there]
        mine = start.key[place] // start.stride == who
        who, place = who[mine], place[mine]
        free[who] = start.time(place) + SECOND
        taken.append(place)
    return np.sort(np.concatenate(taken)) if taken else np.zeros(0, np.int64), free
