"""A stream in file order made one in order of time: late rows, jumps of the clock and duplicates refused.

A row may come up to `tolerance` after one with a later stamp. What is given on is whole calendar seconds that
no later row can reach, sorted by time, rows of one stamp in file order: so it is the same however the file is
cut into chunks.
"""

from typing import NamedTuple

import numpy as np

from .alarms import stamp
from .events import TRADE, Events, Ints, joined
from .rules import SECOND, Clock

FAR = np.iinfo(np.int64).min


class Refused(NamedTuple):
    """A row that cannot be used."""

    row: int
    field: str
    value: str
    reason: str
    allowed: str
    cells: tuple[str, ...]  # time, account, action, order, security, side, size, price as read


class Sequence:
    """Rows held until nothing earlier can come; `refused` collects the others."""

    def __init__(self, clock: Clock) -> None:
        self.tolerance, self.jump = round(clock.tolerance * SECOND), round(clock.jump * SECOND)
        self.newest, self.newest_row = FAR, 0
        self.before: int | None = None  # stamp of the row before those undecided
        self.undecided: Events | None = None
        self.waiting: list[Events] = []
        self.seen = 0  # most rows held at once

    def add(self, events: Events) -> tuple[Events | None, list[tuple[Events, int, str, str]]]:
        """Further rows [event] in file order: those that are final, and those refused.

        A refused row comes as (the row, its place, why, what is allowed). The last row waits for the next.
        """
        rows = joined([self.undecided, events]) if self.undecided is not None else events
        if len(rows) < 2:
            self.undecided = rows if len(rows) else None
            return None, []
        self.undecided = rows.take(slice(-1, None))
        return self._sorted(rows, len(rows) - 1)

    def finish(self) -> tuple[Events | None, list[tuple[Events, int, str, str]]]:
        """What is left at the end of the stream [event], as from `add`."""
        rows, self.undecided = self.undecided, None
        ready, refused = self._sorted(rows, len(rows)) if rows is not None else (None, [])
        rest = [part for part in (ready, *self.waiting) if part is not None and len(part)]
        self.waiting = []
        return (joined(rest) if rest else None), refused

    def _sorted(self, rows: Events, decided: int) -> tuple[Events | None, list[tuple[Events, int, str, str]]]:
        time = rows.time[:decided]
        following = rows.time[1 : decided + 1]
        first = self.before if self.before is not None else None
        leading = np.concatenate([[time[0] - self.jump - 1 if first is None else first], time[:-1]])
        spike = time - leading > self.jump
        spike[: len(following)] &= (time[: len(following)] - following) > self.jump
        spike[len(following) :] = False
        past = np.maximum.accumulate(np.concatenate([[self.newest], np.where(spike, FAR, time)]))
        late = (time < past[:-1] - self.tolerance) & (past[:-1] != FAR) & ~spike
        self.before = int(time[-1])
        refused = [self._jumped(rows, int(k)) for k in np.flatnonzero(spike)]
        refused += [self._late(rows, int(k), time, past) for k in np.flatnonzero(late)]
        if past[-1] > self.newest:
            self.newest_row = int(rows.row[:decided][np.flatnonzero((time == past[-1]) & ~spike)[0]])
        self.newest = int(past[-1])
        return self._released(rows.take(np.flatnonzero(~spike & ~late))), refused

    def _jumped(self, rows: Events, k: int) -> tuple[Events, int, str, str]:
        why = f"a jump of the clock: more than {self.jump / SECOND:g} s ahead of the rows around it"
        return rows, int(k), why, "clock.jump seconds ahead at most, where the next row takes it back"

    def _late(self, rows: Events, k: int, time: Ints, past: Ints) -> tuple[Events, int, str, str]:
        ahead = np.flatnonzero(time[:k] == past[k])
        row = int(rows.row[ahead[0]]) if len(ahead) else self.newest_row
        late = (past[k] - time[k]) / SECOND
        why = f"out of order: {late:,.6g} s before row {row}, which is stamped {stamp(int(past[k]))}"
        return rows, k, why, f"at most clock.tolerance = {self.tolerance / SECOND:g} s before an earlier row"

    def _released(self, new: Events) -> Events | None:
        parts = [*self.waiting, new] if len(new) else self.waiting
        if not parts:
            return None
        rows = joined(parts)
        if (np.diff(rows.time) < 0).any():
            rows = rows.take(np.argsort(rows.time, kind="stable"))
        self.seen = max(self.seen, len(rows))
        final = int(np.searchsorted(rows.time, (self.newest - self.tolerance) // SECOND * SECOND))
        self.waiting = [rows.take(slice(final, None))]
        return rows.take(slice(0, final)) if final else None


def duplicates(events: Events) -> Ints:
    """Places of orders and cancels that repeat an earlier row: stamp, account, order number and security.

    Without order numbers two equal rows may be two orders, and none is called a duplicate.
    """
    if events.order is None:
        return np.zeros(0, np.int64)
    some = _doubtful(events.time, events.order)
    if not len(some):
        return some
    events = events.take(some)
    named = (events.time, events.account, events.action, events.order, events.security)
    columns = [column for column in named if column is not None]
    place = np.lexsort(tuple(columns))  # stable: the first of equals is the first in the file
    same = np.logical_and.reduce([column[place][1:] == column[place][:-1] for column in columns])
    again = place[1:][same]
    return np.sort(some[again[events.action[again] != TRADE]])


def _doubtful(time: Ints, order: Ints) -> Ints:
    """Places of rows [event] in groups of one stamp whose order numbers do not rise from row to row."""
    tied = time[1:] == time[:-1]
    fallen = np.flatnonzero(tied & (order[1:] <= order[:-1]))
    if not len(fallen):
        return fallen
    group = np.concatenate([[0], np.cumsum(~tied)])
    doubtful = np.zeros(int(group[-1]) + 1, bool)
    doubtful[group[fallen]] = True
    return np.flatnonzero(doubtful[group])


def mixed(order: Ints, security: "Ints | None") -> Ints:
    """A number [event] for an order of a security, equal for equal ones."""
    mark = order.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    if security is not None:
        mark ^= (security.astype(np.uint64) + np.uint64(1)) * np.uint64(0x94D049BB133111EB)
    return mark ^ (mark >> np.uint64(31))
