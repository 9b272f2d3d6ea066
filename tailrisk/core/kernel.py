"""One kernel: a whole computation compiled for the CPU as a single machine function.

XLA's CPU runtime queues every fused loop for a pool of threads as a task of its own; in chunks of 128 paths
half of a run with a crowd went on the queue and not on arithmetic (perf). XLA compiles a call that bears the
mark below as one function, loops and all, as it does by itself with small loops; where it does not know the
mark the call is an ordinary one. The bits are the same for any chunk, but the last one may differ from
that of the same computation unmarked. Under JAX 0.12 the mark is not needed and costs nothing: a path-day of
the crowd takes 1,310 ns of CPU time marked and 1,320 unmarked, with the same bits (0.10.2: 1,370 and 2,450).
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax
from jax.experimental.xla_metadata import set_xla_metadata

P = ParamSpec("P")
T = TypeVar("T")

MARK = {"xla_cpu_small_call": "true", "inlineable": "false"}
OPTIONS = {"xla_disable_hlo_passes": "cpu-parallel-task-assigner"}
"""Compiler options of the `jit` around a marked call: no loop in it may be split over threads (one that is
does not link). They mean nothing to an accelerator. Vectors of 512 bits (`xla_cpu_prefer_vector_width`) are
faster still, but then the bits of a path with a crowd depend on the chunk."""


def one_kernel(compute: Callable[P, T]) -> Callable[P, T]:
    """`compute`, one machine function on a CPU and unchanged elsewhere, for use in a `jit` with OPTIONS."""
    if jax.default_backend() != "cpu":
        return compute

    def marked(*args: P.args, **kwargs: P.kwargs) -> T:
        result: T = set_xla_metadata(jax.jit(compute)(*args, **kwargs), **MARK)  # marks the call it came from
        return result

    return marked
