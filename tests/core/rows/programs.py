"""Small programs of every kind of row, for tests: each (world, numbers [path]) -> arrays [.., path]."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

WORLD = {
    "table": np.linspace(-1.0, 2.0, 12, dtype=np.float32).reshape(4, 3),
    "weight": np.array([0.5, -0.25, 1.5], np.float32),
    "counts": np.array([3, 1, 2], np.int32),
    "flags": np.array([True, False, True]),
    "level": np.float32(0.7),
}


def uniform(number):
    return number.astype(jnp.float32) / 64 - 1


def arithmetic(world, number):
    x = uniform(number)
    y = jnp.where(x > 0, x * world["level"], -x / 3)
    return x + y, x - y, jnp.abs(x), jnp.maximum(x, y), jnp.minimum(x, 0.1), jnp.floor(x * 5), x**3, x**-2


def integers(world, number):
    signed = number.astype(jnp.int32) - 40
    high = lax.mulhi(number * np.uint32(0x9E3779B9), jnp.full_like(number, np.uint32(0xD2511F53)))
    return (
        high,
        ~number,
        signed >> 3,
        signed << 2,
        (signed & 5) ^ 3,
        (signed > 2).astype(jnp.int32) + world["counts"][1],
    )


def flags(world, number):
    x = uniform(number)
    both = (x > 0.2) & world["flags"][0] | ~(x < 0.5)
    mine = jnp.asarray(world["flags"])[(number & np.uint32(1)).astype(jnp.int32)]
    return both, jnp.isfinite(x / (x - x[0] * 0)), jnp.stack([both, x > 0]).all(axis=0), x != x, ~mine


def carried(world, number):
    """A ring of two, a chain of three, one that never moves and one that counts; every turn is seen."""

    def turn(state, t):
        (a, b), (now, before, first), still, count = state
        new = now * world["weight"][1] + a * 0.25 + t.astype(jnp.float32)
        after = (b, a), (new, now, before), still, count + t
        return after, (new + still, first)

    x = uniform(number)
    start = (x, x + 1), (x * 2, x * 3, x * 4), x * 5, jnp.int32(0)
    return lax.scan(turn, start, jnp.arange(7, dtype=jnp.int32))


def nested(world, number):
    """Memory of an inner loop, read in the outer one; a series put together of two and read backwards."""

    def day(total, row):
        _, seen = lax.scan(lambda s, k: (s * 0.5 + k, s + row[1]), total, jnp.arange(4, dtype=jnp.float32))
        return seen[-1] + seen[0] * row[0], seen[2]

    x = uniform(number)
    last, days = lax.scan(day, x, world["table"])
    series = jnp.concatenate([days, jnp.stack([x, last]), days[1:]])
    sums, every = lax.scan(lambda s, y: (s + y, s - y), jnp.zeros_like(x), series, reverse=True)
    return last, days, sums, every


def indexed(world, number):
    """Rows chosen by a path's number, by a day's, and blocks put in place."""
    index = (number & np.uint32(3)).astype(jnp.int32)
    x = uniform(number)
    mine = world["table"].T[:, index]
    rows = jnp.stack([x, x * 2, x * 3, x * 4])

    def turn(state, t):
        state = lax.dynamic_update_slice(state, (x + t.astype(jnp.float32))[None], (t, 0))
        return state, lax.dynamic_index_in_dim(state, 3 - t, keepdims=False) + world["table"][t, 0]

    last, seen = lax.scan(turn, rows, jnp.arange(4, dtype=jnp.int32))
    return mine, last, seen


def complexes(world, number):
    x = uniform(number)
    pair = lax.complex(jnp.stack([x, x * 2]), jnp.stack([x + 1, x - 1]))

    def turn(state, today):
        return state + today.real * today.imag, today.imag

    return lax.scan(turn, x, pair)


def functions(world, number):
    x = uniform(number)
    positive = jnp.abs(x) + 0.01
    return jnp.exp(x), jnp.log(positive), jnp.expm1(x), jnp.log1p(positive), lax.erf(x), jnp.sqrt(positive)


def parts(world, number):
    """Rows parted, as newer a JAX does where an older one slices."""
    x = uniform(number)
    a, b, c = jnp.stack([x, x * 2, x + 1])
    first, rest = jnp.split(jnp.stack([a * b, c, a]), [1])
    return first, rest


def branches(world, number):
    x = uniform(number)
    known = lax.platform_dependent(x, cpu=lambda y: y * 2, default=lambda y: y + y) / 3
    chosen = lax.cond(world["level"] > 0.5, lambda y: y + 1, lambda y: y - 1, x)
    return jax.jit(lambda y: y * y)(known), chosen


EXACT = {
    f.__name__: f for f in (arithmetic, integers, flags, carried, nested, indexed, complexes, parts, branches)
}
"""Of IEEE's operations alone."""
ROUNDED = {"functions": functions}
