"""Writes rows one after another: none twice, and none where what it comes to is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import algebra
from .program import DTYPES, Loop, Ref, Row, Store


class Builder:
    """Writes rows into the block that is open, or, if `lifted`, the outermost one that has what they need."""

    def __init__(self, lifted: bool = False) -> None:
        self.lifted = lifted
        self.blocks: list[list[Any]] = [[]]
        self.seen: list[dict[Any, Row]] = [{}]
        self.constants: dict[Any, Row] = {}
        self.nonzero: set[int] = set()
        """Rows known to be no zero, beside what `algebra` sees."""
        self._level: dict[int, int] = {}
        self._stored: dict[int, int] = {}
        """Of every memory, how deep in the loops that are open it is written."""
        self._made: list[Row] = []  # so that no number of an object is given twice

    def constant(self, value: Any, kind: str) -> Row:
        """A number known now."""
        value = DTYPES[kind](value)
        return self.constants.setdefault(
            (kind, value.tobytes()),
            Row(op="constant", kind=kind, lane=False, at=value, sure=bool(value == value)),
        )

    def row(self, op: str, kind: str, *of: Row, lane: bool | None = None, at: Any = None) -> Row:
        """`op` of other rows; of each path if one of those is, unless said."""
        known = algebra.simpler(self, op, kind, of)
        if known is not None:
            return known
        if lane is None:
            lane = op in algebra.FLOATING or any(x.lane for x in of)
        operands = tuple(map(id, of))
        key = (op, kind, lane, tuple(sorted(operands)) if op in algebra.COMMUTING else operands, at)
        for seen in reversed(self.seen):
            if key in seen:
                return seen[key]
        level = self._needed(op, of, at)
        made = self.seen[level][key] = Row(op=op, kind=kind, lane=lane, of=of, at=at)
        made.sure = algebra.sure(made)
        self._level[id(made)] = level
        self._made.append(made)
        self.blocks[level].append(made)
        return made

    def _needed(self, op: str, of: tuple[Row, ...], at: Any) -> int:
        """How deep in loops a row must stand."""
        if not self.lifted:
            return len(self.blocks) - 1
        written = self._stored.get(id(at[0]), 0) if op == "load" else 0
        return max([written, *(self._level.get(id(x), 0) for x in of)])

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
        self._stored[id(to.memory)] = len(self.blocks) - 1

    @contextmanager
    def loop(self, length: int) -> Iterator[Loop]:
        """A loop whose body is what is written inside."""
        it = Loop(length, Row(op="turn", kind="i", lane=False))
        self.blocks.append(it.body)
        self.seen.append({})
        self._level[id(it.turn)] = len(self.blocks) - 1
        self._made.append(it.turn)
        yield it
        self.blocks.pop()
        self.seen.pop()
        outside = len(self.blocks) - 1
        self._stored = {memory: min(level, outside) for memory, level in self._stored.items()}
        self.blocks[-1].append(it)

    def dropped(self, loop: Loop) -> None:
        """Take back the loop just written."""
        assert self.blocks[-1].pop() is loop

    def carry(self, loop: Loop, start: Any, lane: bool) -> Row:
        """A row that a loop hands from turn to turn, asked for inside it; `start` was read before it."""
        row = Row(op="carried", kind=start.kind, lane=lane)
        final = Row(op="final", kind=start.kind, lane=lane, of=(row,))
        loop.carried.append(row)
        loop.start.append(start)
        loop.final.append(final)
        self._made += [row, final]
        self._level[id(row)] = len(self.blocks) - 1
        self._level[id(final)] = len(self.blocks) - 2
        return row
