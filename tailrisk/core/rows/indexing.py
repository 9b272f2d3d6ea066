"""Rows chosen by a number that is not known before the kernel runs: loads, or memory set aside for them."""

from itertools import pairwise
from typing import Any

import numpy as np

from . import arithmetic
from .builder import Builder
from .program import Memory, Pair, Ref, Row
from .shapes import Array, filled

FEW = 3
"""Rows in a row that are copied one by one and not in a loop."""


def prepared(b: Builder, x: Array) -> Array:
    """`x` [n, ..] so that a loop can take its rows in turn: stored where they do not lie evenly in memory."""
    columns = x.reshape(len(x), -1)
    if all(_step(columns[:, k]) is not None for k in range(columns.shape[1])):
        return x
    if any(isinstance(row, Pair) for row in columns.flat):
        halves = [prepared(b, _part(x, name)) for name in ("real", "imag")]
        return filled(x.shape, [Pair(*both) for both in zip(*(h.flat for h in halves), strict=True)])
    return stored(b, x)


def stored(b: Builder, x: Array, memory: Memory | None = None) -> Array:
    """`x` [n, ..] copied to memory of its own, or to that given, row after row."""
    columns = x.reshape(len(x), -1)
    rows = [_kind(row) for row in columns.flat]
    if memory is None:
        memory = Memory("own", rows[0][0], any(lane for _, lane in rows), columns.size)
    wide, first = columns.shape[1], 0
    while first < len(columns):
        run = _run(columns, first)
        if run > FEW:
            part = columns[first : first + run]
            with b.loop(run) as loop:
                for k in range(wide):
                    to = Ref(memory, first * wide + k, ((loop.turn, wide),))
                    b.store(to, at_turn(b, part[:, k], loop.turn))
        else:
            for place in range(first * wide, (first + run) * wide):
                b.store(Ref(memory, place), columns.flat[place])
        first += run
    return filled(x.shape, [Ref(memory, place) for place in range(columns.size)])


def taken(b: Builder, x: Array, turn: Row) -> Array:
    """Row `turn` of a prepared array [n, ..]; the turn is below n."""
    columns = x.reshape(len(x), -1)
    rows = [at_turn(b, columns[:, k], turn) for k in range(columns.shape[1])]
    return filled(x.shape[1:], rows)


def at_turn(b: Builder, column: Array, turn: Row) -> Any:
    """The number `turn` of an even column [n]."""
    if isinstance(column[0], Pair):
        return Pair(*(at_turn(b, _part(column, name), turn) for name in ("real", "imag")))
    first, step = column[0], _step(column)
    assert step is not None, "rows that do not lie evenly: `prepared` stores them"
    if step == 0:
        return first
    if isinstance(first, Ref):
        return Ref(first.memory, first.base, (*first.terms, (turn, step)))
    index = arithmetic.converted(b, turn, {"u": "uint32", "i": "int32"}[first.kind])
    scaled = b.row("mul", first.kind, index, b.constant(step, first.kind))
    return b.row("add", first.kind, scaled, first)


def picked(b: Builder, x: Array, axis: int, index: Any) -> Array:
    """The numbers of `x` at `index` of an axis, which is cut to its ends; [.., without the axis]."""
    x, index = np.moveaxis(x, axis, 0), b.read(index)
    if index.op == "constant" or len(x) == 1:
        place = min(max(int(index.at), 0), len(x) - 1) if len(x) > 1 else 0
        return x[place : place + 1].reshape(x.shape[1:])
    index = arithmetic.converted(b, index, "int32")
    low = b.row("max", "i", index, b.constant(0, "i"))
    return taken(b, prepared(b, x), b.row("min", "i", low, b.constant(len(x) - 1, "i")))


def gathered(b: Builder, x: Array, indices: Array, p: dict[str, Any]) -> Array | None:
    """XLA's gather of one number of `x` [..] along some axes and all along the others; None for another."""
    law, sizes = p["dimension_numbers"], p["slice_sizes"]
    axes = law.start_index_map
    whole = all(
        k in axes or n in (wanted, 1) for k, (n, wanted) in enumerate(zip(x.shape, sizes, strict=True))
    )
    if law.operand_batching_dims or tuple(sorted(axes)) != tuple(law.collapsed_slice_dims) or not whole:
        return None
    batch = indices.shape[:-1]
    slices = []
    for place in np.ndindex(*batch):
        one = x
        for axis, k in sorted(((axis, k) for k, axis in enumerate(axes)), reverse=True):
            one = picked(b, one, axis, indices[(*place, k)])
        slices.append(one)
    rest = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    made = filled((*batch, *rest), [row for one in slices for row in one.flat])
    return np.moveaxis(made, range(len(batch), made.ndim), list(law.offset_dims))


