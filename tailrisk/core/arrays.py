"""Arrays made, summed over a small leading axis in a fixed order, taken by rows, put into a whole."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def placed(values: Any, dtype: Any) -> jax.Array:
    """`values` [...], of numbers on the host, as an array of `dtype` [...].

    Rounded by NumPy and put on the device as they are: `jnp.asarray` compiles a program for each shape.
    """
    array: jax.Array = jax.device_put(np.asarray(values).astype(dtype))
    return array


def accumulate(x: jax.Array, axis: int = 0) -> jax.Array:
    """((x_0 + x_1) + x_2) + ...: the slices of `x` [..., n, ...] along a leading `axis`, first to last.

    `jnp.sum` picks its order by the batch's shape, so a path's bits would move with the chunk; this does not.
    The sum of nothing is zero.
    """
    before = (slice(None),) * axis
    if x.shape[axis] == 0:
        return x.sum(axis)
    total = x[(*before, 0)]
    for k in range(1, x.shape[axis]):
        total = total + x[(*before, k)]
    return total


def take(x: jax.Array, places: tuple[int, ...]) -> jax.Array:
    """The rows of `x` [row, ...] at fixed `places`; no gather, which is slow on a CPU."""
    if places == tuple(range(len(places))):
        return x[: len(places)]
    return jnp.stack([x[place] for place in places])


def stacked(rows: Sequence[jax.Array], like: jax.Array) -> jax.Array:
    """The rows one above another; none of them are no rows of the shape of `like` [row, ...]."""
    return jnp.stack(rows) if rows else like[:0]


def put(whole: jax.Array, block: jax.Array, *first: int) -> jax.Array:
    """`whole` [n, ...] with `block` from `first` on, along the leading axes; no scatter, slow on a CPU."""
    return lax.dynamic_update_slice(whole, block, [*first, *([0] * (whole.ndim - len(first)))])
