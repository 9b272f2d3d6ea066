"""Blocks of plain paths reduced where they were computed: an accelerator sends counts and sums, not paths.

Every sum over paths is in the order of `tail.block_sums`, in float64, so it has its bits; counts are whole
numbers, which add up in any order. The losses asked for leave the device whole: the worst of them are
chosen on the host, whose floor rises from call to call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from ..simulate.blocks import BLOCK
from ..simulate.path import Outcome
from ..tail.moments import PLAIN

GROUP, LANES = 128, 8
"""Paths of a group that is summed first, and the columns it is summed in: those of numpy."""


def figures(compute: Callable[..., Any], asked: Any, outcome: Outcome, paths: int) -> Any:
    """What `compute` (reduced.figures) retains of the first paths of an outcome [.., path], whole blocks.

    It is on the device, and not waited for.
    """
    with jax.enable_x64(True):
        return _figures(compute, asked, outcome, np.int64(0), paths=paths)


@partial(jax.jit, static_argnums=(0, 1), static_argnames="paths")
def _figures(
    compute: Callable[..., Any], asked: Any, outcome: Outcome, zero: jax.Array, *, paths: int
) -> Any:
    return compute(asked, jax.tree.map(itemgetter((..., slice(paths))), outcome), Device(zero))


@dataclass(frozen=True)
class Device:
    """An arithmetic of whole blocks in float64; zero [] is an int64 that the compiler cannot know."""

    zero: jax.Array
    xp: Any = jnp

    def sums(self, values: jax.Array) -> jax.Array:
        """As in `reduced.Arithmetic`; values [row, path]."""
        if jnp.issubdtype(values.dtype, jnp.floating):
            x, add = values.astype(jnp.float64), pairwise
        else:
            x, add = values.astype(jnp.int64), whole
        powers = [x]
        for _ in PLAIN[1:]:
            powers.append(self._apart(powers[-1] * x))
        return jnp.stack([add(one) for one in powers], axis=-1).swapaxes(0, 1)

    def tally(self, values: jax.Array, edges: NDArray[np.float64]) -> jax.Array:
        """As in `reduced.Arithmetic`; values [..., path]."""
        bins, rows = len(edges) - 1, values.reshape(-1, values.shape[-1])
        place = (rows.astype(jnp.float64) - edges[0]) * (bins / (edges[-1] - edges[0]))
        place = jnp.clip(place, 0.0, bins - 1.0).astype(jnp.int32)
        place = place + jnp.arange(len(rows), dtype=jnp.int32)[:, None] * np.int32(bins)
        return _counted(place, len(rows) * bins).reshape(*values.shape[:-1], bins)

    def cells(self, places: Any, shape: tuple[int, ...]) -> jax.Array:
        """As in `reduced.Arithmetic`; places [axis][path]."""
        place = jnp.zeros(places[0].shape, jnp.int32)
        for at, size in zip(places, shape, strict=True):
            place = place * np.int32(size) + at.astype(jnp.int32)
        return _counted(place, int(np.prod(shape))).reshape(shape)

    def _apart(self, product: jax.Array) -> jax.Array:
        """`product` bit for bit, which the compiler may not join with a sum and round once."""
        if product.dtype == jnp.int64:
            return product
        bits = lax.bitcast_convert_type(product, jnp.int64) ^ self.zero
        return lax.bitcast_convert_type(bits, jnp.float64)


def pairwise(x: jax.Array) -> jax.Array:
    """Sums of x [row, path] over each block [row, block], in the order in which numpy sums a block."""
    blocks = x.shape[1] // BLOCK
    lanes = x.reshape(x.shape[0], blocks, BLOCK // GROUP, GROUP // LANES, LANES)
    total = lanes[:, :, :, 0]
    for k in range(1, GROUP // LANES):
        total = total + lanes[:, :, :, k]
    while total.shape[-1] > 1:
        total = total[..., ::2] + total[..., 1::2]
    total = total[..., 0]
    while total.shape[-1] > 1:
        total = total[..., ::2] + total[..., 1::2]
    return total[..., 0]


def whole(x: jax.Array) -> jax.Array:
    """Sums of whole numbers x [row, path] over each block [row, block], exact."""
    return x.reshape(x.shape[0], x.shape[1] // BLOCK, BLOCK).sum(axis=-1).astype(jnp.float64)


def _counted(place: jax.Array, bins: int) -> jax.Array:
    """How many of the places are each bin [bin]."""
    return jnp.zeros(bins, jnp.int32).at[place.ravel()].add(1, mode="promise_in_bounds")
