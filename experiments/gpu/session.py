"""One sitting at a card: how much is asked of it, what is compiled, how long calls take."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from tailrisk.simulate import blocks
from tailrisk.simulate.world import World

from .board import Board, Window
from .cards import Card
from .hlo import Cost, cost
from .programs import MEASURED, PROGRAMS
from .reference import Reference
from .rows import Written


class Sizes(NamedTuple):
    """How much is asked."""

    width: int  # paths a call
    paths: int  # compared with the CPU
    draws: int
    seconds: float  # of each timing
    widths: dict[str, tuple[int, ...]]
    runs: dict[str, int]  # paths of a whole run
    starts: dict[str, int]  # paths of a command, by config
    kernels: tuple[str, ...]  # tried as one kernel
    sets: tuple[str, ...] = ()  # of every config
    patience: float = 1.0  # budgets and waits are multiplied by


WIDE = blocks.WIDE * blocks.BLOCK
CARD = Sizes(
    width=WIDE,
    paths=65_536,
    draws=1 << 20,
    seconds=1.5,
    widths={
        "exogenous": (8_192, 65_536, 1_048_576),
        "prices": (8_192, 65_536, 1_048_576),
        "memory with events": (65_536,),
        "crowd": (32_768,),
    },
    runs={"exogenous": 16 * WIDE, "memory with events": 8 * WIDE, "crowd": 2 * WIDE},
    starts={"feb2024.toml": 1_000_000, "crowd_feb2024.toml": 100_000},
    kernels=MEASURED,
)
REHEARSAL = Sizes(
    width=256,
    paths=256,
    draws=512,
    seconds=0.01,
    widths={"prices": (128,)},
    runs={"exogenous": 8_192},
    starts={"feb2024.toml": 512},
    kernels=("prices",),
    sets=("run.days=3",),
    patience=20.0,
)
"""On a CPU, for the script's own sake: every stage, no figure that means anything."""


class Ready(NamedTuple):
    """A program compiled for the card at one width."""

    call: Callable[[int], Any]  # the outcome of the paths from a number on, on the card
    world: World
    width: int
    trace: float  # seconds
    compile: float  # seconds
    cost: Cost  # of a call
    temporary: int  # bytes


class Timed(NamedTuple):
    """How long calls took."""

    best: float  # seconds
    median: float
    host: float  # CPU seconds of this process a second
    calls: int
    seen: Window


@dataclass
class Session:
    """What the stages share."""

    sizes: Sizes
    names: tuple[str, ...]  # of programs
    board: Board
    reference: Reference
    scratch: Path
    card: Card | None  # its data sheet
    architecture: str = "sm_90a"
    compiled: dict[tuple[str, int], Ready] = field(default_factory=dict)
    best: dict[str, Timed] = field(default_factory=dict)  # at the width of `sizes`

    def ready(self, name: str, width: int | None = None) -> Ready:
        """A program, compiled where it is not yet."""
        wide = width or self.sizes.width
        if (name, wide) not in self.compiled:
            self.compiled[name, wide] = compiled(name, wide, self.sizes.sets)
        return self.compiled[name, wide]

    def timed(self, name: str, width: int | None = None) -> Timed:
        """Calls of a program, one after another, each until it is done."""
        it = self.ready(name, width)
        found = timed(it.call, it.width, self.sizes.seconds, self.board)
        if it.width == self.sizes.width:
            self.best[name] = found
        return found

    def operations(self, name: str) -> float:
        """Instructions of a path-day, counted in the program as one kernel; NaN where there is none."""
        try:
            return self.rows(name, 60.0).taken.operations
        except RuntimeError:
            return math.nan

    def rows(self, name: str, seconds: float) -> Written:
        """A program as one kernel. RuntimeError as in `outcome`."""
        return self.reference.rows(name, seconds * self.sizes.patience)

    def outcome(self, name: str, seconds: float) -> list[NDArray[Any]]:
        """The CPU's outcome, leaf by leaf. Raises RuntimeError where there is none in that time."""
        return self.reference.outcome(name, seconds * self.sizes.patience)

    def used(self, rate: float, bytes_: float, operations: float) -> dict[str, float]:
        """Fractions of the card's limits at so many path-days a second; NaN where they are not known."""
        if self.card is None:
            return {"bandwidth_used": math.nan, "operations_used": math.nan}
        work = rate * operations / self.card.operations
        return {"bandwidth_used": rate * bytes_ / self.card.bandwidth, "operations_used": work}


def compiled(name: str, width: int, sets: tuple[str, ...]) -> Ready:
    """A program for the device JAX takes, nothing stored of it before."""
    main = PROGRAMS[name]
    world = jax.device_put(main.world(*sets))
    law = main.law(world)
    started = time.perf_counter()
    traced = blocks._block.trace(main.program, world, np.uint32(0), law, chunk=width, calls=1)
    lowered = traced.lower()
    between = time.perf_counter()
    made = lowered.compile()
    done = time.perf_counter()
    sizes = made.memory_analysis()
    return Ready(
        call=lambda first: made(world, np.uint32(first % 2**32), law),
        world=world,
        width=width,
        trace=between - started,
        compile=done - between,
        cost=cost(made.as_text()),
        temporary=0 if sizes is None else sizes.temp_size_in_bytes,
    )


def timed(call: Callable[[int], Any], width: int, seconds: float, board: Board) -> Timed:
    """Calls for so many seconds, three at least; the first, which is not counted, warms up."""
    jax.block_until_ready(call(0))
    times: list[float] = []
    with board.window() as seen:
        cpu = time.process_time()
        while sum(times) < seconds or len(times) < 3:
            since = time.perf_counter()
            jax.block_until_ready(call(len(times) * width))
            times.append(time.perf_counter() - since)
        cpu = time.process_time() - cpu
    return Timed(min(times), median(times), cpu / sum(times), len(times), seen)
