"""A fence between two clauses of the day: what is before it is computed once, and not again by every user.

On a CPU the compiler fuses a chain of elementwise clauses into each array that comes out of it, and computes
the chain anew for each: one round of the crowd took fifty times as long. It does not fuse across a
conditional. Fence what is small and widely used: returns, fills, totals. A fence stands at the definition of
a clause, as a decorator, and the day that calls it reads on:

    @clause  what goes in and what comes out is computed once
    @fenced  what comes out is computed once
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import jax
import jax.numpy as jnp

P = ParamSpec("P")
T = TypeVar("T")


def fence(x: T) -> T:
    """`x`, bit for bit; its leaves are floating-point arrays."""
    return jax.lax.platform_dependent(x, cpu=_conditional, default=lambda y: y)


def fenced(compute: Callable[P, T]) -> Callable[P, T]:
    """`compute` with what comes out of it fenced: floating-point arrays, small ones."""

    @wraps(compute)
    def behind(*args: P.args, **kwargs: P.kwargs) -> T:
        return fence(compute(*args, **kwargs))

    return behind


def clause(compute: Callable[P, T]) -> Callable[P, T]:
    """`compute` with both sides fenced: what goes in and what comes out is computed once.

    Cheaper than a fence around large results, which copies them. The first array given is of floats.
    """

    @wraps(compute)
    def apart(*args: P.args, **kwargs: P.kwargs) -> T:
        def plain() -> T:
            return compute(*args, **kwargs)

        def between() -> T:
            return jax.lax.cond(_always(args), plain, lambda: jax.tree.map(_nothing, jax.eval_shape(plain)))

        return jax.lax.platform_dependent(cpu=between, default=plain)

    return apart


def _conditional(x: T) -> T:
    """The first branch always runs, which the compiler cannot know: it may not assume p = p of a float."""
    return jax.lax.cond(_always(x), lambda y: y, lambda y: jax.tree.map(jnp.negative, y), x)


def _nothing(shape: jax.ShapeDtypeStruct) -> jax.Array:
    return jnp.zeros(shape.shape, shape.dtype)


def _always(x: object) -> jax.Array:
    leaves = [
        leaf for leaf in jax.tree.leaves(x) if jnp.size(leaf)
    ]  # a market may have no futures, or no boards
    if not leaves:
        return jnp.asarray(True)
    probe = jnp.ravel(leaves[0])[0]
    return (probe == probe) | (probe != probe)
