"""A jaxpr read row by row: the project's own program of a chunk of paths becomes one kernel's.

    program, shapes = read(function, arguments)

What no loop changes, and what is known of the arguments (`known`, see simplify.py), is not written.
Where the program asks which platform it is for, the branch of all others is taken: fences are XLA's.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError
from . import arithmetic, indexing, shapes
from .builder import Builder
from .program import KINDS, Loop, Memory, Pair, Program, Ref, Row
from .scans import scan
from .shapes import PATHS, Array, filled, rowed
from .simplify import Codes, simplified

CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr"}
FOLDS = {
    "reduce_and": "and",
    "reduce_or": "or",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_sum": "add",
}


def read(
    function: Callable[..., Any], arguments: Any, known: Codes | None = None, lifted: bool = False
) -> tuple[Program, Any]:
    """The kernel of `function(arguments, numbers)`, and the shapes of what comes out; numbers uint32 [path].

    `lifted`: what a loop does not change is computed before it, which takes memory and not registers.
    Raises InputError for a primitive or a kind of number that has no rows.
    """
    numbers = jax.ShapeDtypeStruct((PATHS,), jnp.uint32)
    closed, out = jax.make_jaxpr(function, return_shape=True)(arguments, numbers)
    b, number = Builder(), Row(op="number", kind="u", lane=True)
    *given, _ = closed.jaxpr.invars
    memories = [Memory("argument", _kind(v.aval), False, int(v.aval.size), k) for k, v in enumerate(given)]
    values = [
        filled(v.aval.shape, [Ref(memory, place) for place in range(memory.size)])
        for v, memory in zip(given, memories, strict=True)
    ]
    reader = Reader(b)
    results = reader.run(closed.jaxpr, closed.consts, [*values, filled((1,), [number])])
    written = Program(memories, _out(b, closed.jaxpr.outvars, results), number, b.blocks[0])
    return simplified(written, known, lifted), out


def _out(b: Builder, variables: Sequence[Any], results: list[Array]) -> list[Memory]:
    """Write what comes out to the outputs."""
    outputs = []
    for k, (variable, rows) in enumerate(zip(variables, results, strict=True)):
        kind, lane = _kind(variable.aval), PATHS in variable.aval.shape
        outputs.append(Memory("output", kind, lane, rows.size, k))
        if rows.size:
            indexing.stored(b, rows.reshape(-1, 1), outputs[-1])
    return outputs


def _kind(aval: Any) -> str:
    if str(aval.dtype) not in KINDS:
        allowed = 'run.precision = "float32", or run.backend = "xla"'
        raise InputError("run.backend", f'"rows" has no numbers of type {aval.dtype}', allowed)
    return KINDS[str(aval.dtype)]


class Reader:
    """Reads equations one after another and writes rows."""

    def __init__(self, builder: Builder) -> None:
        self.b = builder

    def run(self, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Array]) -> list[Array]:
        """What comes out of a jaxpr [..] for arrays of rows."""
        known: dict[Any, Array] = {}
        for variable, const in zip(jaxpr.constvars, consts, strict=True):
            known[variable] = self.constants(np.asarray(const))
        known |= dict(zip(jaxpr.invars, inputs, strict=True))

        def value(x: Any) -> Array:
            return self.constants(np.asarray(x.val, x.aval.dtype)) if hasattr(x, "val") else known[x]

        for eqn in jaxpr.eqns:
            results = self.equation(eqn, [value(x) for x in eqn.invars])
            known |= dict(zip(eqn.outvars, results, strict=True))
        return [value(x) for x in jaxpr.outvars]

    def constants(self, value: Any) -> Array:
        """An array of numbers known now."""
        kind = KINDS[str(value.dtype)]
        return filled(rowed(value.shape), [self.b.constant(x, kind) for x in value.reshape(-1)])

    def equation(self, eqn: Any, x: list[Array]) -> list[Array]:
        """One equation."""
        name, p = eqn.primitive.name, eqn.params
        if name in CALLS:
            inner = p[CALLS[name]]
            return self.run(inner.jaxpr, inner.consts, x)
        if name == "scan":
            return self.scan(p, x)
        if name == "cond":
            return self.branch(p, x)
        if name in shapes.PARTED:
            return shapes.PARTED[name](p, x[0])
        made = self.single(name, p, x, eqn.outvars[0].aval.shape)
        if made is None or len(eqn.outvars) > 1:
            problem = f'"rows" has no rows for the primitive {name}'
            raise InputError("run.backend", problem, '"xla", which computes everything')
        return [made]

    def single(self, name: str, p: dict[str, Any], x: list[Array], shape: tuple[int, ...]) -> Array | None:
        """A primitive with one result [shape]; None for one there is no row of."""
        try:
            still = shapes.moved(self.b, name, p, x, shape)
        except ValueError:  # it would mix paths
            return None
        if still is not None:
            return still
        match name:
            case "platform_index":
                places = p["platforms"]
                return filled((), [self.b.constant(places.index(None), "i")])
            case "gather":
                return indexing.gathered(self.b, x[0], x[1], p)
            case "dynamic_slice":
                return indexing.sliced(self.b, x[0], [s[()] for s in x[1:]], rowed(p["slice_sizes"]))
            case "dynamic_update_slice":
                return indexing.updated(self.b, x[0], x[1], [s[()] for s in x[2:]])
        if name in FOLDS:
            return self.folded(FOLDS[name], x[0], p["axes"], shape)
        return self.by_number(name, p, x)

    def by_number(self, name: str, p: dict[str, Any], x: list[Array]) -> Array | None:
        """A primitive that works number by number."""
        if not x:
            return None
        spread = np.broadcast_arrays(*x)
        rows = []
        for operands in zip(*(it.flat for it in spread), strict=True):
            rows.append(arithmetic.apply(self.b, name, p, operands))
            if rows[-1] is None:
                return None
        return filled(spread[0].shape, rows)

    def folded(self, op: str, x: Array, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array | None:
        """Rows of `x` [..] brought together along axes, first to last."""
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        flat = x.transpose(*kept, *axes).reshape(*(x.shape[axis] for axis in kept), -1)
        if len(kept) != len(shape) or PATHS not in shape:
            return None  # over paths, or of no path
        if not flat.shape[-1]:
            empty = self.b.constant(op == "and", "b")
            return np.full(rowed(shape), empty, object) if op in ("and", "or") else None
        total: Array | None = flat[..., 0]
        for k in range(1, flat.shape[-1]):
            total = None if total is None else self.by_number(op, {}, [total, flat[..., k]])
        return total

    def branch(self, p: dict[str, Any], x: list[Array]) -> list[Array]:
        """The branch that is known, or both of two and a choice of each number."""
        index = self.b.read(x[0][()])
        if index.op == "constant":
            taken = p["branches"][min(max(int(index.at), 0), len(p["branches"]) - 1)]
            return self.run(taken.jaxpr, taken.consts, x[1:])
        if len(p["branches"]) != 2:
            raise InputError("run.backend", '"rows" has no choice of more than two branches', '"xla"')
        no, yes = (self.run(it.jaxpr, it.consts, x[1:]) for it in p["branches"])
        flag = filled((), [arithmetic.converted(self.b, index, "bool")])
        choices = [self.by_number("select_n", {}, [flag, a, c]) for a, c in zip(no, yes, strict=True)]
        return [it for it in choices if it is not None]

    def scan(self, p: dict[str, Any], x: list[Array]) -> list[Array]:
        """A loop; one turn is no loop, and what no turn changes is not carried."""
        it = scan(p)
        jaxpr, moving = it.jaxpr, it.fixed + it.carried
        consts, start, over = x[: it.fixed], x[it.fixed : moving], x[moving:]
        if it.length == 0:
            shapes_of = (v.aval.shape for v in jaxpr.outvars[it.carried :])
            return [*start, *(np.empty((0, *rowed(shape)), object) for shape in shapes_of)]
        if it.length == 1:
            out = self.run(jaxpr, it.consts, [*consts, *start, *(y.reshape(y.shape[1:]) for y in over)])
            return [*out[: it.carried], *(y[None] for y in out[it.carried :])]
        over = [indexing.prepared(self.b, y) for y in over]
        steady = [a is z for a, z in zip(jaxpr.invars[it.fixed : moving], jaxpr.outvars, strict=False)]
        start = [y if same else self.ready(y) for y, same in zip(start, steady, strict=True)]
        with self.b.loop(it.length) as loop:
            now = [
                y if same else self.carried(loop, y, variable.aval)
                for y, same, variable in zip(start, steady, jaxpr.invars[it.fixed : moving], strict=True)
            ]
            turn = self.turn(loop, it.length, it.reverse)
            today = [indexing.taken(self.b, y, turn) for y in over]
            out = self.run(jaxpr, it.consts, [*consts, *now, *today])
            for rows, same in zip(out[: it.carried], steady, strict=True):
                loop.after += [] if same else [self.b.read(row) for row in _halves(rows)]
            seen = [self.collected(rows, it.length, turn) for rows in out[it.carried :]]
        ends = iter(loop.final)
        last = [y if same else _joined(y, ends) for y, same in zip(start, steady, strict=True)]
        return [*last, *seen]

    def turn(self, loop: Loop, length: int, reverse: bool) -> Row:
        """The turn a loop is at, backwards if so asked."""
        if not reverse:
            return loop.turn
        return self.b.row("sub", "i", self.b.constant(length - 1, "i"), loop.turn)

    def ready(self, x: Array) -> Array:
        """Rows [..] as they are now."""
        return filled(x.shape, [self.b.read(row) for row in x.flat])

    def carried(self, loop: Loop, start: Array, aval: Any) -> Array:
        """Rows [..] that a loop hands on; what counts is one for all paths where the program has it so."""
        made = []
        for row in _halves(start):
            lane = PATHS in aval.shape or row.kind == "f"
            made.append(self.b.carry(loop, row, lane))
        return _joined(start, iter(made))

    def collected(self, rows: Array, length: int, turn: Row) -> Array:
        """Rows of every turn, in memory [turn, ..]."""
        if any(isinstance(row, Pair) for row in rows.flat):
            raise InputError("run.backend", '"rows" collects no complex numbers', '"xla"')
        if not rows.size:
            return np.empty((length, *rows.shape), object)
        now = [self.b.read(row) for row in rows.flat]
        memory = Memory("own", now[0].kind, any(row.lane for row in now), length * rows.size)
        for k, row in enumerate(now):
            self.b.store(Ref(memory, k, ((turn, rows.size),)), row)
        return filled((length, *rows.shape), [Ref(memory, place) for place in range(memory.size)])


def _halves(x: Array) -> list[Any]:
    """Every row, a complex number's two."""
    return [half for row in x.flat for half in ((row.real, row.imag) if isinstance(row, Pair) else (row,))]


def _joined(like: Array, rows: Any) -> Array:
    """Rows in the shape of an array, two for a complex number."""
    made = [Pair(next(rows), next(rows)) if isinstance(row, Pair) else next(rows) for row in like.flat]
    return filled(like.shape, made)
