"""Programs as one kernel of rows (core.rows) in CUDA: its text, what it takes, how it compiles for a card."""

import math
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from tailrisk.core.rows import codes, cuda
from tailrisk.core.rows.program import Memory, Program
from tailrisk.core.rows.read import read
from tailrisk.core.rows.simplify import Codes
from tailrisk.core.rows.thread import Budget, Threaded
from tailrisk.simulate import path
from tailrisk.simulate.world import World

from .cards import Card
from .programs import Main
from .tools import assembled, translated

WARPS = (2, 4, 6, 8, 12, 16)
"""Warps of a multiprocessor that a text may be written for: few have much room each."""
HELD, INSIDE = 200, 56
"""Rows in registers at most; registers left for addresses and what an operation needs inside."""
LASTING = 0.75
"""Of L2, what the threads in flight may take of it for their own memory to last there."""
NEARER = 1.5
"""L2's bandwidth in that of the card's memory, at least: an H100's is measured at 1.7 to 2."""
ISSUED, MOST = 0.5, 0.8
"""Instructions a clock of one warp, two of them independent over four clocks; and of a scheduler at most."""


class Array(NamedTuple):
    """An argument or an output of a kernel."""

    kind: str  # f, i, u or b (core.rows.program)
    lane: bool  # a number of each path, or one for all
    size: int


class Taken(NamedTuple):
    """What a kernel takes: bytes of a thread, bytes and instructions of a path-day."""

    shared: int  # bytes a thread
    own: int  # bytes a thread
    out_moved: float  # bytes a path-day, the rest too
    own_moved: float
    shared_moved: float
    operations: float


class Bounds(NamedTuple):
    """Path-days a second by each of a card's limits, and by all, threads counted."""

    memory: float
    shared: float
    instructions: float
    all: float
    bytes: float  # a path-day to and from the card's memory


class Room(NamedTuple):
    """A thread's room on a card: how many threads a multiprocessor then holds, and what comes of it."""

    threads: int
    taken: Taken
    bounds: Bounds


class Written(NamedTuple):
    """A program as one kernel, for worlds of some zeros and ones (`known`), for cards of one kind."""

    text: str
    taken: Taken
    bytes: float  # a path-day, to and from the card's memory
    known: Codes | None
    arguments: tuple[Array, ...]
    outputs: tuple[Array, ...]
    rooms: tuple[Room, ...] = ()  # that it was chosen from

    def constant(self, argument: int) -> bool:
        """Whether an argument, by its place, lies in constant memory; else it is given at each launch."""
        return re.search(rf"__constant__ \w+ in{argument}\[", self.text) is not None

    def uses(self, argument: int) -> bool:
        """Whether the kernel reads an argument, by its place."""
        _, body = self.text.split("__global__")
        return re.search(rf"\bin{argument}\b", body) is not None


def written(main: Main, world: World, card: Card) -> Written:
    """One program in CUDA, and what it takes. Raises InputError for a program that has no rows."""
    law = main.law(world)
    known = codes([np.asarray(leaf) for leaf in jax.tree.leaves((world, law))])
    with path.day_by_day():
        rows, _ = read(lambda both, numbers: main.program(*both, numbers), (world, law), known)
    found = rooms(rows, world.days, card)
    writer, best = max(found, key=lambda one: one[1].bounds.all)
    given = arrays(rows.arguments), arrays(rows.outputs)
    every = tuple(room for _, room in found)
    return Written(cuda.text(writer), best.taken, best.bounds.bytes, known, *given, every)


def rooms(rows: Program, days: int, card: Card) -> list[tuple[Threaded, Room]]:
    """Every room a thread may have on a card, for a program of so many days."""
    found = []
    for budget in budgets(card):
        writer = Threaded(rows, budget)
        it = taken(writer, days)
        threads = card.resident(min(255, writer.plan.most + INSIDE), it.shared, cuda.THREADS)
        if threads:
            found.append((writer, Room(threads, it, bound(card, it, threads))))
    return found


def budgets(card: Card) -> Iterator[Budget]:
    """Registers and shared memory of a thread where a multiprocessor holds so many warps."""
    for warps in WARPS:
        threads = 32 * warps
        block = card.shared * cuda.THREADS // threads - 1024
        yield Budget(min(HELD, 65536 // threads - INSIDE), block // cuda.THREADS // 16 * 16)


def taken(writer: Threaded, days: int) -> Taken:
    """What a thread's program takes, a path being so many days."""
    moved, aside = cuda.bytes_moved(writer), writer.traffic()
    return Taken(
        writer.layout.shared,
        writer.own,
        moved.out / days,
        (moved.own + aside.own) / days,
        aside.shared / days,
        cuda.operations(writer) / days,
    )


def bound(card: Card, it: Taken, threads: int) -> Bounds:
    """How fast a kernel can be on a card that holds so many of its threads a multiprocessor.

    Their own memory lasts in L2 where it fits; else all that moves to and from it is the card's memory's.
    """
    lasts = it.own * threads * card.cores <= LASTING * card.l2
    moved = it.out_moved + (0 if lasts else it.own_moved)
    nearer = NEARER * card.bandwidth / it.own_moved if it.own_moved else math.inf
    memory = min(card.bandwidth / moved, nearer)
    shared = card.cores * 128 * card.clock * 1e9 / it.shared_moved if it.shared_moved else math.inf
    instructions = card.operations / it.operations
    issued = min(MOST, ISSUED * threads / card.fpus)
    return Bounds(memory, shared, instructions, min(memory, shared, issued * instructions), moved)


def compiled(card: Card, it: Written) -> dict[str, Any]:
    """One program as one kernel for one card: a row of the table, as for XLA's."""
    started = time.process_time()
    made = assembled(translated(it.text, card.architecture), card.architecture)
    threads = card.resident(made.registers, it.taken.shared, cuda.THREADS)
    bounds = bound(card, it.taken, threads)
    return {
        "bytes_path_day": round(bounds.bytes, 1),
        "registers": made.registers,
        "spill_bytes": made.spills,
        "stack_bytes": made.stack,
        "shared_bytes": it.taken.shared,
        "threads": threads,
        "own_moved_path_day": round(it.taken.own_moved),
        "shared_moved_path_day": round(it.taken.shared_moved),
        "operations_path_day": round(it.taken.operations),
        "by_memory": float(f"{bounds.memory:.2g}"),
        "by_shared": float(f"{bounds.shared:.2g}"),
        "by_instructions": float(f"{bounds.instructions:.2g}"),
        "path_days_per_second": bounds.all,
        "compile_cpu_seconds": round(time.process_time() - started + made.seconds, 1),
    }


def roomy(card: Card, it: Written) -> list[dict[str, Any]]:
    """What each room comes to on a card: rows of a table."""
    return [
        {
            "card": card.name,
            "threads": room.threads,
            "shared_bytes": room.taken.shared,
            "own_bytes": room.taken.own,
            "bytes_path_day": round(room.bounds.bytes, 1),
            "shared_moved_path_day": round(room.taken.shared_moved),
            "path_days_per_second": room.bounds.all,
        }
        for room in it.rooms
    ]


def arrays(memories: list[Memory]) -> tuple[Array, ...]:
    """Arguments or outputs, for what launches a kernel."""
    return tuple(Array(memory.kind, memory.lane, memory.size) for memory in memories)
