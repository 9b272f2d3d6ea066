"""What a thread of a GPU holds in registers, and what it sets aside and reads again, statement by statement.

Held are rows that are read soonest (Belady, 1966); where one must go, the one read last goes, and is written
to a home of its own (homes.py) unless it lies there already. A carried row has a home where it waits from
turn to turn, or, where registers are left over, a register of its own. Over a loop inside a block that is
held for which the loop leaves registers.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .alive import Alive
from .homes import Home
from .operands import again, handed_on, literal, made_by, operands, unwound
from .order import ordered
from .places import Handed, places
from .program import Loop, Program, Row

DIRTY = 0.7
"""How near a row that must be written before it goes seems, of how near it is."""


@dataclass(eq=False, slots=True)
class Step:
    """One thing that a thread does.

    do: a statement; save, read: a row to and from its home; start: a register that a loop hands on, from a
    row; hand: such a register's next value, `lasting` where the row goes by the register's name from then on;
    loop: the steps of a turn.
    """

    what: str
    it: Any
    home: Home | None = None
    row: Any = None
    lasting: bool = False
    steps: list["Step"] = field(default_factory=list)


class Plan:
    """The steps of a program for so many registers, and the homes of what is set aside."""

    def __init__(self, program: Program, alive: Alive, registers: int) -> None:
        """registers: rows that may be held at once; what an operation needs inside is not among them.

        `most` are held at once in the end.
        """
        self.alive, self.registers, self.most = alive, registers, 0
        self.homes: list[Home] = []
        self.home: dict[int, Home] = {}
        self.resident: set[int] = set()
        """Rows that have a register of their own, in the blocks that are open."""
        self.clock, self.weight = 0, 1
        block = _Block(self, program.body, [])
        block.furnish(registers)
        self.steps = block.planned()

    def moved(self, home: Home) -> None:
        """Count a row that goes to its home or comes from it."""
        self.clock += 1
        home.touched(self.clock, self.weight)

    def at_home(self, row: Row) -> Home:
        """The home of a row; a new one where it has none yet. A warp's place is written once a turn."""
        if id(row) not in self.home:
            self.home[id(row)] = Home(row.kind, row.lane or row.op == "carried")
            self.homes.append(self.home[id(row)])
        return self.home[id(row)]


