"""Blocks of plain paths reduced where they were computed: an accelerator sends counts and sums, not paths.

Every sum over paths is in the order of `tail.block_sums`, in float64, so it has its bits; counts are whole
numbers, which add up in any order. A last block cut short is filled up with paths that count for nothing.
The losses asked for leave the device whole: the worst of them are chosen on the host, whose floor rises from
call to call.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
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


def figures(compute: Callable[..., Any], asked: Any, outcome: Outcome) -> Any:
    """What `compute` (reduced.figures) retains of an outcome [.., path].

    It is on the device, and not waited for.
    """
    with jax.enable_x64(True):
        return _figures(compute, asked, outcome, np.int64(0))


@partial(jax.jit, static_argnums=(0, 1))
def _figures(compute: Callable[..., Any], asked: Any, outcome: Outcome, zero: jax.Array) -> Any:
    paths = outcome.fault.shape[0]
    if paths % BLOCK == 0:
        return compute(asked, outcome, Device(zero, paths))
    made = compute(asked, _filled(outcome, -paths % BLOCK), Device(zero, paths))
    real = jax.tree.map(itemgetter((..., slice(paths))), (made.asked, made.numbers, made.every))
    return made._replace(asked=real[0], numbers=real[1], every=real[2])


def _filled(outcome: Outcome, more: int) -> Outcome:
    """The outcome [.., path] with so many paths more, which lose nothing, have no event and no fault."""

    def wider(field: jax.Array, value: float = 0) -> jax.Array:
        return jnp.pad(field, [(0, 0)] * (field.ndim - 1) + [(0, more)], constant_values=value)

    return replace(jax.tree.map(wider, outcome), z=wider(outcome.z, np.nan))


@dataclass(frozen=True)
class Device:
    """An arithmetic of whole blocks in float64, of which only the first `paths` count.

    zero [] is an int64 that the compiler cannot know.
    """

    zero: jax.Array
    paths: int
    xp: Any = jnp

    def sums(self, values: jax.Array) -> jax.Array:
        """As in `reduced.Arithmetic`; values [row, path]."""
        values = self._counting(values)
        add: Callable[[jax.Array], jax.Array]
        if jnp.issubdtype(values.dtype, jnp.floating):
            x, add = values.astype(jnp.float64), partial(pairwise, short=self.paths % BLOCK)
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
        place = jnp.clip(jnp.where(jnp.isnan(place), 0.0, place), 0.0, bins - 1.0).astype(jnp.int32)
        place = place + jnp.arange(len(rows), dtype=jnp.int32)[:, None] * np.int32(bins)
        return self._counted(place, len(rows) * bins).reshape(*values.shape[:-1], bins)

    def cells(self, places: Any, shape: tuple[int, ...]) -> jax.Array:
        """As in `reduced.Arithmetic`; places [axis][path]."""
        place = jnp.zeros(places[0].shape, jnp.int32)
        for at, size in zip(places, shape, strict=True):
            place = place * np.int32(size) + at.astype(jnp.int32)
        return self._counted(place, int(np.prod(shape))).reshape(shape)

    def _counting(self, values: jax.Array) -> jax.Array:
        """Values [row, path], zero where a path does not count."""
        if values.shape[-1] == self.paths:
            return values
        counts = jnp.arange(values.shape[-1]) < self.paths
        return jnp.where(counts, values, jnp.zeros((), values.dtype))

    def _counted(self, place: jax.Array, bins: int) -> jax.Array:
        """How many of the places [.., day and path] are each bin [bin]."""
        width = self.paths + -self.paths % BLOCK
        one = np.int32(1) if width == self.paths else jnp.arange(place.shape[-1]) % width < self.paths
        counts = jnp.zeros(bins, jnp.int32).at[place.ravel()]
        return counts.add(jnp.broadcast_to(jnp.int32(one), place.shape).ravel(), mode="promise_in_bounds")

    def _apart(self, product: jax.Array) -> jax.Array:
        """`product` bit for bit, which the compiler may not join with a sum and round once."""
        if product.dtype == jnp.int64:
            return product
        bits = lax.bitcast_convert_type(product, jnp.int64) ^ self.zero
        return lax.bitcast_convert_type(bits, jnp.float64)


def pairwise(x: jax.Array, short: int = 0) -> jax.Array:
    """Sums of x [row, path] over each block [row, block], in the order in which numpy sums a block.

    short: paths of the last block that count, where it is not whole; the others are zero.
    """
    if not short:
        return _of_groups(x.reshape(x.shape[0], -1, BLOCK // GROUP, GROUP // LANES, LANES))
    whole, last = x[:, :-BLOCK], x[:, -BLOCK:]
    groups, after = _places(short)
    total = _of_groups(last[:, None, groups], last[:, None, after])
    return total if not whole.shape[1] else jnp.concatenate([pairwise(whole), total], axis=1)


def _of_groups(lanes: jax.Array, after: jax.Array | None = None) -> jax.Array:
    """Sums of lanes [row, block, group, turn, lane], of which a group ends with `after` [.., group, turn]."""
    total = lanes[:, :, :, 0]
    for k in range(1, lanes.shape[3]):
        total = total + lanes[:, :, :, k]
    while total.shape[-1] > 1:
        total = total[..., ::2] + total[..., 1::2]
    total = total[..., 0]
    if after is not None:
        for k in range(after.shape[-1]):
            total = total + after[..., k]
    while total.shape[-1] > 1:
        total = total[..., ::2] + total[..., 1::2]
    return total[..., 0]


def _places(short: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places in a short block of what numpy sums: [group, turn, lane], and after them [group, one more].

    numpy halves until 128 are left, at a multiple of eight, and adds the last ones, fewer than eight, to
    their group one by one. The place of nothing is that of the last path of a whole block, which is zero.
    """
    groups = _halved(0, short)
    turns = np.full((len(groups), GROUP), BLOCK - 1)
    after = np.full((len(groups), LANES - 1), BLOCK - 1)
    for g, (first, count) in enumerate(groups):
        even = count // LANES * LANES
        turns[g, :even] = np.arange(first, first + even)
        after[g, : count - even] = np.arange(first + even, first + count)
    return turns.reshape(-1, GROUP // LANES, LANES), after


def _halved(first: int, count: int) -> list[tuple[int, int]]:
    """(first, count) of the groups that so many paths are halved into, as many in either half."""
    if count <= GROUP:
        return [(first, count)]
    left = count // 2 // LANES * LANES
    halves = _halved(first, left), _halved(first + left, count - left)
    most = max(map(len, halves))
    return [group for half in halves for group in _spread(half, most)]


def _spread(groups: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Groups with empty ones after each, `most` in all."""
    empty = [(0, 0)] * (most // len(groups) - 1)
    return [one for group in groups for one in (group, *empty)]


def whole(x: jax.Array) -> jax.Array:
    """Sums of whole numbers x [row, path] over each block [row, block], exact."""
    return x.reshape(x.shape[0], x.shape[1] // BLOCK, BLOCK).sum(axis=-1).astype(jnp.float64)
