"""Programs as one kernel of rows (core.rows) in CUDA: its text, what it takes, how it compiles for a card."""

import re
import time
from typing import Any, NamedTuple

from tailrisk.core.rows import cuda
from tailrisk.core.rows.program import Memory
from tailrisk.core.rows.read import read
from tailrisk.simulate import path
from tailrisk.simulate.world import World

from .cards import Card
from .programs import Main
from .tools import assembled, translated


class Array(NamedTuple):
    """An argument or an output of a kernel."""

    kind: str  # f, i, u or b (core.rows.program)
    lane: bool  # a number of each path, or one for all
    size: int


class Written(NamedTuple):
    """A program as one kernel, the same for every card."""

    text: str
    bytes: float  # a path-day
    operations: float  # a path-day
    shared: int  # bytes a thread
    arguments: tuple[Array, ...]
    outputs: tuple[Array, ...]

    def constant(self, argument: int) -> bool:
        """Whether an argument, by its place, lies in constant memory; else it is given at each launch."""
        return re.search(rf"__constant__ \w+ in{argument}\[", self.text) is not None

    def uses(self, argument: int) -> bool:
        """Whether the kernel reads an argument, by its place."""
        _, body = self.text.split("__global__")
        return re.search(rf"\bin{argument}\b", body) is not None


def written(main: Main, world: World) -> Written:
    """One program in CUDA, and what it takes. Raises InputError for a program that has no rows."""
    with path.day_by_day():
        rows, _ = read(lambda both, numbers: main.program(*both, numbers), (world, main.law(world)))
    moved, work = cuda.bytes_moved(rows) / world.days, cuda.operations(rows) / world.days
    text, shared = cuda.text(rows), cuda.shared(rows)
    return Written(text, moved, work, shared, _arrays(rows.arguments), _arrays(rows.outputs))


def compiled(card: Card, it: Written) -> dict[str, Any]:
    """One program as one kernel for one card: a row of the table, as for XLA's."""
    started = time.process_time()
    made = assembled(translated(it.text, card.architecture), card.architecture)
    return {
        "bytes_path_day": round(it.bytes, 1),
        "registers": made.registers,
        "spill_bytes": made.spills,
        "stack_bytes": made.stack,
        "shared_bytes": it.shared,
        "threads": card.resident(made.registers, it.shared, cuda.THREADS),
        "path_days_per_second": min(card.bandwidth / it.bytes, card.operations / it.operations),
        "operations_path_day": round(it.operations),
        "compile_cpu_seconds": round(time.process_time() - started + made.seconds, 1),
    }


def _arrays(memories: list[Memory]) -> tuple[Array, ...]:
    return tuple(Array(memory.kind, memory.lane, memory.size) for memory in memories)
