"""A block's statements in an order in which few rows live at once, for the registers of a GPU.

The program is written array by array: of ten products ten rows of every clause live side by side. Here what
is handed on, or written, is computed one after another, always next what needs the fewest statements more.
"""

from typing import Any

from .places import Handed, read_by
from .program import Loop, Row, Store


def ordered(body: list[Any], handed: list[Handed]) -> list[Any]:
    """The same statements: every row after what it reads, every load after what is written there."""
    needs = _needs(body)
    behind, todo = _behind(needs), (1 << len(body)) - 1
    ends = _ends(body, handed)
    done = [False] * len(body)
    result: list[Any] = []
    while ends:
        next_one = min(ends, key=lambda end: ((behind[end] & todo).bit_count(), end))
        for place in _missing(next_one, needs, done):
            done[place] = True
            todo &= ~(1 << place)
            result.append(body[place])
        ends = [end for end in ends if not done[end]]
    return result


def _behind(needs: list[list[int]]) -> list[int]:
    """Of every statement, all that must be computed for it, itself too: a bit of each."""
    behind: list[int] = []
    for place, mine in enumerate(needs):
        bits = 1 << place
        for need in mine:
            bits |= behind[need]
        behind.append(bits)
    return behind


def _needs(body: list[Any]) -> list[list[int]]:
    """The statements that each statement reads."""
    made: dict[int, int] = {}
    written: dict[int, list[int]] = {}
    needs = []
    for place, it in enumerate(body):
        mine = {made[id(row)] for row in read_by(it) if id(row) in made}
        for memory in _loaded(it):
            mine |= set(written.get(id(memory), []))
        needs.append(sorted(mine - {place}))
        for row in it.final if isinstance(it, Loop) else [it]:
            made[id(row)] = place
        for memory in _stored(it):
            written.setdefault(id(memory), []).append(place)
    return needs


def _ends(body: list[Any], handed: list[Handed]) -> list[int]:
    """Statements that others wait for outside the block: what is handed on, written, or a loop."""
    handed_on = {id(after) for _, after in handed}
    return [place for place, it in enumerate(body) if isinstance(it, Store | Loop) or id(it) in handed_on]


def _missing(end: int, needs: list[list[int]], done: list[bool]) -> list[int]:
    """What must still be computed for a statement, itself last, in an order that can be."""
    order: list[int] = []
    seen: set[int] = set()
    waiting = [(end, False)]
    while waiting:
        place, ready = waiting.pop()
        if ready:
            order.append(place)
        elif place not in seen and not done[place]:
            seen.add(place)
            waiting.append((place, True))
            waiting += [(need, False) for need in reversed(needs[place])]
    return order


def _loaded(it: Any) -> list[Any]:
    if isinstance(it, Loop):
        return [memory for inner in it.body for memory in _loaded(inner)]
    return [it.at[0]] if isinstance(it, Row) and it.op == "load" else []


def _stored(it: Any) -> list[Any]:
    if isinstance(it, Loop):
        return [memory for inner in it.body for memory in _stored(inner)]
    return [it.to.memory] if isinstance(it, Store) else []
