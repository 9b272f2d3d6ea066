"""What a kernel computes, as rows: one number a path, in loops, with memory where a number chooses a row.

A row is written once and read often. Four kinds of number: `f` float32, `i` int32, `u` uint32, `b` a flag.
"""

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
    sure: bool = False  # never NaN


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


def fixed(it: Any) -> bool:
    """Whether a row is a number of the arguments, written where it is used: held it would cost a register."""
    return isinstance(it, Row) and it.op == "load" and it.at[0].role == "argument" and not it.of
