"""A program as text: the body of a C++ function whose types and operations vector.h or thread.h defines.

One text for both: a row is a vector of so many paths on a CPU, a number of one path in a thread of a GPU.
"""

from typing import Any

import numpy as np

from .alive import Alive
from .places import places
from .program import Loop, Memory, Program, Row, Store, fixed

LANES = {"f": "F", "i": "I", "u": "U", "b": "B"}
SCALARS = {"f": "float", "i": "int", "u": "unsigned", "b": "bool"}
INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%", "shift_left": "<<"}
INFIX |= {"shift_right_logical": ">>", "shift_right_arithmetic": ">>", "and": "&", "or": "|", "xor": "^"}
INFIX |= {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}

TESTS = {"lt": "less", "le": "at_most", "eq": "equal", "ne": "differ"}
"""Comparisons of numbers of each path."""
ENDS = {"max": "higher", "min": "lower"}
"""Extrema of which one number is sure to be one: a single instruction."""


def body(program: Program) -> str:
    """The statements that compute one vector of paths."""
    return Writer(program).text()


def parts(program: Program) -> tuple[int, list[str], str]:
    """How many numbers all paths share, the statements that gather those known, and those of a vector."""
    writer = Writer(program, apart=True)
    text = writer.text()
    return writer.count, writer.once, text


def room(program: Program) -> tuple[int, int]:
    """Numbers of each path, and numbers for all, that a kernel sets aside."""
    owned = Writer(program).owned
    return sum(m.size for m in owned if m.lane), sum(m.size for m in owned if not m.lane)


