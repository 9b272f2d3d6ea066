"""A program computed by jax.numpy, row by row: what the emitted text must compute, without a compiler.

A row is an array [path], or a number for all paths; loops are XLA's and memory is handed from turn to turn.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .alive import Alive
from .program import DTYPES, Loop, Memory, Program, Row, Store

BY_NAME: dict[str, Callable[..., Any]] = {
    "add": lax.add,
    "sub": lax.sub,
    "mul": lax.mul,
    "div": lax.div,
    "rem": lax.rem,
    "neg": lax.neg,
    "max": lax.max,
    "min": lax.min,
    "abs": lax.abs,
    "sign": lax.sign,
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "xor": lax.bitwise_xor,
    "not": lax.bitwise_not,
    "mulhi": lax.mulhi,
    "shift_left": lax.shift_left,
    "shift_right_logical": lax.shift_right_logical,
    "shift_right_arithmetic": lax.shift_right_arithmetic,
    "lt": lax.lt,
    "le": lax.le,
    "gt": lax.gt,
    "ge": lax.ge,
    "eq": lax.eq,
    "ne": lax.ne,
    "exp": lax.exp,
    "log": lax.log,
    "expm1": lax.expm1,
    "log1p": lax.log1p,
    "erf": lax.erf,
    "sqrt": lax.sqrt,
    "floor": lax.floor,
    "select": lax.select,
}


def interpret(program: Program, arguments: Any, numbers: jax.Array) -> list[jax.Array]:
    """The outputs [row, path], or [row] where they are of no path, for the paths numbered [path]."""
    given = [jnp.ravel(leaf) for leaf in jax.tree.leaves(arguments)]
    state: dict[int, jax.Array] = {id(m): x for m, x in zip(program.arguments, given, strict=True)}
    for memory in program.outputs:
        state[id(memory)] = _empty(memory, numbers.shape)
    rows: dict[int, jax.Array] = {id(program.number): numbers}
    _Interpreter(Alive(program), numbers.shape).block(program.body, rows, state)
    return [state[id(memory)] for memory in program.outputs]


class _Interpreter:
    def __init__(self, alive: Alive, paths: tuple[int, ...]) -> None:
        self.alive, self.paths = alive, paths

    def block(self, block: list[Any], rows: dict[int, jax.Array], state: dict[int, jax.Array]) -> None:
        for it in filter(self.alive.has, block):
            if isinstance(it, Loop):
                self.loop(it, rows, state)
            elif isinstance(it, Store):
                self.store(it, rows, state)
            else:
                rows[id(it)] = self.row(it, rows, state)

    def value(self, row: Row, rows: dict[int, jax.Array], lane: bool) -> jax.Array:
        x = jnp.asarray(row.at, DTYPES[row.kind]) if row.op == "constant" else rows[id(row)]
        return jnp.broadcast_to(x, self.paths) if lane else x

    def row(self, row: Row, rows: dict[int, jax.Array], state: dict[int, jax.Array]) -> jax.Array:
        if row.op == "load":
            memory, base, strides = row.at
            place = self.place(base, list(zip(row.of, strides, strict=True)), rows)
            if memory.lane and place.ndim:
                return state[id(memory)][place, jnp.arange(self.paths[0])]
            return state[id(memory)][place]
        x = [self.value(it, rows, row.lane) for it in row.of]
        return x[0].astype(DTYPES[row.kind]) if row.op == "convert" else BY_NAME[row.op](*x)

    def place(self, base: int, terms: Any, rows: dict[int, jax.Array]) -> jax.Array:
        place = jnp.asarray(base, np.int32)
        for index, stride in terms:
            place = place + self.value(index, rows, False).astype(np.int32) * np.int32(stride)
        return place

    def store(self, it: Store, rows: dict[int, jax.Array], state: dict[int, jax.Array]) -> None:
        memory = it.to.memory
        there = state.get(id(memory), _empty(memory, self.paths))
        place = self.place(it.to.base, it.to.terms, rows)
        state[id(memory)] = there.at[place].set(self.value(it.row, rows, memory.lane))

    def loop(self, loop: Loop, rows: dict[int, jax.Array], state: dict[int, jax.Array]) -> None:
        handed = zip(loop.carried, loop.start, loop.after, loop.final, strict=True)
        needed = [it for it in handed if id(it[0]) in self.alive.rows]
        written = {id(m): m for m in self.written(loop.body)}
        memories = {key: state.get(key, _empty(m, self.paths)) for key, m in written.items()}

        def turn(k: jax.Array, at: Any) -> Any:
            carried, memories = at
            inside = rows | {id(loop.turn): k.astype(np.int32)}
            inside |= {id(it[0]): x for it, x in zip(needed, carried, strict=True)}
            there = state | dict(zip(written, memories, strict=True))
            self.block(loop.body, inside, there)
            after = [self.value(it[2], inside, it[0].lane) for it in needed]
            return after, [there[key] for key in written]

        start = [self.value(it[1], rows, it[0].lane) for it in needed]
        last, memory = lax.fori_loop(0, loop.length, turn, (start, list(memories.values())))
        rows |= {id(it[3]): x for it, x in zip(needed, last, strict=True)}
        state |= dict(zip(written, memory, strict=True))

    def written(self, block: list[Any]) -> list[Memory]:
        found = []
        for it in filter(self.alive.has, block):
            found += self.written(it.body) if isinstance(it, Loop) else []
            found += [it.to.memory] if isinstance(it, Store) else []
        return found


def _empty(memory: Memory, paths: tuple[int, ...]) -> jax.Array:
    return jnp.zeros((memory.size, *paths) if memory.lane else (memory.size,), DTYPES[memory.kind])
