"""Where in a loop's body a carried row may be given its next value: once nothing reads what it was.

In place, so that old and new need not both be kept to the end of a turn. Of rows that become one another
(nav_2 becomes nav_1 and nav_1 nav) the reader goes first; where they go round in a ring, one is copied.
"""

from typing import Any

from .program import Loop, Row, Store

Handed = tuple[Row, Row]
"""A carried row, and what it is after the turn."""


def places(body: list[Any], handed: list[Handed]) -> tuple[dict[int, list[Handed]], list[Row]]:
    """(by statement, minus one for the start: what is assigned after it, in order; copied rows)."""
    carried = {id(row): k for k, (row, _) in enumerate(handed)}
    used, made = [-1] * len(handed), {}
    for place, it in enumerate(body):
        for row in read_by(it):
            if id(row) in carried:
                used[carried[id(row)]] = place
        for row in it.final if isinstance(it, Loop) else [it]:
            made[id(row)] = place
    order, copied = _ordered(handed, carried)
    at = [max(used[k], made.get(id(after), -1)) for k, (_, after) in enumerate(handed)]
    result: dict[int, list[Handed]] = {}
    for k in order:
        source = carried.get(id(handed[k][1]))
        if source is not None and source != k and handed[source][0] not in copied:
            at[source] = max(at[source], at[k])
    for k in order:
        if handed[k][0] is not handed[k][1]:
            result.setdefault(at[k], []).append(handed[k])
    return result, copied


def _ordered(handed: list[Handed], carried: dict[int, int]) -> tuple[list[int], list[Row]]:
    """Numbers of the carried rows, who reads another before that other; rows to copy, one a ring."""
    order: list[int] = []
    copied: list[Row] = []
    state = [0] * len(handed)
    readers: dict[int, list[int]] = {}
    for k, (_, after) in enumerate(handed):
        source = carried.get(id(after))
        if source is not None and source != k:
            readers.setdefault(source, []).append(k)

    def visit(k: int) -> None:
        state[k] = 1
        for reader in readers.get(k, []):
            if state[reader] == 1:
                if not any(handed[k][0] is row for row in copied):
                    copied.append(handed[k][0])
            elif state[reader] == 0:
                visit(reader)
        state[k] = 2
        order.append(k)

    for k in range(len(handed)):
        if state[k] == 0:
            visit(k)
    return order, copied


def read_by(it: Any) -> list[Row]:
    """Every row that a statement reads, a loop's body and all."""
    if isinstance(it, Store):
        return [it.row, *(row for row, _ in it.to.terms)]
    if isinstance(it, Loop):
        return [*it.start, *it.after, *(row for inner in it.body for row in read_by(inner))]
    return list(it.of)
