"""What a kernel computes, as rows: one number a path, in loops, with memory where a number chooses a row.

A row is written once and read often. Four kinds of number: `f` float32, `i` int32, `u` uint32, `b` a flag.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

KINDS = {"float32": "f", "int32": "i", "uint32": "u", "bool": "b"}
DTYPES: dict[str, Any] = {"f": np.float32, "i": np.int32, "u": np.uint32, "b": np.bool_}


@dataclass(eq=False, slots=True)
class Memory:
    """Numbers side by side: an argument, an output, or what the kernel sets aside for itself."""

    role: str  # argument, output, own
    kind: str
    lane: bool  # a number of each path, or one for all
    size: int
    place: int = 0  # of an argument or an output among its like


@dataclass(eq=False, slots=True)
class Row:
    """One number of each path (`lane`), or one for all of them."""

    op: str
    kind: str
    lane: bool
    of: tuple["Row", ...] = ()
    at: Any = None  # the value of a constant; (memory, base, strides) of a load


@dataclass(eq=False, slots=True)
class Pair:
    """A complex number: two rows."""

    real: Any
    imag: Any


@dataclass(eq=False, slots=True)
class Ref:
    """A number in memory: at base + sum of index times stride."""

    memory: Memory
    base: int
    terms: tuple[tuple[Row, int], ...] = ()


@dataclass(eq=False, slots=True)
class Store:
    """Writes a row to a place in memory."""

    to: Ref
    row: Row


@dataclass(eq=False, slots=True)
class Loop:
    """`length` turns of a body; what is carried is `start` at first, `after` each turn, `final` at last."""

    length: int
    turn: Row
    body: list[Any] = field(default_factory=list)
    carried: list[Row] = field(default_factory=list)
    start: list[Row] = field(default_factory=list)
    after: list[Row] = field(default_factory=list)
    final: list[Row] = field(default_factory=list)


@dataclass(eq=False)
class Program:
    """The whole kernel."""

    arguments: list[Memory]
    outputs: list[Memory]
    number: Row  # the paths' numbers
    body: list[Any]


class Builder:
    """Writes rows one after another into the block that is open; none is written twice."""

    def __init__(self) -> None:
        self.blocks: list[list[Any]] = [[]]
        self.seen: list[dict[Any, Row]] = [{}]
        self.constants: dict[Any, Row] = {}

    def constant(self, value: Any, kind: str) -> Row:
        """A number known now."""
        value = DTYPES[kind](value)
        return self.constants.setdefault(
            (kind, value.tobytes()), Row(op="constant", kind=kind, lane=False, at=value)
        )

    def row(self, op: str, kind: str, *of: Row, lane: bool | None = None, at: Any = None) -> Row:
        """`op` of other rows; of each path if one of those is, unless said."""
        lane = any(x.lane for x in of) if lane is None else lane
        key = (op, kind, lane, tuple(map(id, of)), at)
        for seen in reversed(self.seen):
            if key in seen:
                return seen[key]
        made = self.seen[-1][key] = Row(op=op, kind=kind, lane=lane, of=of, at=at)
        self.blocks[-1].append(made)
        return made

    def read(self, x: Any) -> Any:
        """The row itself, of a Ref loaded here."""
        if not isinstance(x, Ref):
            return x
        index = tuple(row for row, _ in x.terms)
        lane = x.memory.lane or any(row.lane for row in index)
        at = (x.memory, x.base, tuple(stride for _, stride in x.terms))
        return self.row("load", x.memory.kind, *index, lane=lane, at=at)

    def store(self, to: Ref, row: Any) -> None:
        """Write a row to memory."""
        self.blocks[-1].append(Store(to, self.read(row)))

    @contextmanager
    def loop(self, length: int) -> Iterator[Loop]:
        """A loop whose body is what is written inside."""
        it = Loop(length, Row(op="turn", kind="i", lane=False))
        self.blocks.append(it.body)
        self.seen.append({})
        yield it
        self.blocks.pop()
        self.seen.pop()
        self.blocks[-1].append(it)

    def carry(self, loop: Loop, start: Any, lane: bool) -> Row:
        """A row that a loop hands from turn to turn; `start` was read before it."""
        row = Row(op="carried", kind=start.kind, lane=lane)
        loop.carried.append(row)
        loop.start.append(start)
        loop.final.append(Row(op="final", kind=start.kind, lane=lane, of=(row,)))
        return row
