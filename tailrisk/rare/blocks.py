"""Blocks of weighted paths: those of `simulate.blocks`, drawn from a tilted law, and their traces."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from ..core.processes import ALONE, Group
from ..core.ready import ready
from ..core.units import Count
from ..core.width import width
from ..simulate.blocks import BLOCK, WHOLE, Made, Reduction, chunks, threads
from ..simulate.blocks import reduced as plainly
from ..simulate.path import Course, Outcome
from ..simulate.world import World
from . import importance
from .importance import Trace
from .tilt import Tilt

TRACE = 24
"""Numbers of a path-day in a trace, and their copies."""


def blocks(
    world: World,
    paths: int,
    *,
    chunk: int,
    law: Tilt | None,
    group: Group = ALONE,
    begun: list[Course] | None = None,
) -> Iterator[tuple[int, Outcome]]:
    """`simulate.blocks.blocks` with paths drawn from `law` and weighted; None is the world's own law.

    InputError as there.
    """
    return reduced(world, paths, WHOLE, chunk=chunk, law=law, group=group, begun=begun)


def reduced(
    world: World,
    paths: int,
    reduction: Reduction[Made],
    *,
    chunk: int,
    law: Tilt | None,
    group: Group = ALONE,
    begun: list[Course] | None = None,
) -> Iterator[tuple[int, Made]]:
    """`simulate.blocks.reduced` with paths drawn from `law` and weighted; None is the world's own law.

    InputError as there.
    """
    if law is None:
        return plainly(world, paths, reduction, chunk=chunk, group=group, begun=begun)
    return plainly(world, paths, reduction, chunk=chunk, program=importance.outcome, law=law, group=group)


def traces(world: World, law: Tilt, first: int, paths: int, *, chunk: int) -> tuple[Outcome, Trace]:
    """Outcome and trace of whole blocks of paths from number `first`, side by side, as NumPy arrays.

    chunk: paths side by side on a CPU; an accelerator takes as many as fit.
    """
    size = width(paths, BLOCK, TRACE * world.days * world.dtype.itemsize)
    side = width(size, chunk)
    run = ready(partial(_traces, chunk=side, calls=size // side), world, law, np.uint32(first))

    def compute(start: Any) -> tuple[Outcome, Trace]:
        return run(world, law, start + np.uint32(first))

    done = threads(compute, paths, size=size)
    parts = [part for _, part in sorted(done, key=lambda numbered: numbered[0])]
    return jax.tree.map(lambda *fields: np.concatenate(fields, axis=-1), *parts)


@partial(jax.jit, static_argnames=("chunk", "calls"))
def _traces(world: World, law: Tilt, first: Count, *, chunk: int, calls: int) -> tuple[Outcome, Trace]:
    return chunks(partial(importance.traced, world, law), first, chunk, calls)
