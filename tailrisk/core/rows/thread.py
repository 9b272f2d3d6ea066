"""A program as a thread of a GPU runs it: what its registers cannot hold is set aside by plan, not by chance.

A compiler that runs out of registers spills as it sees fit, to its own memory, loads of the same row over
and over. Here the text itself says what lies where (registers.py, homes.py) and every access is counted.
"""

from typing import NamedTuple

from .homes import Layout, settled
from .program import Loop, Memory, Program, Store
from .registers import Plan, Step
from .source import LANES, SCALARS, Writer, row_type

SMALL = 32
"""Rows of a memory that may lie in shared memory."""


class Budget(NamedTuple):
    """What a thread may take: rows in registers, bytes of shared memory."""

    registers: int
    shared: int


class Traffic(NamedTuple):
    """What a path moves to and from what is set aside: bytes of shared memory, of its own, and accesses."""

    shared: int
    own: int
    accesses: int


class Threaded(Writer):
    """Writes the steps of a plan."""

    def __init__(self, program: Program, budget: Budget) -> None:
        super().__init__(program)
        self.plan = Plan(program, self.alive, budget.registers)
        self.near = self._near(budget.shared // 8)
        near = sum(memory.size for memory in self.near)
        self.homes: Layout = settled(self.plan.homes, budget.shared - 4 * near)
        self.layout = self.homes._replace(words=self.homes.words + near)
        self.reads = 0

    def _near(self, words: int) -> list[Memory]:
        """Small memories, which lie in shared memory while they fit in half of it."""
        near: list[Memory] = []
        for memory in self.owned:
            if memory.lane and memory.kind != "b" and memory.size <= min(SMALL, words):
                near.append(memory)
                words -= memory.size
        return near

    def text(self) -> str:
        """All of it."""
        self.lines.append("  PLACES")
        place = self.homes.words
        for memory in self.owned:
            name, kind = self.memories[id(memory)], (LANES if memory.lane else SCALARS)[memory.kind]
            if memory in self.near:
                self.lines.append(f"  NEAR({kind}, {name}, {place})")
                place += memory.size
            else:
                self.lines.append(f"  OWN({kind}, {name}, {memory.size})")
        self.written(self.plan.steps, "  ")
        return "\n".join(self.lines)

    def defines(self) -> str:
        """The sizes of the places, for thread.h."""
        sizes = {"WORDS": self.layout.words, "BYTES": -(-self.layout.bytes // 4) * 4}
        sizes |= {"WARP_WORDS": self.layout.warp, "ASIDE": self.layout.own}
        return "\n".join(f"#define {name} {size}" for name, size in sizes.items())

    def written(self, steps: list[Step], indent: str) -> None:
        """The lines of some steps."""
        for step in steps:
            if step.what == "loop":
                self.turns(step.it, step.steps, indent)
            else:
                self.lines.append(f"{indent}{self.line(step)}")

    def turns(self, loop: Loop, steps: list[Step], indent: str) -> None:
        """A loop."""
        turn = self.names[id(loop.turn)] = f"t{len(self.names)}"
        self.lines.append(f"{indent}LOOP(int {turn} = 0; {turn} < {loop.length}; ++{turn}) {{ TURN")
        self.written(steps, indent + "  ")
        self.lines.append(f"{indent}}}")
        for carried, final in zip(loop.carried, loop.final, strict=True):
            if id(carried) in self.names:
                self.names[id(final)] = self.names[id(carried)]

    def line(self, step: Step) -> str:
        """One step as a statement."""
        it = step.it
        if step.what == "do" and isinstance(it, Store):
            return self.store(it)
        if step.what == "do":
            value = self.expression(it)
            return f"const {row_type(it)} {self.named(it)} = {value};"
        if step.what == "start":
            value = self.name(step.row)
            return f"{row_type(it)} {self.named(it)} = {value};"
        if step.what == "hand":
            name = self.names[id(it)]
            line = f"{name} = {self.name(step.row)};"
            if step.lasting:
                self.names[id(step.row)] = name
            return line
        assert step.home is not None
        where = f"{step.home.region.upper()}, {step.home.slot}"
        if step.what == "save":
            return f"SAVE({where}, {self.name(it)});"
        return f"const {row_type(it)} {self.named(it)} = READ({where}, {LANES[it.kind]});"

    def named(self, row: object) -> str:
        """A new name for a row."""
        self.reads += 1
        name = self.names[id(row)] = f"x{self.reads}"
        return name

    def traffic(self) -> Traffic:
        """What a path moves to and from its homes."""
        moved = {"words": 0, "bytes": 0, "warp": 0, "own": 0}
        for home in self.plan.homes:
            moved[home.region] += home.weight
        shared = 4 * (moved["words"] + moved["warp"]) + moved["bytes"]
        return Traffic(shared, 4 * moved["own"], sum(moved.values()))

    @property
    def own(self) -> int:
        """Bytes of its own memory that a thread takes."""
        far = [m for m in self.owned if m.lane and m not in self.near]
        return 4 * (self.layout.own + sum(memory.size for memory in far))
