"""Which cancels take back an order placed within the second before."""

import numpy as np

from .events import CANCEL, ORDER, Events, Ints
from .rules import SECOND
from .sequence import mixed

BUCKETS = 1 << 22
"""Orders whose bucket no cancel falls into need not be looked up."""


class Pairing:
    """The orders of the last second by their numbers; no quick cancel takes back an older one."""

    def __init__(self) -> None:
        self.order = self.account = self.time = np.zeros(0, np.int64)

    def quick(self, events: Events) -> Ints:
        """Whether an event cancels its own account's order of less than a second ago [event].

        events are sorted by time and follow those before. All False without order numbers.
        """
        found = np.zeros(len(events), bool)
        if events.order is None or not len(events):
            return found
        mark = mixed(events.order, events.security).view(np.int64)
        placed = events.action == ORDER
        order = np.concatenate([self.order, mark[placed]])
        account = np.concatenate([self.account, events.account[placed]])
        time = np.concatenate([self.time, events.time[placed]])
        where = np.flatnonzero(events.action == CANCEL)
        likely = np.zeros(BUCKETS, bool)
        likely[mark[where] & (BUCKETS - 1)] = True
        some = np.flatnonzero(likely[order & (BUCKETS - 1)])
        if len(some):
            rank = some[np.argsort(order[some], kind="stable")]
            ranked = order[rank]
            last = np.searchsorted(ranked, mark[where], side="right") - 1
            match = rank[np.maximum(last, 0)]
            gap = events.time[where] - time[match]
            mine = (order[match] == mark[where]) & (account[match] == events.account[where])
            found[where] = mine & (gap >= 0) & (gap < SECOND)
        recent = time > events.time[-1] - SECOND
        self.order, self.account, self.time = order[recent], account[recent], time[recent]
        return found
