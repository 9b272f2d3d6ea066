"""What the host does with every path of a run: in whole arrays by one thread, and as it is now.

The same figures by three arithmetics (record.reduced): whole arrays, as a stranger would write it; a few
rows at a time, by the threads that compute; and an accelerator's program, here on a CPU, which leaves the
host the choice of the worst losses and the adding up.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import jax
import numpy as np
from numpy.typing import NDArray

from ...assemble.world import assemble
from ...config import Config, load
from ...rare.blocks import blocks
from ...record import collect, sampling
from ...record.reduced import Reduced, Reduction, figures
from ...simulate.path import Outcome
from ...simulate.world import World
from ...tail.moments import PLAIN, POWERS

Array = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Whole:
    """The arithmetic of `reduced.Host` in whole arrays; weight [path]."""

    weight: Array | None = None
    xp: Any = np

    def sums(self, values: Any) -> Any:
        """As in `reduced.Arithmetic`; values [row, path] of one block."""
        x, weight = values.astype(np.float64), self.weight
        powers = (np.ones_like(x), x, x * x, x * x * x)
        chosen = PLAIN if weight is None else POWERS
        totals = [np.sum(powers[b] if weight is None else weight**a * powers[b], axis=-1) for a, b in chosen]
        return np.stack(totals, axis=-1)[None]

    def tally(self, values: Any, edges: Array) -> Any:
        """As in `reduced.Arithmetic`; values [..., path]."""
        bins, rows = len(edges) - 1, values.reshape(-1, values.shape[-1])
        place = (rows - edges[0]) * (bins / (edges[-1] - edges[0]))
        place = np.clip(np.nan_to_num(place, nan=0.0), 0, bins - 1).astype(np.int64)
        place = (place + np.arange(len(rows))[:, None] * bins).ravel()
        weight = None if self.weight is None else np.tile(self.weight, len(place) // len(self.weight))
        counts = np.bincount(place, weight, minlength=len(rows) * bins)
        return counts.reshape(*values.shape[:-1], bins)

    def cells(self, places: Any, shape: tuple[int, ...]) -> Any:
        """As in `reduced.Arithmetic`; places [axis][path]."""
        counts = np.bincount(np.ravel_multi_index(places, shape), self.weight, minlength=int(np.prod(shape)))
        return counts.reshape(shape)


CASES: dict[str, tuple[str, int, Sequence[str]]] = {
    "exogenous": ("feb2024.toml", 200_000, ()),
    "with the crowd": ("crowd_feb2024.toml", 20_000, ()),
    "weighted": ("feb2024.toml", 100_000, ("market.process=regimes", "sampling.method=importance")),
}
"""What is reduced: a config, its paths, what is set."""
BEFORE, NOW, PROGRAM = "whole arrays", "a few rows at a time", "a program of the device"


@dataclass
class Case:
    """The paths of a run, simulated once, to be reduced in every way."""

    config: Config
    met: list[tuple[int, Outcome]]  # number of the first path, a block
    world: World

    @classmethod
    def of(cls, name: str, paths: int, sets: Sequence[str]) -> "Case":
        """The paths of a config. InputError: as the config's own."""
        config = load(name, [f"run.paths={paths}", "market.warmup=simulated", *sets])
        world = assemble(config, None)
        law, _ = sampling.tilt_for(config, world)
        return cls(config, list(blocks(world, paths, chunk=config.run.chunk, law=law)), world)

    @property
    def weighted(self) -> bool:
        """Whether its paths have weights."""
        return self.met[0][1].weight is not None

    def cost(self, way: str) -> dict[str, float]:
        """CPU ns a path-day: of an accelerator's program here, of any thread, of the one that collects.

        And of reading every column once when all is collected, in order.
        """
        sampled = collect._empty(self.config, self.world, weighted=self.weighted)
        by = replace(collect.reduction(sampled, self.config), on_device=way == PROGRAM)
        program = any_thread = collector = 0.0
        for first, block in self.met:
            arrived, took = _timed(lambda: jax.device_get(by.begin(block)))  # noqa: B023
            program += took
            if way == BEFORE:
                done, took = _timed(lambda: [_in_whole_arrays(by, first, block)])  # noqa: B023
                collector += took
            else:
                done, took = _timed(lambda: by.end(first, arrived))  # noqa: B023
                any_thread += took
            for one in done:
                collector += _timed(lambda: collect._keep(sampled, self.config, one))[1]  # noqa: B023
        columns = [(tail, c) for tail in sampled.streams().values() for c in range(tail.columns)]
        _, read = _timed(lambda: [tail.column(c) for tail, c in columns])
        unit = 1e9 / (self.config.run.paths * self.config.run.days)
        return {
            "program_ns": program * unit,
            "threads_ns": any_thread * unit,
            "collector_ns": collector * unit,
            "read_ns": read * unit,
        }


def every(repeat: int) -> Iterator[dict[str, Any]]:
    """A row a case and way: the repeat that took the host least. The program is compiled beforehand."""
    for name, (config, paths, sets) in CASES.items():
        case = Case.of(config, paths, sets)
        for way in (BEFORE, NOW) if case.weighted else (BEFORE, NOW, PROGRAM):
            found = [case.cost(way) for _ in range(repeat + 1)][1:]
            least = min(found, key=lambda row: row["threads_ns"] + row["collector_ns"])
            yield {"case": name, "config": config, "paths": paths, "way": way, **least}


def _in_whole_arrays(by: Reduction, first: int, block: Outcome) -> Reduced:
    weight = None if block.weight is None else np.asarray(block.weight, np.float64)
    made = figures(by.asked, block, Whole(weight))
    return by.worst(first, block.fault.shape[0], made, weight)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    made = work()
    return made, time.process_time() - started