def sliced(b: Builder, x: Array, starts: list[Any], sizes: tuple[int, ...]) -> Array:
    """XLA's dynamic slice of `x` [..]: from `starts`, cut so that it fits."""
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        size = min(size, x.shape[axis])  # the path axis has length one
        if size == x.shape[axis]:
            continue
        start = _within(b, b.read(start), x.shape[axis] - size)
        parts = [picked(b, x, axis, _plus(b, start, k)) for k in range(size)]
        x = np.stack(parts, axis)
    return x


def updated(b: Builder, x: Array, block: Array, starts: list[Any]) -> Array:
    """XLA's dynamic update: `x` [..] with a block [..] from `starts` on, cut so that it fits."""
    firsts = [_within(b, b.read(s), n - m) for s, n, m in zip(starts, x.shape, block.shape, strict=True)]
    unknown = [axis for axis, first in enumerate(firsts) if first.op != "constant"]
    known = [0 if axis in unknown else int(first.at) for axis, first in enumerate(firsts)]
    made = x.copy()
    for place in np.ndindex(*block.shape):
        target = [first + k for first, k in zip(known, place, strict=True)]
        if not unknown:
            made[tuple(target)] = block[place]
            continue
        (axis,) = unknown
        for k in range(x.shape[axis]):
            target[axis] = k
            here = b.row("eq", "b", _plus(b, firsts[axis], place[axis]), b.constant(k, firsts[axis].kind))
            old, new = b.read(made[tuple(target)]), b.read(block[place])
            made[tuple(target)] = arithmetic.chosen(b, here, new, old)
    return made


def _within(b: Builder, start: Row, last: int) -> Row:
    """A start between nothing and the last that fits."""
    if start.op == "constant":
        return b.constant(min(max(int(start.at), 0), last), start.kind)
    low = b.row("max", start.kind, start, b.constant(0, start.kind))
    return b.row("min", start.kind, low, b.constant(last, start.kind))


def _plus(b: Builder, start: Row, k: int) -> Row:
    made: Row = arithmetic.apply(b, "add", {}, (start, b.constant(k, start.kind)))
    return made


def _step(column: Array) -> int | None:
    """How far apart the numbers of a column lie in memory, or count; None where unevenly."""
    first = column[0]
    if all(row is first for row in column):
        return 0
    if isinstance(first, Pair):
        halves = [_step(_part(column, name)) for name in ("real", "imag")]
        return None if None in halves else halves[0] or halves[1]
    if not all(isinstance(row, type(first)) for row in column):
        return None
    if isinstance(first, Ref):
        alike = all(row.memory is first.memory and row.terms == first.terms for row in column)
        places = [row.base for row in column] if alike else []
    else:
        alike = first.kind in "iu" and all(row.op == "constant" and row.kind == first.kind for row in column)
        places = [int(row.at) for row in column] if alike else []
    steps = {later - earlier for earlier, later in pairwise(places)}
    return steps.pop() if len(steps) == 1 else None


def _run(columns: Array, first: int) -> int:
    """How many rows from `first` on lie evenly in every column."""
    if first + 2 > len(columns) or any(not isinstance(row, Ref) for row in columns[first]):
        return 1
    last = first + 1
    step = [_step(columns[first : first + 2, k]) for k in range(columns.shape[1])]
    if None in step:
        return 1
    while last + 1 < len(columns) and all(
        _step(columns[last : last + 2, k]) == step[k] for k in range(columns.shape[1])
    ):
        last += 1
    return last + 1 - first


def _kind(row: Any) -> tuple[str, bool]:
    if not isinstance(row, Ref):
        return row.kind, row.lane
    return row.memory.kind, row.memory.lane or any(index.lane for index, _ in row.terms)


def _part(x: Array, name: str) -> Array:
    return filled(x.shape, [getattr(row, name) for row in x.flat])
