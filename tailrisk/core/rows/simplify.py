"""A program written anew with what is known: what no turn of a loop changes, zeros and ones it is given.

    simplified(program, codes)

A carried row is taken for what it starts as until a turn is found to change it: books that nobody has and
memory of what is off go, and what follows from them. `codes` say which numbers of the arguments are zero or
one: a kernel made with them is one of worlds whose zeros and ones stand there.
"""

from collections.abc import Sequence
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .builder import Builder
from .program import Loop, Memory, Program, Ref, Row, Store

ZERO, ONE, NONE = 1, 2, 3
Codes = NDArray[np.uint8]
"""[number]  of every argument in turn, number by number."""


def codes(arguments: Sequence[NDArray[Any]]) -> Codes:
    """Of every argument [..]: ZERO, ONE, NONE where it is no number, or nothing known; [number].

    The zero of a minus is not known.
    """
    flat = np.concatenate([np.ravel(x) for x in arguments] or [np.zeros(0)])
    zero = (flat == 0) & ~np.signbit(flat) if flat.dtype.kind == "f" else flat == 0
    return (zero * ZERO + (flat == 1) * ONE + (flat != flat) * NONE).astype(np.uint8)


def simplified(program: Program, known: Codes | None = None, lifted: bool = False) -> Program:
    """The same outputs by fewer rows; `lifted`: what a loop does not change is computed before it."""
    return _Simplifier(program, known, Builder(lifted)).program()


class _Simplifier:
    def __init__(self, program: Program, known: Codes | None, builder: Builder) -> None:
        self.old, self.known, self.b = program, known, builder
        self.rows: dict[int, Row] = {id(program.number): program.number}
        self.first = np.cumsum([0, *(memory.size for memory in program.arguments)])
        self.moving: dict[int, set[int]] = {}
        """Of every loop, the carried rows that a turn changes."""

    def program(self) -> Program:
        self.block(self.old.body)
        return Program(self.old.arguments, self.old.outputs, self.old.number, self.b.blocks[0])

    def block(self, body: list[Any]) -> None:
        for it in body:
            if isinstance(it, Loop):
                self.loop(it)
            elif isinstance(it, Store):
                terms = tuple((self.row(x), stride) for x, stride in it.to.terms)
                self.b.store(self.place(it.to.memory, it.to.base, terms), self.row(it.row))
            else:
                self.rows[id(it)] = self.written(it)

    def row(self, old: Row) -> Row:
        """What a row has become."""
        return self.b.constant(old.at, old.kind) if old.op == "constant" else self.rows[id(old)]

    def written(self, old: Row) -> Row:
        of = tuple(self.row(x) for x in old.of)
        if old.op == "load":
            memory, base, strides = old.at
            return self.load(self.place(memory, base, tuple(zip(of, strides, strict=True))))
        return self.b.row(old.op, old.kind, *of)

    def place(self, memory: Memory, base: int, terms: tuple[tuple[Row, int], ...]) -> Ref:
        """A place in memory; an index that is known is counted into its base."""
        fixed = sum(int(row.at) * stride for row, stride in terms if row.op == "constant")
        return Ref(memory, base + fixed, tuple(term for term in terms if term[0].op != "constant"))

    def load(self, ref: Ref) -> Row:
        memory = ref.memory
        made: Row = self.b.read(ref)
        if self.known is None or memory.role != "argument":
            return made
        step = gcd(*(stride for _, stride in ref.terms)) or memory.size
        mine = self.known[self.first[memory.place] :][: memory.size]
        within = set(mine[ref.base % step :: step].tolist())
        if within == {ZERO} or within == {ONE}:
            return self.b.constant(within == {ONE}, memory.kind)
        made.sure = NONE not in within
        if ZERO not in within:
            self.b.nonzero.add(id(made))
        return made

    def loop(self, old: Loop) -> None:
        moving = self.moving.setdefault(id(old), set())
        start = [self.row(x) for x in old.start]
        while True:
            new = self.turned(old, start, moving)
            after = [self.row(x) for x in old.after]
            changed = {k for k, x in enumerate(after) if k not in moving and x is not start[k]}
            if not changed:
                break
            moving |= changed
            _handed_down(old, moving)
            self.b.dropped(new)
        new.after = [after[k] for k in sorted(moving)]
        ends = dict(zip(sorted(moving), new.final, strict=True))
        for k, final in enumerate(old.final):
            self.rows[id(final)] = ends.get(k, start[k])

    def turned(self, old: Loop, start: list[Row], moving: set[int]) -> Loop:
        with self.b.loop(old.length) as new:
            for k, row in enumerate(old.carried):
                self.rows[id(row)] = (
                    self.b.carry(new, start[k], row.lane or start[k].lane) if k in moving else start[k]
                )
            self.rows[id(old.turn)] = new.turn
            self.block(old.body)
        return new


def _handed_down(loop: Loop, moving: set[int]) -> None:
    """A window of days: what becomes a row that changes changes a turn later."""
    places = {id(row): k for k, row in enumerate(loop.carried)}
    while more := {k for k, x in enumerate(loop.after) if places.get(id(x)) in moving} - moving:
        moving |= more
