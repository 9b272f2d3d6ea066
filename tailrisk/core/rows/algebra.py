"""What an operation comes to where a number in it is known: another row, fewer of them or none.

Every finite number stays as it is to the bit; the sign of a zero may not, and nothing times zero is zero,
also where a path has gone to infinity (another number of it says so: its fault is flagged).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .program import DTYPES, Row

if TYPE_CHECKING:
    from .builder import Builder

COMMUTING = {"add", "mul", "and", "or", "xor", "eq", "ne"}
"""Operations that do not ask in which order their two numbers come."""
IEEE: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "max": np.maximum,
    "min": np.minimum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
"""What is computed at once where every number is known: operations that have one answer."""
ENDS = {"exp": (0, 1), "expm1": (0, 0), "log": (1, 0), "log1p": (0, 0), "erf": (0, 0)}
"""Where a function of the kernel is exact: of what, what."""


def simpler(b: "Builder", op: str, kind: str, of: tuple[Row, ...]) -> Row | None:
    """What `op` of some rows is without writing it; None where it must be written."""
    known = bool(of) and all(x.op == "constant" for x in of)
    if known and op in IEEE and (kind == "f" or op != "div"):
        with np.errstate(all="ignore"):
            return b.constant(IEEE[op](*(x.at for x in of)), kind)
    if known and op in ENDS and of[0].at == ENDS[op][0]:
        return b.constant(ENDS[op][1], "f")
    rule = RULES.get(op)
    return None if rule is None else rule(b, kind, *of)


def number(x: Row, value: Any) -> bool:
    """Whether a row is known to be this number; either zero is zero."""
    return x.op == "constant" and bool(x.at == value)


FLOATING = {"exp", "log", "expm1", "log1p", "erf", "sqrt", "floor"}
"""Of a float, always a number of each path."""
PASSING = {"neg", "abs", "max", "min", "exp", "erf", "floor", "sign"}
"""Functions that make no NaN of a number."""


def sure(x: Row) -> bool:
    """Whether a row is never NaN: what is counted, bounded by a number, or of the world's numbers alone."""
    if x.kind != "f" or x.op == "convert":
        return True
    if x.op in PASSING:
        return all(y.sure for y in x.of)
    if x.op == "select":
        return x.of[1].sure and x.of[2].sure
    return not x.lane and bool(x.of) and x.op != "load" and all(y.sure for y in x.of)


def nonzero(b: "Builder", x: Row) -> bool:
    """Whether a row is known to be no zero: a constant, a guarded denominator, a product of such."""
    if x.op == "constant":
        return bool(x.at != 0)
    if x.op in ("mul", "div"):
        return all(nonzero(b, y) for y in x.of)
    if x.op == "max":
        return any(y.op == "constant" and bool(y.at > 0) for y in x.of)
    if x.op == "select":
        flag, yes, no = x.of
        guarded = flag.op == "lt" and number(flag.of[0], 0) and flag.of[1] is yes
        return (guarded or nonzero(b, yes)) and nonzero(b, no)
    return id(x) in b.nonzero


