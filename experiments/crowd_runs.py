"""What the experiments on the crowd share: one compiled path, many worlds, the same shocks in each.

A world is changed in its arrays alone, so nothing is traced again, and every world meets the same draws: what
differs between two of them is paired path by path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from tailrisk.assemble.world import assemble
from tailrisk.config import Config, load
from tailrisk.simulate import blocks
from tailrisk.simulate.path import Outcome
from tailrisk.simulate.world import World

CONFIG = "configs/crowd_feb2024.toml"
CHUNK = 128
ROUT = 0.25
"""Fall of the micro-caps over three days that counts as a stampede; 28.5 % of CSI 300 in February 2024."""
Z = 1.959964


@dataclass(frozen=True)
class Kept:
    """Outcomes of the paths, in order."""

    outcome: Outcome
    days: int

    @property
    def stampede(self) -> np.ndarray:
        """One for a path with a fall of the micro-caps over three days beyond ROUT [path]."""
        return (self.outcome.crowd.worst_3_days < -ROUT).astype(float)


def world_of(overrides: Sequence[str] = (), config: str = CONFIG) -> tuple[Config, World]:
    """The config and its world."""
    said = load(config, list(overrides))
    return said, assemble(said)


def lived(world: World, paths: int) -> Kept:
    """Every path of a world."""
    parts = sorted(blocks.blocks(world, paths, chunk=CHUNK), key=lambda part: part[0])
    joined = jax.tree.map(lambda *x: np.concatenate(x, axis=-1), *[part for _, part in parts])
    if np.asarray(joined.fault).any():
        raise SystemExit("a path is at fault: a number is not finite, or the ledger does not close")
    return Kept(outcome=joined, days=world.days)


def edited(world: World, place: str, change: Callable[[Any], Any]) -> World:
    """The world with the array at `place` of its crowd, such as "panic.strength", passed through `change`."""

    def along(record: Any, steps: list[str]) -> Any:
        old = getattr(record, steps[0])
        return replace(record, **{steps[0]: along(old, steps[1:]) if len(steps) > 1 else change(old)})

    return replace(world, crowd=along(world.crowd, place.split(".")))


def mean(values: np.ndarray) -> str:
    """Mean and half width of its 95 % interval, as text."""
    half = Z * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.4g} ±{half:.2g}"


def shortfall(loss: np.ndarray, level: float) -> float:
    """Expected shortfall at `level`, in percent."""
    return 100 * float(np.sort(loss)[int(np.ceil(level * len(loss))) :].mean())


def paired(values: np.ndarray, base: np.ndarray) -> str:
    """Mean difference from the base path by path, and half width of its 95 % interval."""
    return mean(values - base)
