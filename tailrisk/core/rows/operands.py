"""What a statement reads and makes, as a thread of a GPU has it: which rows take a register, and when."""

from typing import Any

from .alive import Alive
from .places import Handed, places
from .program import Loop, Row, Store, fixed


def literal(it: Any) -> bool:
    """Whether a row takes no register of a plan: it is known, a number of the arguments, or a loop's turn."""
    if not isinstance(it, Row):
        return False
    return it.op in ("constant", "number", "turn") or fixed(it)


def again(row: Row) -> bool:
    """Whether a row is as well computed again as read: one operation of the arguments' numbers."""
    return (
        row.op in ("add", "sub", "mul", "neg")
        and not row.lane
        and any(map(fixed, row.of))
        and all(map(literal, row.of))
    )


def operands(it: Any, alive: Alive) -> list[Row]:
    """Rows that a statement reads and that are no literals, each once; of a loop those from outside it."""
    if isinstance(it, Store):
        rows = [it.row, *(row for row, _ in it.to.terms)]
    elif isinstance(it, Loop):
        rows = _from_outside(it, alive)
    else:
        rows = list(it.of)
    return [row for row in {id(row): row for row in rows}.values() if not literal(row)]


def handed_on(loop: Loop, alive: Alive) -> list[tuple[Row, Row, Row, Row]]:
    """What of a loop is needed: carried rows, and what each starts as, is after a turn and at last."""
    handed = zip(loop.carried, loop.start, loop.after, loop.final, strict=True)
    return [it for it in handed if id(it[0]) in alive.rows]


def _from_outside(loop: Loop, alive: Alive) -> list[Row]:
    needed = [k for k, carried in enumerate(loop.carried) if id(carried) in alive.rows]
    body = [it for it in loop.body if alive.has(it) and not literal(it)]
    mine = {id(loop.carried[k]) for k in needed} | {id(row) for it in body for row in made_by(it)}
    inner = [row for it in body for row in operands(it, alive)] + [loop.after[k] for k in needed]
    return [loop.start[k] for k in needed] + [row for row in inner if id(row) not in mine]


def made_by(it: Any) -> list[Row]:
    """Every row that a statement makes."""
    return it.final if isinstance(it, Loop) else [it] if isinstance(it, Row) else []


def unwound(body: list[Any], handed: list[Handed]) -> tuple[list[Any], list[Handed]]:
    """Rows that become one another in a ring: one of them is copied first."""
    copies = {id(row): Row("copy", row.kind, row.lane, (row,)) for row in places(body, handed)[1]}
    return [*copies.values(), *body], [(row, copies.get(id(after), after)) for row, after in handed]
