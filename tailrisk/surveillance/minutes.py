"""Trades by the minute beside the market's: moves of stocks (type 3) and large trades (type 4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..core.errors import InputError
from .alarms import ONE_MINUTE, Alarm, clock
from .events import BUY, Ints
from .rules import MINUTE, Rules

MANY = 1 << 20
"""More securities than any market has."""
MILS = 1000
"""Amounts are summed in whole thousandths of a yuan, so that no order of the sum changes it."""


@dataclass(frozen=True)
class Market:
    """The market's own minutes, sorted by minute and security."""

    mark: Ints  # [row] minute * MANY + code of the security or index
    move: np.ndarray  # [row] return over the minute
    amount: np.ndarray  # [row] yuan traded in it
    covers: dict[int, frozenset[str]]  # code of an index -> the exchanges whose trades it is of

    def at(self, minute: Ints, security: Ints) -> tuple[Ints, np.ndarray, np.ndarray]:
        """Whether there is a row [pair], its move and its amount."""
        mark = minute.astype(np.int64) * MANY + security
        place = np.minimum(np.searchsorted(self.mark, mark), len(self.mark) - 1)
        return self.mark[place] == mark, self.move[place], self.amount[place]


def exchange(security: str) -> str:
    """SH, SZ or BJ by a code's suffix, else by its first digit; empty where neither says."""
    suffix = security.upper().rpartition(".")[2]
    known = {"SH": "SH", "XSHG": "SH", "SS": "SH", "SZ": "SZ", "XSHE": "SZ", "BJ": "BJ"}.get(suffix)
    return known or {"6": "SH", "9": "SH", "0": "SZ", "2": "SZ", "3": "SZ", "8": "BJ", "4": "BJ"}.get(
        security[:1], ""
    )