def _add(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    if number(x, 0) or number(y, 0):
        return y if number(x, 0) else x
    if kind == "f" and y.op == "neg":
        return b.row("sub", kind, x, y.of[0])
    return b.row("sub", kind, y, x.of[0]) if kind == "f" and x.op == "neg" else None


def _sub(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    if number(y, 0):
        return x
    if kind == "f" and number(x, 0):
        return b.row("neg", kind, y)
    if kind == "f" and y.op == "neg":
        return b.row("add", kind, x, y.of[0])
    if kind == "f" and x.op == "neg" and x.lane and not y.lane:  # the number for all is turned once
        return b.row("sub", kind, b.row("neg", kind, y), x.of[0])
    return None


def _mul(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    for one, other in ((x, y), (y, x)):
        if number(one, 1):
            return other
        if number(one, 0):
            return b.constant(0, kind)
        if kind == "f" and number(one, -1):
            return b.row("neg", kind, other)
    if kind == "f" and x.op == "neg" and y.op == "neg":
        return b.row("mul", kind, x.of[0], y.of[0])
    return None


def _div(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    if number(y, 1):
        return x
    if kind != "f":
        return None
    if number(x, 0) and nonzero(b, y):
        return b.constant(0, kind)
    if y.op == "constant" and np.isfinite(y.at) and np.frexp(y.at)[0] in (0.5, -0.5):  # a power of two
        return b.row("mul", kind, x, b.constant(1 / y.at, kind))
    return None


def _neg(b: "Builder", kind: str, x: Row) -> Row | None:
    if x.op == "neg":
        return x.of[0]
    return b.row("sub", kind, x.of[1], x.of[0]) if kind == "f" and x.op == "sub" else None


def _abs(b: "Builder", kind: str, x: Row) -> Row | None:
    if x.op == "neg" and kind == "f":
        return b.row("abs", kind, x.of[0])
    return x if x.op == "abs" else None


def _same(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    return x if x is y else None


def _and(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    for one, other in ((x, y), (y, x)):
        if number(one, 0):
            return one
        if one.op == "constant" and (one.at == np.bitwise_not(np.zeros_like(one.at))):
            return other
    return x if x is y else None


def _or(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    for one, other in ((x, y), (y, x)):
        if number(one, 0):
            return other
        if one.op == "constant" and (one.at == np.bitwise_not(np.zeros_like(one.at))):
            return one
    return x if x is y else None


def _xor(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    return y if number(x, 0) else x if number(y, 0) else None


def _not(b: "Builder", kind: str, x: Row) -> Row | None:
    if x.op == "constant":
        return b.constant(np.bitwise_not(x.at), kind)
    return x.of[0] if x.op == "not" else None


def _shift(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    return x if number(y, 0) else b.constant(0, kind) if number(x, 0) else None


def _mulhi(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
    return b.constant(0, kind) if number(x, 0) or number(y, 0) else None


def _convert(b: "Builder", kind: str, x: Row) -> Row | None:
    if x.op != "constant" or (x.kind == "f" and kind != "f" and not 0 <= x.at < 2**31):
        return None
    return b.constant(np.asarray(x.at).astype(DTYPES[kind]), kind)


def _select(b: "Builder", kind: str, flag: Row, yes: Row, no: Row) -> Row | None:
    if flag.op == "constant":
        return yes if flag.at else no
    if yes is no or (number(yes, 0) and number(no, 0)):
        return no
    if flag.op == "not":
        return b.row("select", kind, flag.of[0], no, yes)
    if kind == "b" and (yes.op == "constant" or no.op == "constant"):
        return _flags(b, flag, yes, no)
    return None


def _flags(b: "Builder", flag: Row, yes: Row, no: Row) -> Row:
    """A choice of flags, one of them known."""
    turned = b.row("not", "b", flag)
    if yes.op == "constant":
        return b.row("or", "b", flag, no) if yes.at else b.row("and", "b", turned, no)
    return b.row("or", "b", turned, yes) if no.at else b.row("and", "b", flag, yes)


def _compared(op: str) -> Callable[..., Row | None]:
    def rule(b: "Builder", kind: str, x: Row, y: Row) -> Row | None:
        for one, other in ((x, y), (y, x)):
            if one.op == "select" and other.op == "constant":
                _, yes, no = one.of
                if yes.op == no.op == "constant":
                    both = [b.row(op, "b", *((it, y) if one is x else (x, it))) for it in (yes, no)]
                    return b.row("select", "b", one.of[0], *both)
        if op in ("gt", "ge"):
            return b.row({"gt": "lt", "ge": "le"}[op], kind, y, x)
        if op == "ne" and number(y, 0) and x.op == "and" and x.kind in "iu":
            return _bit(b, x)
        return None

    return rule


def _bit(b: "Builder", x: Row) -> Row | None:
    """Whether a word has a bit: of a word put together of flags the flag it was."""
    for word, mask in (x.of, x.of[::-1]):
        if mask.op == "constant" and int(mask.at).bit_count() == 1 and word.op != "constant":
            return _has(b, word, mask) if word.op in ("and", "or", "not") or _of_two(word) else None
    return None


def _of_two(word: Row) -> bool:
    return word.op == "select" and word.of[1].op == word.of[2].op == "constant"


def _has(b: "Builder", word: Row, mask: Row) -> Row:
    if word.op in ("and", "or"):
        return b.row(word.op, "b", *(_has(b, it, mask) for it in word.of))
    if word.op == "not":
        return b.row("not", "b", _has(b, word.of[0], mask))
    if _of_two(word):
        return b.row("select", "b", word.of[0], *(_has(b, it, mask) for it in word.of[1:]))
    zero = b.constant(0, word.kind)
    return b.row("ne", "b", b.row("and", word.kind, word, mask), zero)


RULES: dict[str, Callable[..., Row | None]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "max": _same,
    "min": _same,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "not": _not,
    "shift_left": _shift,
    "shift_right_logical": _shift,
    "shift_right_arithmetic": _shift,
    "mulhi": _mulhi,
    "convert": _convert,
    "select": _select,
    **{op: _compared(op) for op in ("lt", "le", "gt", "ge", "eq", "ne")},
}