class Writer:
    """Writes the statements of what is needed."""

    def __init__(self, program: Program, apart: bool = False) -> None:
        """apart: numbers that all paths share lie side by side in `common`, those of the arguments from the

        start (`once`): so each is read where it is used, and none is held over a loop.
        """
        self.program, self.alive = program, Alive(program)
        self.names: dict[int, str] = {id(program.number): "number"}
        self.memories = {id(m): f"in{m.place}" for m in program.arguments}
        self.memories |= {id(m): f"out{m.place}" for m in program.outputs}
        self.owned = [it for it in _memories(program.body) if id(it) in self.alive.memories]
        self.memories |= {id(m): f"m{k}" for k, m in enumerate(self.owned)}
        self.lines: list[str] = []
        self.apart, self.once, self.count = apart, list[str](), 0

    def text(self) -> str:
        """All of it."""
        for memory in self.owned:
            kind = (LANES if memory.lane else SCALARS)[memory.kind]
            self.lines.append(f"OWN({kind}, {self.memories[id(memory)]}, {memory.size})")
        if self.apart:
            self.gathered(self.program.body)
        self.block(self.program.body, "  ")
        return "\n".join(self.lines)

    def block(self, block: list[Any], indent: str) -> None:
        """The statements of a block that are needed."""
        for it in block:
            if not self.alive.has(it) or fixed(it) or id(it) in self.names:
                continue
            if isinstance(it, Loop):
                self.loop(it, indent)
            elif isinstance(it, Store):
                self.lines.append(f"{indent}{self.store(it)}")
            elif self.apart and it.kind == "f" and not it.lane:
                text, self.names[id(it)] = self.expression(it), f"common[{self.count}]"
                self.lines.append(f"{indent}{self.names[id(it)]} = {text};")
                self.count += 1
            else:
                name = self.names[id(it)] = f"x{len(self.names)}"
                self.lines.append(f"{indent}const {row_type(it)} {name} = {self.expression(it)};")

    def gathered(self, block: list[Any]) -> None:
        """Numbers of the arguments, side by side: read where they are used, each a vector's operand."""
        for it in block:
            if isinstance(it, Loop):
                self.gathered(it.body)
            elif fixed(it) and it.kind == "f" and self.alive.has(it):
                text = self.name(it)
                self.names[id(it)] = f"common[{self.count}]"
                self.once.append(f"  {self.names[id(it)]} = {text};")
                self.count += 1

    def loop(self, loop: Loop, indent: str) -> None:
        """A loop; what is handed on is assigned as soon as nothing reads what it was (places.py)."""
        handed = zip(loop.carried, loop.start, loop.after, loop.final, strict=True)
        needed = [it for it in handed if id(it[0]) in self.alive.rows]
        for carried, start, _, final in needed:
            name = self.names[id(carried)] = self.names[id(final)] = f"c{len(self.names)}"
            value = self.use(start, carried.lane)
            self.lines.append(f"{indent}{row_type(carried)} {name} = {value};")
        turn = self.names[id(loop.turn)] = f"t{len(self.names)}"
        self.lines.append(f"{indent}LOOP(int {turn} = 0; {turn} < {loop.length}; ++{turn}) {{ TURN")
        handed_on = [(carried, after) for carried, _, after, _ in needed]
        body = [it for it in loop.body if self.alive.has(it)]
        assigned, first = places(body, handed_on)
        for k, row in enumerate(first):
            self.lines.append(f"{indent}  const {row_type(row)} old{k} = {self.names[id(row)]};")
        was = {id(row): f"old{k}" for k, row in enumerate(first)}
        for k in range(-1, len(body)):
            self.block(body[k : k + 1] if k >= 0 else [], indent + "  ")
            for carried, after in assigned.get(k, []):
                self.assign(carried, after, was, indent + "  ")
        self.lines.append(f"{indent}}}")

    def assign(self, carried: Row, after: Row, was: dict[int, str], indent: str) -> None:
        """Hand a row on; from here to the end of the turn the new row goes by the carried one's name."""
        name = self.names[id(carried)]
        self.lines.append(f"{indent}{name} = {was.get(id(after)) or self.use(after, carried.lane)};")
        if after.op not in ("constant", "carried", "final") and after.lane == carried.lane:
            self.names[id(after)] = name

    def store(self, it: Store) -> str:
        """Writing to memory; an output's rows lie apart by the number of paths."""
        memory, place = it.to.memory, self.place(it.to.base, it.to.terms)
        name, value = self.memories[id(memory)], self.use(it.row, memory.lane)
        if memory.role == "output":
            return f"{'PUT' if memory.lane else 'PUT_ONE'}({name}, {place}, {value});"
        return f"{name}[{place}] = {value};"

    def place(self, base: int, terms: Any) -> str:
        """An index into memory."""
        parts = [f"{self.name(row)} * {stride}" for row, stride in terms]
        return " + ".join([*parts, str(base)] if base or not parts else parts)

    def expression(self, row: Row) -> str:
        """What a row is."""
        if row.op == "load":
            return self.load(row)
        x = [self.use(it, row.lane) for it in row.of]
        if row.op == "select" and row.lane:
            flag = row.of[0]
            return f"{self.name(flag)} ? {x[1]} : {x[2]}" if not flag.lane else f"pick({', '.join(x)})"
        if row.op == "select":
            return f"{x[0]} ? {x[1]} : {x[2]}"
        if row.op == "convert":
            return f"to_{(LANES if row.lane else SCALARS)[row.kind]}({x[0]})"
        if row.op in ("neg", "not"):
            return f"-{x[0]}" if row.op == "neg" else f"flip({x[0]})" if row.kind == "b" else f"~{x[0]}"
        if row.op in TESTS and row.lane:
            return f"{TESTS[row.op]}({', '.join(x)})"
        if row.op in INFIX:
            return f"{x[0]} {INFIX[row.op]} {x[1]}"
        if row.op in ENDS and row.kind == "f" and (row.of[0].sure or row.of[1].sure):
            first, second = x if row.of[0].sure else x[::-1]
            return f"{ENDS[row.op]}({first}, {second})"
        return f"{row.op}_({', '.join(x)})"

    def load(self, row: Row) -> str:
        """A number from memory; where each path has a place of its own, path by path."""
        memory, base, strides = row.at
        name = self.memories[id(memory)]
        if not any(it.lane for it in row.of):
            return f"{name}[{self.place(base, list(zip(row.of, strides, strict=True)))}]"
        one = [(it, s) for it, s in zip(row.of, strides, strict=True) if not it.lane]
        many = [(it, s) for it, s in zip(row.of, strides, strict=True) if it.lane]
        index = " + ".join(f"{self.name(it)} * {s}" for it, s in many)
        where = f"{name} + {self.place(base, one)}" if one or base else name
        if memory.lane:
            return f"gather_own({where}, {index})"
        return (
            f"differ(gather({where}, {index}), each(0))" if row.kind == "b" else f"gather({where}, {index})"
        )

    def use(self, row: Row, lane: bool) -> str:
        """A row where one of each path is wanted, or one for all."""
        assert lane or not row.lane, "a number of each path where one for all was expected"
        return f"each({self.name(row)})" if lane and not row.lane else self.name(row)

    def name(self, row: Row) -> str:
        """A row's name, or the constant or the argument it is."""
        if fixed(row) and id(row) not in self.names:
            memory, base, _ = row.at
            place = f"FIXED({self.memories[id(memory)]}, {base})"
            return f"({place} != 0)" if memory.kind == "b" else place
        return literal(row) if row.op == "constant" else self.names[id(row)]


def literal(row: Row) -> str:
    """A constant as C writes it, to the bit."""
    if row.kind == "f":
        if not np.isfinite(row.at):
            return f"float_of({int(np.float32(row.at).view(np.uint32))}u)"
        return f"{float(row.at).hex()}f"
    if row.kind == "b":
        return "true" if row.at else "false"
    return f"{int(row.at)}u" if row.kind == "u" else f"({int(row.at)})"


def row_type(row: Row) -> str:
    """The type of a row's numbers."""
    return (LANES if row.lane else SCALARS)[row.kind]


def _memories(block: list[Any]) -> list[Memory]:
    """What a kernel sets aside, in the order it is written."""
    found: dict[int, Memory] = {}
    for it in block:
        inner = (
            _memories(it.body) if isinstance(it, Loop) else [it.to.memory] if isinstance(it, Store) else []
        )
        found |= {id(memory): memory for memory in inner if memory.role == "own"}
    return list(found.values())
