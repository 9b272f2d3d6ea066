"""Sums over a small leading axis, in a fixed order, and blocks of a whole."""

import jax
from jax import lax


def accumulate(x: jax.Array, axis: int = 0) -> jax.Array:
    """((x_0 + x_1) + x_2) + ...: the slices of `x` along a leading `axis`, first to last.

    `jnp.sum` picks its order by the batch's shape, so a path's bits would move with the chunk; this does not.
    """
    before = (slice(None),) * axis
    total = x[(*before, 0)]
    for k in range(1, x.shape[axis]):
        total = total + x[(*before, k)]
    return total


def put(whole: jax.Array, block: jax.Array, *first: int) -> jax.Array:
    """`whole` with `block` from `first` on, along the leading axes; no scatter, which is slow on a CPU."""
    return lax.dynamic_update_slice(whole, block, [*first, *([0] * (whole.ndim - len(first)))])
