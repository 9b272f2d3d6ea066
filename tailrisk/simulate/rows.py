"""Blocks of paths by one kernel of rows (core.rows), where the config asks for it in the place of XLA.

The program is the one XLA would be given; its days draw their own shocks, so that a day is one stretch
of text. Bits do not depend on the chunk, the lanes or the compiler; they differ from XLA's in the last
places, since exp, log and erf are the kernel's own and nothing is contracted.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.rows import Kernel, codes
from ..core.units import Count
from . import path
from .world import World

Program = Callable[[World, Any, Count], Any]

NAME = "rows"
"""What run.backend calls it."""


def computed(program: Program, world: World, law: Any, numbers: NDArray[np.uint32]) -> Any:
    """What `program` makes of the paths numbered [path], drawn from `law`; NumPy arrays [.., path].

    Raises InputError where there is no compiler, the device is no CPU, or a primitive has no rows.
    """
    return kernel(program, world, law)((world, law), numbers)


def kernel(program: Program, world: World, law: Any) -> Kernel:
    """The kernel of a program, the same for all worlds of one shape with zeros and ones at the same places.

    InputError as in `computed`.
    """
    if jax.default_backend() != "cpu":
        problem = f'"rows" on a {jax.default_backend()}'
        raise InputError(
            "run.backend", problem, '"xla", or JAX_PLATFORMS=cpu', "its CUDA is compiled, not run"
        )
    leaves, tree = jax.tree.flatten((world, law))
    shapes = tuple(jax.api_util.shaped_abstractify(leaf) for leaf in leaves)
    return _kernel(program, tree, shapes, codes([np.asarray(leaf) for leaf in leaves]).tobytes())


@cache
def _kernel(program: Program, tree: Any, shapes: tuple[Any, ...], known: bytes) -> Kernel:
    """Compiled once for a process; `core.compiler` stores its machine code for the next."""
    with path.day_by_day():
        arguments, zeros = jax.tree.unflatten(tree, shapes), np.frombuffer(known, np.uint8)
        return Kernel(partial(_paired, program), arguments, known=zeros)


def _paired(program: Program, both: tuple[World, Any], numbers: Count) -> Any:
    world, law = both
    return program(world, law, numbers)