class Minutes:
    """One day's trades of accounts, or of controllers, gathered a minute at a time."""

    def __init__(
        self, by: str, rules: Rules, market: Market, name: Callable[[int], str], security: list[str]
    ) -> None:
        self.by, self.rules, self.market, self.name, self.security = by, rules, market, name, security
        self.begin()

    def begin(self) -> None:
        """Forget the day before."""
        self.parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
        self.near: list[dict[str, object]] = []
        self.unjudged = 0

    def step(self, entity: Ints, time: Ints, security: Ints, side: Ints, amount: Ints) -> None:
        """Add trades [trade] sorted by time, amounts in MILS; minutes that are over are judged.

        InputError: an account traded more of a stock than the market's minute says there was.
        """
        if not len(time):
            return
        now = int(time[-1]) // MINUTE
        self.parts.append(_gathered(time // MINUTE, entity, security, side, amount))
        if now > int(self.parts[0][0][0]):
            self._judge(now)

    def _judge(self, now: int | None = None) -> None:
        """Judge every minute before `now`, or all."""
        if not self.parts:
            return
        minute, entity, security, side, amount = _gathered(
            *(np.concatenate(columns) for columns in zip(*self.parts, strict=True))
        )
        over = minute < (now if now is not None else minute[-1] + 1)
        self.parts = [(minute[~over], entity[~over], security[~over], side[~over], amount[~over])]
        self.parts = self.parts if len(self.parts[0][0]) else []
        done = (minute[over], entity[over], security[over], side[over], amount[over])
        if len(done[0]):
            self._moves(*done)
            self._trades(*done)

    def _moves(self, minute: Ints, entity: Ints, security: Ints, side: Ints, amount: Ints) -> None:
        there, move, whole = self.market.at(minute, security)
        self.unjudged += int((~there).sum())
        amount = amount / MILS
        part = np.divide(amount, whole, out=np.zeros_like(amount), where=there & (whole > 0))
        if (there & (amount > whole * (1 + 1e-6))).any():
            k = int(np.flatnonzero(there & (amount > whole * (1 + 1e-6)))[0])
            place = f"minutes: {self.security[security[k]]}, {clock(int(minute[k]) * MINUTE)}: amount"
            problem = (
                f"{whole[k]:g}, less than the {amount[k]:g} that {self.name(int(entity[k]))} traded alone"
            )
            raise InputError(place, problem, "yuan, of the whole market")
        if self.rules.moves:
            low = self.rules.lowest
            near = there & (side * move >= low * self.rules.moves.move)
            near &= part >= low * self.rules.moves.fraction
            for one in np.flatnonzero(near):
                self._note(
                    "moves", minute, entity, self.security[security[one]], side, move, amount, part, int(one)
                )

    def _trades(self, minute: Ints, entity: Ints, security: Ints, side: Ints, amount: Ints) -> None:
        if not self.rules.trades:
            return
        on = np.array([exchange(self.security[s]) for s in np.unique(security)])
        where = on[np.searchsorted(np.unique(security), security)]
        for index, exchanges in self.market.covers.items():
            mine = np.isin(where, list(exchanges))
            code = np.full(int(mine.sum()), index)
            some = _gathered(minute[mine], entity[mine], code, side[mine], amount[mine])
            there, move, whole = self.market.at(some[0], some[2])
            self.unjudged += int((~there).sum())
            sums = some[4] / MILS
            part = np.divide(sums, whole, out=np.zeros_like(sums), where=there & (whole > 0))
            rule, low = self.rules.trades, self.rules.lowest
            near = there & (some[3] * move >= low * rule.move) & (sums >= low * rule.amount)
            near &= part >= low * rule.fraction
            for k in np.flatnonzero(near):
                self._note(
                    "trades", some[0], some[1], self.security[index], some[3], move, sums, part, int(k)
                )

    def _note(
        self,
        rule: str,
        minute: Ints,
        entity: Ints,
        security: str,
        side: Ints,
        move: np.ndarray,
        amount: np.ndarray,
        part: np.ndarray,
        k: int,
    ) -> None:
        who = self.name(int(entity[k]))
        row = {"rule": rule, "minute": int(minute[k]), "by": self.by, "who": who, "security": security}
        row |= {"side": "buy" if side[k] == BUY else "sell", "move": float(move[k])}
        self.near.append(row | {"amount": float(amount[k]), "fraction": float(part[k])})

    def close(self) -> tuple[list[Alarm], list[dict[str, object]]]:
        """The day's alarms, day not yet set, and minutes near a threshold. Raises InputError as `step`."""
        self._judge()
        return [*self._of_moves(), *self._of_trades()], self.near

    def _of_moves(self) -> Iterator[Alarm]:
        rule = self.rules.moves
        rung: dict[str, list[dict]] = {}
        if rule is None:
            return
        for row in self.near:
            if row["rule"] == "moves" and beyond(row, move=rule.move, fraction=rule.fraction):
                rung.setdefault(str(row["who"]), []).append(row)
        for who, rows in rung.items():
            if len(rows) >= rule.times:
                rows = sorted(rows, key=lambda row: (row["minute"], row["security"]))
                met, end = (_end(rows[k]) for k in (rule.times - 1, -1))
                evidence = "; ".join(as_evidence(row) for row in rows[:3])
                evidence += f"; and {len(rows) - 3} more" if len(rows) > 3 else ""
                yield Alarm("moves", ONE_MINUTE, 0, met, end, self.by, who, len(rows), rule.times, evidence)

    def _of_trades(self) -> Iterator[Alarm]:
        rule = self.rules.trades
        for row in self.near if rule else []:
            wanted = {"move": rule.move, "amount": rule.amount, "fraction": rule.fraction} if rule else {}
            if rule and row["rule"] == "trades" and beyond(row, **wanted):
                who, amount, end = str(row["who"]), float(str(row["amount"])), _end(row)
                yield Alarm(
                    "trades", ONE_MINUTE, 0, end, end, self.by, who, amount, rule.amount, as_evidence(row)
                )


def beyond(row: dict, **least: float) -> bool:
    """Whether a minute reaches every threshold; a fall counts as a move."""
    return all(abs(float(row[name])) >= threshold for name, threshold in least.items())


def as_evidence(row: dict) -> str:
    """A minute as evidence."""
    verb = "bought" if row["side"] == "buy" else "sold"
    begin = clock(int(row["minute"]) * MINUTE)[:5]
    text = f"{row['security']} {row['move']:+.2%} in the minute from {begin}, {verb} "
    return text + f"{row['amount']:,.0f} yuan, {row['fraction']:.2%} of its trading"


def _end(row: dict) -> int:
    return (int(row["minute"]) + 1) * MINUTE


def _gathered(
    minute: Ints, entity: Ints, security: Ints, side: Ints, amount: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Amounts summed by minute, entity, security and side, sorted by minute."""
    columns = (side, security, entity, minute)
    rank = np.lexsort(columns)
    ranked = [column[rank] for column in columns]
    fresh = np.ones(len(rank), bool)
    fresh[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in ranked])
    first = np.flatnonzero(fresh)
    total = np.add.reduceat(amount[rank], first) if len(first) else amount[:0]
    side, security, entity, minute = (column[first] for column in ranked)
    return minute, entity, security, side, total
