"""What a compiled GPU program costs, read from its optimised HLO: launches, and bytes to and from memory.

A launch is an instruction outside fusions that is a kernel of its own; a loop counts as often as it turns, of
a conditional the dearer branch. Bytes are the shapes of what a kernel reads and writes: of an operand that is
only sliced the slices, of one that is updated in place twice the update.
"""

import re
from dataclasses import dataclass, field

SIZE = {"pred": 1, "s8": 1, "u8": 1, "s16": 2, "u16": 2, "f16": 2, "bf16": 2, "s32": 4, "u32": 4, "f32": 4}
SIZE |= {"s64": 8, "u64": 8, "f64": 8, "c64": 8, "c128": 16}
FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "while", "conditional", "call"}
FREE |= {"after-all", "partition-id", "replica-id", "add-dependency", "opt-barrier", "iota"}
"""Operations that are no kernel of their own."""
HEAD = re.compile(r"^(?:ENTRY )?%?(?P<name>[\w.\-]+) \(.*\{$")
LINE = re.compile(
    r"^\s+(?P<root>ROOT )?%?(?P<name>[\w.\-]+) = (?P<shape>\(.*?\)|\S+) (?P<op>[\w\-]+)\((?P<rest>.*)$"
)
SHAPE = re.compile(r"\b(?P<type>[a-z]+\d*)\[(?P<axes>[\d,]*)\]")
CALLED = re.compile(r"(?:calls|to_apply|body|condition|true_computation|false_computation)=%?([\w.\-]+)")
BODY = re.compile(r"body=%?([\w.\-]+)")
BRANCHES = re.compile(r"branch_computations=\{([^}]*)\}")
TURNS = re.compile(r'known_trip_count":\{"n":"(\d+)"')


@dataclass
class Instruction:
    """One line of a computation."""

    name: str
    shape: str
    op: str
    rest: str
    operands: list[str] = field(default_factory=list)
    root: bool = False


@dataclass
class Cost:
    """Of one execution."""

    launches: int = 0
    bytes: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.launches + other.launches, self.bytes + other.bytes)

    def times(self, turns: int) -> "Cost":
        """Of so many executions."""
        return Cost(turns * self.launches, turns * self.bytes)


def size(shape: str) -> int:
    """Bytes of a shape, or of all the shapes of a tuple."""
    total = 0
    for match in SHAPE.finditer(shape):
        elements = 1
        for axis in filter(None, match["axes"].split(",")):
            elements *= int(axis)
        total += SIZE.get(match["type"], 0) * elements
    return total


def read(text: str) -> tuple[dict[str, dict[str, Instruction]], str]:
    """(the instructions of every computation by name, the name of the entry) of a module's text."""
    found: dict[str, dict[str, Instruction]] = {}
    entry, here = "", None
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            here = found.setdefault(head["name"], {})
            entry = head["name"] if line.startswith("ENTRY") else entry
        elif line.startswith("}"):
            here = None
        elif here is not None and (match := LINE.match(line)):
            operands = re.findall(r"%([\w.\-]+)", _arguments(match["rest"]))
            it = Instruction(
                match["name"], match["shape"], match["op"], match["rest"], operands, bool(match["root"])
            )
            here[it.name] = it
    return found, entry


def cost(text: str) -> Cost:
    """Of a module, from the text of its optimised HLO."""
    computations, entry = read(text)
    known: dict[str, Cost] = {}

    def of(name: str) -> Cost:
        if name not in known:
            here = computations[name]
            known[name] = sum((one(it, here) for it in here.values()), Cost())
        return known[name]

    def one(it: Instruction, here: dict[str, Instruction]) -> Cost:
        if it.op == "while":
            turns, body = TURNS.search(it.rest), BODY.search(it.rest)
            return of(body[1]).times(int(turns[1]) if turns else 1) if body else Cost()
        if it.op == "conditional":
            listed = BRANCHES.search(it.rest)
            names = re.findall(r"[\w.\-]+", listed[1]) if listed else CALLED.findall(it.rest)
            return max(map(of, names), key=lambda c: c.bytes)
        if it.op == "call":
            return sum(map(of, CALLED.findall(it.rest)), Cost())
        return Cost() if it.op in FREE else Cost(1, moved(it, here, computations))

    return of(entry)


def moved(
    it: Instruction, here: dict[str, Instruction], computations: dict[str, dict[str, Instruction]]
) -> int:
    """Bytes that one kernel reads and writes."""
    called = CALLED.findall(it.rest) if it.op == "fusion" else []
    inside = computations.get(called[0], {}) if called else {it.name: it}
    if not called:
        if it.op == "dynamic-slice":
            return 2 * size(it.shape)
        if it.op == "dynamic-update-slice":
            return 2 * size(here[it.operands[1]].shape)
        return size(it.shape) + sum(size(here[name].shape) for name in it.operands if name in here)
    total = 0
    for parameter in (p for p in inside.values() if p.op == "parameter"):
        total += _read(parameter, inside)
    updated = sum(2 * size(inside[u.operands[1]].shape) - size(u.shape) for u in _updates(inside))
    return max(total + size(it.shape) + updated, 0)


def _read(parameter: Instruction, inside: dict[str, Instruction]) -> int:
    """Bytes a fusion reads of one of its operands."""
    users = _users(parameter, inside)
    if users and all(it.op in {"dynamic-slice", "slice"} for it in users):
        return min(sum(size(it.shape) for it in users), size(parameter.shape))
    if users and all(it.op == "dynamic-update-slice" and it.shape == parameter.shape for it in users):
        return 0
    return size(parameter.shape)


def _users(parameter: Instruction, inside: dict[str, Instruction]) -> list[Instruction]:
    """What reads an operand, looking through changes of shape that move nothing."""
    found = []
    for it in inside.values():
        if parameter.name in it.operands:
            found += _users(it, inside) if it.op == "bitcast" else [it]
    return found


def _updates(inside: dict[str, Instruction]) -> list[Instruction]:
    return [it for it in inside.values() if it.op == "dynamic-update-slice"]


def _arguments(rest: str) -> str:
    """What stands in the brackets of an instruction."""
    depth = 1
    for place, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return rest[:place]
    return rest
