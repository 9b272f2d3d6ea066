"""Counts by entity: the busiest second, calendar and sliding, the day, and tens within a second."""

from collections.abc import Callable, Iterator

import numpy as np

from .alarms import CALENDAR, SLIDING, WHOLE_DAY, Alarm, clock
from .events import CANCEL, ORDER, Ints
from .rules import SECOND, Rules
from .windows import Keys, calendar, disjoint, keys, reached, sliding

FIGURES = (
    "orders",
    "cancels",
    "quick_cancels",
    "most_in_calendar_second",
    "most_in_sliding_second",
    "calendar_seconds_of_futures",
    "sliding_seconds_of_futures",
)
"""What is counted of an entity in a day."""
COUNTED = "orders and cancels"


class Rate:
    """One day's counts of accounts, or of controllers; events come in order of time."""

    def __init__(self, by: str, rules: Rules, name: Callable[[int], str]) -> None:
        self.by, self.rules, self.name = by, rules, name
        self.seconds = [
            (rule, threshold)
            for rule, threshold in (
                ("stock.second", rules.stock and rules.stock.second),
                ("burst", rules.burst and rules.burst.orders),
            )
            if threshold
        ]
        self.begin()

    def begin(self) -> None:
        """Forget the day before."""
        self.count = {figure: np.zeros(0, np.int64) for figure in FIGURES}
        self.free = np.zeros(0, np.int64)
        self.last_quick = np.zeros(0, np.int64)
        self.carried = (np.zeros(0, np.int32), np.zeros(0, np.int64))
        self.open: dict[tuple[str, int], Alarm] = {}
        self.rung: dict[tuple[str, str, int], int] = {}
        self.alarms: list[Alarm] = []

    def step(self, entity: Ints, time: Ints, action: Ints, quick: Ints) -> None:
        """Count orders and cancels [event] of one day, whole calendar seconds sorted by time."""
        if not len(time):
            return
        self._grow(int(entity.max()) + 1)
        size = len(self.free)
        before = self.count["orders"] + self.count["cancels"]
        cancels = np.bincount(entity[action == CANCEL], minlength=size)
        self.count["orders"] += np.bincount(entity, minlength=size) - cancels
        self.count["cancels"] += cancels
        if quick.any():
            self.count["quick_cancels"] += np.bincount(entity[quick], minlength=size)
            np.maximum.at(self.last_quick, entity[quick], time[quick])
        older = self.carried
        entity, time, now = np.concatenate([older[0], entity]), np.concatenate([older[1], time]), int(time[0])
        both = keys(entity, time)
        new = both.key % both.stride + both.base >= now if len(older[0]) else np.ones(len(time), bool)
        fresh = both._replace(key=both.key[new]) if len(older[0]) else both
        self._in_calendar_seconds(fresh)
        self._in_the_day(fresh, before)
        self._in_sliding_seconds(both, new)
        recent = int(np.searchsorted(time, time[-1] - SECOND, side="right"))
        self.carried = (entity[recent:], time[recent:])

    def _grow(self, size: int) -> None:
        more = size - len(self.free)
        if more > 0:
            more = max(more, len(self.free) // 2)
            zeros = np.zeros(more, np.int64)
            self.count = {name: np.concatenate([old, zeros]) for name, old in self.count.items()}
            self.free, self.last_quick = (
                np.concatenate([old, zeros]) for old in (self.free, self.last_quick)
            )

    def _in_calendar_seconds(self, new: Keys) -> None:
        first, many = calendar(new.key)
        who = new.key[first] // new.stride
        begins = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1]]))
        most = self.count["most_in_calendar_second"]
        most[who[begins]] = np.maximum(most[who[begins]], np.maximum.reduceat(many, begins))
        for rule, n in self.seconds:
            full = many >= n
            for k, place, value in zip(who[full], first[full], many[full], strict=True):
                met, end = (int(t) for t in new.time(np.array([place + n - 1, place + value - 1])))
                self.alarms.append(self._alarm(rule, CALENDAR, int(k), met, end, int(value), n))
        if self.rules.futures:
            tens = many >= self.rules.futures.orders
            tenth = new.time(first[tens] + self.rules.futures.orders - 1)
            self._tens("calendar_seconds_of_futures", CALENDAR, who[tens], tenth)

    def _in_the_day(self, new: Keys, before: Ints) -> None:
        if not self.rules.stock:
            return
        n, after = self.rules.stock.day, self.count["orders"] + self.count["cancels"]
        for who in np.flatnonzero((before < n) & (after >= n)):
            place = np.searchsorted(new.key, who * new.stride) + n - before[who] - 1
            self.rung["stock.day", WHOLE_DAY, int(who)] = int(new.time(place))

    def _in_sliding_seconds(self, both: Keys, new: Ints) -> None:
        """Windows that end with a new event; those before were seen with the batch before."""
        self._busiest(both, new)
        for rule, n in self.seconds:
            full = reached(both.key, n)
            full &= new
            self._episodes(rule, n, both, full, new)
        if self.rules.futures:
            n = self.rules.futures.orders
            last = np.flatnonzero(reached(both.key, n) & new)
            start = both._replace(key=both.key[last - n + 1])
            taken, self.free = disjoint(start, self.free)
            self._tens("sliding_seconds_of_futures", SLIDING, start.entity[taken], both.time(last[taken]))

    def _busiest(self, both: Keys, new: Ints) -> None:
        """An event beats its entity's record r where the window that ends with it holds r + 1."""
        most = self.count["most_in_sliding_second"]
        entity = both.entity
        place = np.arange(len(both.key))
        back = place - most[entity]
        beaten = np.flatnonzero((back >= 0) & (both.key - both.key[np.maximum(back, 0)] < SECOND) & new)
        np.maximum.at(most, entity[beaten], sliding(both.key, beaten))

    def _episodes(self, rule: str, n: int, both: Keys, full: Ints, new: Ints) -> None:
        """Stretches of events that each complete a full window are one alarm each."""
        if self.open:
            self._closed(rule, both, full, new)
        where = np.flatnonzero(full)
        if not len(where):
            return
        who, many = both.key[where] // both.stride, sliding(both.key, where)
        fresh = np.concatenate([[True], (np.diff(where) > 1) | (np.diff(who) != 0)])
        begins = np.flatnonzero(fresh)
        most = np.maximum.reduceat(many, begins)
        ends = np.append(begins[1:], len(where)) - 1
        stamps = both.time(where)
        for first, last, value in zip(begins, ends, most, strict=True):
            self._extended(rule, n, int(who[first]), int(stamps[first]), int(stamps[last]), int(value))
            if self._goes_on(both, where[last], new):
                self._close(rule, int(who[first]))

    def _goes_on(self, both: Keys, place: int, new: Ints) -> bool:
        """Whether the entity has another event in the batch, which then is none of the episode."""
        after = place + 1
        return after < len(both.key) and bool(
            both.key[after] // both.stride == both.key[place] // both.stride
        )

    def _closed(self, rule: str, both: Keys, full: Ints, new: Ints) -> None:
        """End the open episodes whose entity's first new event completes no full window."""
        for _, who in [key for key in self.open if key[0] == rule]:
            first, end = np.searchsorted(both.key, [who * both.stride, (who + 1) * both.stride])
            mine = np.flatnonzero(new[first:end])
            if len(mine) and not full[first + mine[0]]:
                self._close(rule, who)

    def _extended(self, rule: str, n: int, who: int, first: int, last: int, value: int) -> None:
        old = self.open.get((rule, who))
        if old is not None:
            first, value = old.time, max(value, int(old.value))
        self.open[rule, who] = self._alarm(rule, SLIDING, who, first, last, value, n)

    def _close(self, rule: str, who: int) -> None:
        self.alarms.append(self.open.pop((rule, who)))

    def _tens(self, figure: str, window: str, who: Ints, met: Ints) -> None:
        """Count full seconds [second] by entity; the one that is the `times`th of the day rings."""
        assert self.rules.futures
        n, before = self.rules.futures.times, self.count[figure].copy()
        self.count[figure] += np.bincount(who, minlength=len(before))
        for k in np.flatnonzero((before < n) & (self.count[figure] >= n)):
            stamps = np.sort(met[who == k])
            self.rung["futures", window, int(k)] = int(stamps[n - before[k] - 1])

    def _alarm(self, rule: str, window: str, who: int, met: int, end: int, value: int, n: int) -> Alarm:
        if window == CALENDAR:
            begin = f"in the second from {clock(met // SECOND * SECOND)}"
        else:
            begin = f"within one second at most, rung {clock(met)}, last {clock(end)}"
        evidence = f"{value:,} {COUNTED} {begin}"
        return Alarm(rule, window, 0, met, end, self.by, self.name(who), value, n, evidence)

    def close(self) -> tuple[list[Alarm], Iterator[dict[str, object]]]:
        """The day's alarms, day not yet set, and a row of figures for every entity that did anything."""
        self.alarms += self.open.values()
        self.open = {}
        for (rule, window, who), met in self.rung.items():
            self.alarms.append(self._of_the_day(rule, window, who, met))
        if self.rules.cancels:
            self.alarms += self._of_cancels()
        return self.alarms, self._rows()

    def _of_the_day(self, rule: str, window: str, who: int, met: int) -> Alarm:
        if rule == "stock.day":
            assert self.rules.stock
            value = int(self.count["orders"][who] + self.count["cancels"][who])
            evidence = f"{value:,} {COUNTED} in the day, {int(self.count['cancels'][who]):,} of them cancels"
            n = self.rules.stock.day
        else:
            assert self.rules.futures
            kind = "calendar" if window == CALENDAR else "sliding"
            value, n = int(self.count[f"{kind}_seconds_of_futures"][who]), self.rules.futures.times
            evidence = f"{value:,} seconds of at least {self.rules.futures.orders} {COUNTED}"
        return Alarm(rule, window, 0, met, met, self.by, self.name(who), value, n, evidence)

    def _of_cancels(self) -> Iterator[Alarm]:
        assert self.rules.cancels
        quick, orders, cancels = (self.count[name] for name in ("quick_cancels", "orders", "cancels"))
        ratio = cancels / np.maximum(orders, 1)
        rule = self.rules.cancels
        for who in np.flatnonzero((quick >= rule.times) & (ratio >= rule.ratio)):
            evidence = f"{quick[who]:,} orders cancelled within a second; the day's cancels are "
            evidence += f"{cancels[who]:,} of {orders[who]:,} orders ({ratio[who]:.1%})"
            met = int(self.last_quick[who])
            name = self.name(int(who))
            yield Alarm(
                "cancels", WHOLE_DAY, 0, met, met, self.by, name, int(quick[who]), rule.times, evidence
            )

    def _rows(self) -> Iterator[dict[str, object]]:
        for who in np.flatnonzero(self.count["orders"] + self.count["cancels"]):
            figures = {name: int(values[who]) for name, values in self.count.items()}
            yield {"by": self.by, "who": self.name(int(who)), **figures}


def counted(action: Ints) -> Ints:
    """Whether an event is an order or a cancel [event]: trades are not counted."""
    return (action == ORDER) | (action == CANCEL)
