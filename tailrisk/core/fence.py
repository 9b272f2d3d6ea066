"""A fence between two clauses of the day: what is before it is computed once, and not again by every user.

On a CPU the compiler fuses a chain of elementwise clauses into each array that comes out of it, and computes
the chain anew for each: one round of the crowd took fifty times as long. It does not fuse across a
conditional. Fence what is small and widely used: returns, fills, totals.
"""

from typing import TypeVar

import jax
import jax.numpy as jnp

T = TypeVar("T")


def fence(x: T) -> T:
    """`x`, bit for bit; its leaves are floating-point arrays."""
    return jax.lax.platform_dependent(x, cpu=_conditional, default=lambda y: y)


def _conditional(x: T) -> T:
    """The first branch always runs, which the compiler cannot know: it may not assume p = p of a float."""
    probe = jnp.ravel(jax.tree.leaves(x)[0])[0]
    always = (probe == probe) | (probe != probe)
    return jax.lax.cond(always, lambda y: y, lambda y: jax.tree.map(jnp.negative, y), x)
