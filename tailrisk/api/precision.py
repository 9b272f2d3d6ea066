"""JAX in the precision a config asks for, while it is computed."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def precision(*, x64: bool) -> Iterator[None]:
    """64-bit arrays in every thread, or not, and afterwards as it was before.

    `jax.enable_x64` is of one thread; a run has many.
    """
    before = bool(jax.config.read("jax_enable_x64"))
    jax.config.update("jax_enable_x64", x64)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
