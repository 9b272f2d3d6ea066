"""The monitor: a stream of events in, day by day, and alarms, counts and refused rows out."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .alarms import Alarm, date, frame, stamp
from .events import ACTIONS, TRADE, Events, Ints, Registers
from .minutes import MILS, Market, Minutes
from .pairing import Pairing
from .rate import Rate, counted
from .rules import DAY, SECOND, Rules
from .sequence import Refused, Sequence, duplicates

Refuse = Callable[[Refused], None]
"""What is done with a row that cannot be used: raise, or write it down."""


@dataclass
class Watched:
    """What a watch gives."""

    alarms: pd.DataFrame  # [alarm, column] see alarms.Alarm
    counts: pd.DataFrame  # [day and entity, column] see rate.FIGURES
    minutes: pd.DataFrame  # [minute, column] minutes near a threshold of moves or trades
    events: dict[str, int]  # rows used, by action
    refused: dict[str, int] = field(default_factory=dict)  # rows set aside, by field and reason
    facts: dict[str, Any] = field(default_factory=dict)


class Monitor:
    """Feed it events in file order, then `finish`."""

    def __init__(
        self, rules: Rules, registers: Registers, refuse: Refuse, market: Market | None = None
    ) -> None:
        self.rules, self.registers, self.refuse, self.market = rules, registers, refuse, market
        self.sequence, self.pairing = Sequence(rules.clock), Pairing()
        self.day: int | None = None
        self.rates: dict[str, Rate] = {}
        self.minutes: dict[str, Minutes] = {}
        self.alarms: list[Alarm] = []
        self.counts: list[dict] = []
        self.near: list[dict] = []
        self.events = dict.fromkeys(ACTIONS, 0)
        self.unjudged, self.fine, self.numbered = 0, False, False
        self.span: tuple[int, int] | None = None

    def feed(self, events: Events) -> None:
        """Further rows [event] in file order."""
        self._taken(*self.sequence.add(events))

    def finish(self) -> Watched:
        """End of the stream: the last day is closed."""
        self._taken(*self.sequence.finish())
        self._close()
        facts = {"most_rows_waiting": self.sequence.seen, "trades_without_market_minute": self.unjudged}
        facts |= {"order_numbers": self.numbered, "judged_minutes": bool(self.minutes)}
        facts |= {"days": len({row["day"] for row in self.counts}), "whole_second_stamps": not self.fine}
        facts |= {"accounts": len(self.registers.accounts), "controllers_known": self.registers.controlled}
        return Watched(
            frame(self.alarms), table(self.counts), pd.DataFrame(self.near), self.events, facts=facts
        )

    def _taken(self, ready: Events | None, refused: Iterable[tuple[Events, int, str, str]]) -> None:
        for rows, place, why, allowed in refused:
            self._refuse(rows, place, "time", why, allowed)
        if ready is None or not len(ready):
            return
        again = duplicates(ready)
        for place in again:
            why = "a duplicate: an earlier row has its stamp, account, action and order number"
            self._refuse(ready, int(place), "order", why, "each order or cancel once")
        ready = ready.take(np.delete(np.arange(len(ready)), again)) if len(again) else ready
        self.fine = self.fine or bool((ready.time % SECOND).any())
        self.numbered = self.numbered or ready.order is not None
        days = trading_day(ready.time, self.rules.clock.day_begins)
        first = np.flatnonzero(np.concatenate([[True], days[1:] != days[:-1]]))
        for begin, end in zip(first, np.append(first[1:], len(days)), strict=True):
            self._of_a_day(int(days[begin]), ready.take(slice(begin, end)))

    def _refuse(self, rows: Events, place: int, name: str, why: str, allowed: str) -> None:
        cells = spelled(rows, place, self.registers)
        value = {"time": cells[0], "order": cells[3]}[name]
        self.refuse(Refused(int(rows.row[place]), name, value, why, allowed, cells))

    def _of_a_day(self, day: int, events: Events) -> None:
        if day != self.day:
            self._close()
            self.day, self.pairing = day, Pairing()
        for code, number in enumerate(np.bincount(events.action, minlength=len(ACTIONS))):
            self.events[ACTIONS[code]] += int(number)
        quick = self.pairing.quick(events) if self.rules.cancels else np.zeros(len(events), bool)
        only = counted(events.action)
        some = events if only.all() else events.take(only)
        mine = quick if len(quick) == len(some) else quick[only]
        levels = [(self._rate(by), entity) for by, entity in self._entities(some.account)]
        with ThreadPoolExecutor(len(levels)) as pool:  # NumPy lets the interpreter go while it computes
            for done in [pool.submit(rate.step, who, some.time, some.action, mine) for rate, who in levels]:
                done.result()
        if self.market is not None and not only.all():
            self._minutes_of(events.take(events.action == TRADE))

    def _entities(self, account: Ints) -> Iterator[tuple[str, Ints]]:
        """The entity [event] whose events are counted together: the account, and who controls it."""
        yield "account", account
        if self.registers.controlled or self.rules.futures:
            yield "controller", self.registers.controller_of()[account]

    def _names(self, by: str) -> Callable[[int], str]:
        names = self.registers.accounts.names
        return self.registers.controller_name if by == "controller" else lambda code: names[code]

    def _rate(self, by: str) -> Rate:
        if by not in self.rates:
            self.rates[by] = Rate(by, self.rules, self._names(by))
        return self.rates[by]

    def _minutes_of(self, trades: Events) -> None:
        if trades.security is None or trades.side is None or trades.size is None or trades.price is None:
            return
        assert self.market
        amount = np.rint(trades.size * trades.price * MILS).astype(np.int64)
        for by, entity in self._entities(trades.account):
            if by not in self.minutes:
                known = self.registers.securities.names
                self.minutes[by] = Minutes(by, self.rules, self.market, self._names(by), known)
            self.minutes[by].step(entity, trades.time, trades.security, trades.side, amount)

    def _close(self) -> None:
        """End of a trading day: alarms of whole days, the figures of every entity."""
        if self.day is None:
            return
        rang: list[Alarm] = []
        for rate in self.rates.values():
            alarms, rows = rate.close()
            rang += alarms
            self.counts += [{"day": date(self.day), **row} for row in rows]
            rate.begin()
        for by, minutes in self.minutes.items():
            alarms, near = minutes.close()
            rang += alarms
            self.near += [{"day": date(self.day), **row} for row in near]
            self.unjudged += minutes.unjudged if by == "account" else 0
            minutes.begin()
        self.alarms += [alarm._replace(day=self.day) for alarm in rang if self._is_judged(alarm)]
        self.day = None

    def _is_judged(self, alarm: Alarm) -> bool:
        """Stocks by account, and by controller if there is one; futures by who controls the account."""
        if alarm.by == "account":
            return alarm.rule != "futures"
        return alarm.rule == "futures" or alarm.who in self.registers.control.values()


def trading_day(time: Ints, begins: int) -> Ints:
    """The day since 1970 [event] that stamps belong to: from `begins` o'clock on it is the next one.

    Where days begin in the afternoon, a night session goes to the next weekday. No night session is held
    before a holiday, so weekends are all there is to pass over.
    """
    if not begins:
        return time // DAY
    day = (time + (24 - begins) * 3600 * SECOND) // DAY
    weekday = (day + 3) % 7  # 1 January 1970 was a Thursday
    return day + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))


def table(rows: list[dict]) -> pd.DataFrame:
    """The day's figures [entity, column] with the ratio of cancels to orders, in an order of their own."""
    counts = pd.DataFrame(rows)
    if counts.empty:
        return counts
    counts["cancel_ratio"] = counts["cancels"] / counts["orders"].clip(lower=1)
    return counts.sort_values(["day", "by", "who"], ignore_index=True)


def spelled(events: Events, place: int, registers: Registers) -> tuple[str, ...]:
    """A row in words: time, account, action, order, security, side, size, price; empty where it has none."""
    one = events.take(slice(place, place + 1))
    side = {1: "buy", -1: "sell"}.get(int(one.side[0]), "") if one.side is not None else ""
    return (
        stamp(int(one.time[0])),
        registers.accounts.names[int(one.account[0])],
        ACTIONS[int(one.action[0])],
        "" if one.order is None else str(int(one.order[0])),
        "" if one.security is None else registers.securities.names[int(one.security[0])],
        side,
        *("" if a is None or np.isnan(a[0]) else f"{a[0]:.10g}" for a in (one.size, one.price)),
    )
