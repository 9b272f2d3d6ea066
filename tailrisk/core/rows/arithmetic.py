"""Primitives that work number by number, each in rows."""

from typing import Any

import numpy as np

from .algebra import FLOATING
from .builder import Builder
from .program import KINDS, Pair, Row

SAME = {"add", "sub", "mul", "div", "neg", "max", "min", "abs", "and", "or", "xor", "not", "mulhi"}
SAME |= {"shift_left", "shift_right_logical", "shift_right_arithmetic", "rem", "sign"}
"""Operations whose result is of the kind of what they work on."""
COMPARED = {"lt", "le", "gt", "ge", "eq", "ne"}


def apply(b: Builder, name: str, params: dict[str, Any], operands: tuple[Any, ...]) -> Any:
    """One primitive of numbers that may lie in memory; None where there is no such primitive."""
    x = tuple(b.read(it) for it in operands)
    if name in ("complex", "real", "imag"):
        return _complex(name, x)
    if any(isinstance(it, Pair) for it in x):
        return None
    return _row(b, name, params, x)


def _row(b: Builder, name: str, params: dict[str, Any], x: tuple[Any, ...]) -> Any:
    if name == "clamp":
        low, it, high = x
        return b.row("min", it.kind, b.row("max", it.kind, it, low), high)
    if name in SAME:
        return b.row(name, x[0].kind, *x)
    if name in COMPARED:
        return b.row(name, "b", *x)
    if name in FLOATING and x[0].kind == "f":
        return b.row(name, "f", *x)
    if name == "is_finite":
        return b.row("lt", "b", b.row("abs", "f", x[0]), b.constant(np.inf, "f"))
    if name == "square":
        return b.row("mul", x[0].kind, x[0], x[0])
    if name == "integer_pow":
        return _power(b, x[0], params["y"])
    if name == "select_n" and len(x) == 3:
        return chosen(b, x[0], x[2], x[1])
    if name == "convert_element_type":
        return converted(b, x[0], str(params["new_dtype"]))
    return x[0] if name in ("copy", "copy_p", "stop_gradient") else None


def chosen(b: Builder, flag: Row, yes: Row, no: Row) -> Row:
    """`yes` where the flag is set, `no` elsewhere."""
    return b.row("select", yes.kind, flag, yes, no)


def converted(b: Builder, x: Row, dtype: str) -> Any:
    """`x` as another kind of number; None for one there is no row of."""
    kind = KINDS.get(dtype)
    if kind is None or x.kind == kind:
        return None if kind is None else x
    if kind == "b":
        return b.row("ne", "b", x, b.constant(0, x.kind))
    if x.kind == "b":
        return chosen(b, x, b.constant(1, kind), b.constant(0, kind))
    return b.row("convert", kind, x)


def _power(b: Builder, x: Row, y: int) -> Row:
    """x^y by squaring, as XLA does."""
    result, square, left = None, x, abs(y)
    while left:
        if left & 1:
            result = square if result is None else b.row("mul", "f", result, square)
        left >>= 1
        square = b.row("mul", "f", square, square) if left else square
    one = b.constant(1, "f")
    return one if result is None else result if y > 0 else b.row("div", "f", one, result)


def _complex(name: str, x: tuple[Any, ...]) -> Any:
    if name == "complex":
        return Pair(x[0], x[1])
    return (x[0].real if name == "real" else x[0].imag) if isinstance(x[0], Pair) else None