class _Block:
    """The steps of one block."""

    def __init__(self, plan: Plan, body: list[Any], handed: list[Handed]) -> None:
        self.plan, alive = plan, plan.alive
        body = ordered([it for it in body if alive.has(it) and not literal(it)], handed)
        self.body, self.pairs = unwound(body, handed)
        self.assigned = places(self.body, self.pairs)[0]
        self.own = {id(row) for it in self.body for row in made_by(it)}
        self.uses = self._uses()
        self.loops = {id(it): _Inside.of(plan, it) for it in self.body if isinstance(it, Loop)}
        self.most: int = max([self._most(), *(it.block.most for it in self.loops.values())])
        self.handed = {id(after): carried for carried, after in self.pairs}
        self.starting: dict[int, tuple[int, Row, Row, _Inside]] = {}
        self.room, self.resident = 0, set[int]()
        self.held: dict[int, Row] = {}
        self.steps: list[Step] = []

    def furnish(self, room: int) -> None:
        """Give registers of their own to carried rows, those read most often: as many as are left over."""
        often = sorted(self.pairs, key=lambda it: -len(self.uses.get(id(it[0]), [])))
        self.resident = {id(carried) for carried, _ in often[: max(0, room - self.most)]}
        self.room = room - len(self.resident)
        for place, loop in enumerate(self.body):
            if isinstance(loop, Loop):
                inside = self.loops[id(loop)]
                inside.block.furnish(self.room)
                for carried, start, _, final in inside.needed:
                    lasting = id(carried) in inside.block.resident
                    if id(start) in self.own and inside.alone(start) and not lasting:
                        self.starting[id(start)] = 2 * place, carried, final, inside

    def spare(self) -> int:
        """Registers that neither this block nor one in it takes."""
        return min([self.room - self.most, *(it.block.spare() for it in self.loops.values())])

    def shrink(self, count: int) -> None:
        """Leave so many registers to what is around the block."""
        self.room -= count
        for it in self.loops.values():
            it.block.shrink(count)

    def planned(self) -> list[Step]:
        """All steps."""
        self.plan.resident |= self.resident
        for k in range(-1, len(self.body)):
            if k >= 0:
                self._statement(self.body[k], 2 * k)
            for carried, after in self.assigned.get(k, []):
                self._hand(carried, after, 2 * k + 1)
        return self.steps

    def read(self) -> list[Row]:
        """Rows that are read here and were made outside."""
        return [row for it in self.body for row in operands(it, self.plan.alive)] + [
            after for handed in self.assigned.values() for _, after in handed
        ]

    def _uses(self) -> dict[int, list[int]]:
        """Of every row, when it is read: at twice a statement's place; one later where it is handed on."""
        uses: dict[int, list[int]] = {}
        for k in range(-1, len(self.body)):
            read = operands(self.body[k], self.plan.alive) if k >= 0 else []
            for row in read:
                uses.setdefault(id(row), []).append(2 * k)
            for _, after in self.assigned.get(k, []):
                uses.setdefault(id(after), []).append(2 * k + 1)
        return uses

    def _most(self) -> int:
        """How many rows made here live at once at most, and the three that an operation reads of others."""
        change: dict[int, int] = {}
        for k, it in enumerate(self.body):
            for row in made_by(it):
                if id(row) in self.uses:
                    last = self.uses[id(row)][-1]
                    change[2 * k] = change.get(2 * k, 0) + 1
                    change[last + 1] = change.get(last + 1, 0) - 1
        now = most = 0
        for place in sorted(change):
            now += change[place]
            most = max(most, now)
        return most + 3

    def _next(self, row: Row, now: int) -> int | None:
        """When a row is read next in this block."""
        uses = self.uses.get(id(row), [])
        k = bisect_right(uses, now)
        return uses[k] if k < len(uses) else None

    def _statement(self, it: Any, now: int) -> None:
        if isinstance(it, Loop):
            self._loop(it, now)
            return
        read = operands(it, self.plan.alive)
        self._hold(read, now)
        self._let_go(read, now)
        if isinstance(it, Row):
            self._make_room(1, now, set())
        self.steps.append(Step("do", it))
        self.plan.clock += 1
        if isinstance(it, Row) and self._next(it, now) is not None:
            self._held(it)

    def _held(self, row: Row) -> None:
        self.held[id(row)] = row
        resident = self.plan.registers - self.room
        self.plan.most = max(self.plan.most, resident + len(self.held))

    def _hold(self, rows: list[Row], now: int) -> None:
        """See that rows are in registers."""
        locked = {id(row) for row in rows}
        for row in rows:
            if id(row) in self.held or id(row) in self.plan.resident or literal(row):
                continue
            self._make_room(1, now, locked)
            if again(row):
                self.steps.append(Step("do", row))
            else:
                self._moved("read", row, self.plan.home[id(row)])
            self._held(row)

    def _moved(self, what: str, row: Row, home: Home) -> None:
        self.plan.moved(home)
        self.steps.append(Step(what, row, home))

    def _let_go(self, rows: list[Row], now: int) -> None:
        for row in rows:
            if self._next(row, now) is None:
                self.held.pop(id(row), None)

    def _make_room(self, count: int, now: int, locked: set[int]) -> None:
        while len(self.held) + count > self.room:
            free = [row for key, row in self.held.items() if key not in locked]
            gone = max(free, key=lambda row: self._distance(row, now))
            self._save(gone, now)
            del self.held[id(gone)]

    def _distance(self, row: Row, now: int) -> float:
        after = self._next(row, now - 1)
        if after is None:
            return float("inf")
        clean = id(row) in self.plan.home or again(row)
        return (after - now) * (1 if clean else DIRTY)

    def _save(self, row: Row, now: int) -> None:
        """Write a row to a home, if it has none and is read again."""
        if id(row) not in self.plan.home and not again(row) and self._next(row, now - 1) is not None:
            place, carried, final, inside = self.starting.get(id(row), (None, row, row, None))
            if inside and self.uses[id(row)][-1] == place:  # it need not be moved when the loop begins
                self._join(carried, row, final, inside, now)
                self.plan.home[id(row)] = self.plan.at_home(carried)
            self._moved("save", row, self.plan.at_home(row))

    def _hand(self, carried: Row, after: Row, now: int) -> None:
        """A carried row's next value: from here on the new row lies where the carried one did."""
        if self.plan.home.get(id(after)) is self.plan.home.get(id(carried), self):
            self._let_go([after], now)
            return  # it waits there already
        self._hold([after], now)
        mine = id(after) in self.own
        if id(carried) in self.resident:
            self.steps.append(Step("hand", carried, row=after, lasting=mine))
            if mine:
                self.held.pop(id(after), None)
                self.plan.resident.add(id(after))
        else:
            home = self.plan.home[id(carried)]
            self._moved("save", after, home)
            if mine:
                self.plan.home.setdefault(id(after), home)
        self._let_go([after], now)

    def _loop(self, loop: Loop, now: int) -> None:
        plan = self.plan
        it = self.loops[id(loop)]
        needed, inside, read_inside = it.needed, it.block, it.read
        for carried, start, _, final in needed:
            self._join(carried, start, final, it, now)
        self._started(it, now)
        kept = self._kept(inside, now)
        for row in self.held.values():
            if id(row) not in kept:
                self._save(row, now if id(row) in read_inside else now + 1)
        self.held = kept
        plan.resident |= set(kept)
        inside.shrink(len(kept))
        first, plan.weight = plan.clock, plan.weight * loop.length
        self.steps.append(Step("loop", loop, steps=inside.planned()))
        plan.clock, plan.weight = plan.clock + 1, plan.weight // loop.length
        for home in plan.homes:
            home.spans(first, plan.clock)
        plan.resident -= set(kept)
        self._let_go(list(kept.values()), now)
        for carried, _, _, final in needed:
            if id(carried) in inside.resident:
                self._held(final)
            else:
                plan.home[id(final)] = plan.home[id(carried)]
        self._make_room(0, now + 1, set())

    def _join(self, carried: Row, start: Row, final: Row, it: "_Inside", now: int) -> None:
        """Let a loop's carried row wait where the one lies that it is handed to, if that is read no more."""
        outer = self.handed.get(id(final))
        if outer is None or id(carried) in it.block.resident or id(carried) in self.plan.home:
            return
        read = id(outer) in it.read or not (outer is not start or it.alone(outer))
        if id(outer) in self.plan.home and not read and self._unread(outer, start, now):
            self.plan.home[id(carried)] = self.plan.home[id(outer)]

    def _unread(self, outer: Row, start: Row, now: int) -> bool:
        """Whether a row is read no more, but where it is what the loop at hand starts from."""
        return self._next(outer, now if outer is start else now - 1) is None

    def _started(self, it: "_Inside", now: int) -> None:
        """Give every carried row what it starts as: those at home first, then those in registers."""
        room, resident, home = self.room, it.block.resident, self.plan.home
        order = sorted(it.needed, key=lambda one: id(one[0]) in resident)
        for k, (carried, start, _, _) in enumerate(order):
            there = home.get(id(start)) is home.get(id(carried), self)
            if not there:
                self._hold([start], now)
            if id(start) not in it.read and all(start is not later[1] for later in order[k + 1 :]):
                self._let_go([start], now)
            if id(carried) in resident:
                self.room -= 1
                self._make_room(0, now, {id(start)})
                self.steps.append(Step("start", carried, row=start))
            elif not there:
                self._moved("save", start, self.plan.at_home(carried))
        self.room = room

    def _kept(self, inside: "_Block", now: int) -> dict[int, Row]:
        """Rows that stay in registers over a loop, if it leaves any: those it reads, then those read soon."""
        spare = max(0, inside.spare())
        first = sorted(
            self.held.values(),
            key=lambda row: (-len(inside.uses.get(id(row), [])), self._next(row, now) or 0),
        )
        return {id(row): row for row in first[:spare]}


class _Inside(NamedTuple):
    """A loop in a block: what is handed on, its own block, rows of outside that are read in it."""

    needed: list[tuple[Row, Row, Row, Row]]  # carried, start, after, final
    block: _Block
    read: set[int]

    @staticmethod
    def of(plan: Plan, loop: Loop) -> "_Inside":
        """A loop, its block not yet furnished."""
        needed = handed_on(loop, plan.alive)
        block = _Block(plan, loop.body, [(carried, after) for carried, _, after, _ in needed])
        return _Inside(needed, block, {id(row) for row in block.read()})

    def alone(self, start: Row) -> bool:
        """Whether one carried row starts as this row, and nothing in the loop reads it."""
        return sum(row is start for _, row, _, _ in self.needed) == 1 and id(start) not in self.read
