"""What studies of the crowd share: one compiled path, many worlds, the same shocks in each.

A world is changed in its arrays alone, so nothing is traced again, and every world meets the same draws: what
differs between two of them is paired path by path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from ...assemble.world import assemble
from ...config import Config, load
from ...core.errors import Fault
from ...record.estimates import half_width
from ...simulate import blocks
from ...simulate.path import Outcome
from ...simulate.world import World
from ...tail import expected_shortfall

CONFIG = "configs/crowd_feb2024.toml"
CHUNK = 128
ROUT = 0.25
"""Fall of the micro-caps over three days that counts as a stampede; 28.5 % of CSI 300 in February 2024."""


@dataclass(frozen=True)
class Paths:
    """Outcomes of the paths, in order."""

    outcome: Outcome
    days: int

    @property
    def stampede(self) -> np.ndarray:
        """One for a path with a fall of the micro-caps over three days beyond ROUT [path]."""
        assert self.outcome.crowd is not None
        return (np.asarray(self.outcome.crowd.worst_3_days) < -ROUT).astype(float)


def world_of(overrides: Sequence[str] = (), config: str = CONFIG) -> tuple[Config, World]:
    """The config and its world."""
    loaded = load(config, list(overrides))
    return loaded, assemble(loaded)


def simulated(world: World, paths: int) -> Paths:
    """Every path of a world; a Fault where one is not a finite number or the ledger does not close."""
    parts = sorted(blocks.blocks(world, paths, chunk=CHUNK), key=lambda part: part[0])
    joined = jax.tree.map(lambda *x: np.concatenate(x, axis=-1), *[part for _, part in parts])
    if np.asarray(joined.fault).any():
        raise Fault("a path is at fault: a number is not finite, or the ledger does not close")
    return Paths(outcome=joined, days=world.days)


def edited(world: World, place: str, change: Callable[[Any], Any]) -> World:
    """The world with the array at `place` of its crowd, such as "panic.strength", passed through `change`."""

    def along(record: Any, steps: list[str]) -> Any:
        old = getattr(record, steps[0])
        return replace(record, **{steps[0]: along(old, steps[1:]) if len(steps) > 1 else change(old)})

    return replace(world, crowd=along(world.crowd, place.split(".")))


def mean(values: np.ndarray) -> str:
    """Mean and half width of its 95 % interval, as text."""
    return f"{values.mean():.4g} ±{half_width(values):.2g}"


def shortfall(loss: np.ndarray, level: float) -> float:
    """Expected shortfall at `level`, in percent."""
    return 100 * float(expected_shortfall(loss, level=level))


def paired(values: np.ndarray, base: np.ndarray) -> str:
    """Mean difference from the base path by path, and half width of its 95 % interval."""
    return mean(values - base)
