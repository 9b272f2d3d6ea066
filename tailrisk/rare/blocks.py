"""Blocks of weighted paths: those of `simulate.blocks`, drawn from a tilted law, and their traces."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from ..core.processes import ALONE, Group
from ..core.ready import ready
from ..core.units import Count
from ..simulate.blocks import BLOCK, chunks, threads
from ..simulate.blocks import blocks as drawn
from ..simulate.path import Course, Outcome
from ..simulate.world import World
from . import importance
from .importance import Trace
from .tilt import Tilt


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
    if law is None:
        return drawn(world, paths, chunk=chunk, group=group, begun=begun)
    return drawn(world, paths, chunk=chunk, program=importance.outcome, law=law, group=group)


def traces(world: World, law: Tilt, first: int, paths: int, *, chunk: int) -> tuple[Outcome, Trace]:
    """Outcome and trace of whole blocks of paths from number `first`, side by side, as NumPy arrays."""

    run = ready(partial(_traces, chunk=chunk, calls=BLOCK // chunk), world, law, np.uint32(first))

    def compute(start: Any) -> tuple[Outcome, Trace]:
        return run(world, law, start + np.uint32(first))

    parts = [part for _, part in sorted(threads(compute, paths), key=lambda numbered: numbered[0])]
    return jax.tree.map(lambda *fields: np.concatenate(fields, axis=-1), *parts)


@partial(jax.jit, static_argnames=("chunk", "calls"))
def _traces(world: World, law: Tilt, first: Count, *, chunk: int, calls: int) -> tuple[Outcome, Trace]:
    return chunks(partial(importance.traced, world, law), first, chunk, calls)
