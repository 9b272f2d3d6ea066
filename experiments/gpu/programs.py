"""The main programs: compiled for a card that is not there (__main__.py), run on one that is (measure.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tailrisk.assemble.world import assemble
from tailrisk.config import Config, load
from tailrisk.core import random
from tailrisk.core.units import Count
from tailrisk.rare import entropy, importance
from tailrisk.simulate import blocks, path
from tailrisk.simulate.world import World

SIMULATED = "market.warmup=simulated"
"""The history before the first day is not for others: it is simulated."""
NO_EVENTS, REGIMES = "event=[]", "market.process=regimes"


def prices(world: World, law: None, number: Count) -> Any:
    """Prices alone."""
    return path.prices(world, number)


def courses(world: World, law: None, number: Count) -> Any:
    """Prices, regimes and NAVs day by day, for pictures."""
    return path.course(world, number)


@dataclass(frozen=True)
class Main:
    """A program, the config of its world, what is set in it, and the law its paths are drawn from."""

    program: Callable[..., Any]
    config: str
    sets: tuple[str, ...]
    crowded: bool = True  # with the config's crowd, where it has one
    tilted: bool = False  # paths from `pushed`

    def read(self, *more: str) -> Config:
        """Its config, with more set."""
        return load(self.config, [*self.sets, *more])

    def world(self, *more: str) -> World:
        """Its world, with more set."""
        world = assemble(self.read(*more))
        return world if self.crowded else replace(world, crowd=None)

    def law(self, world: World) -> Any:
        """What paths are drawn from; None is the world's own law."""
        return pushed(world) if self.tilted else None


def pushed(world: World) -> Any:
    """A tilt by hand, the same on every machine: crises are likelier, and the first shock falls in one."""
    nominal = entropy.nominal(world, 3)
    mean, deviation = nominal.mean.copy(), nominal.deviation.copy()
    mean[1, :, 0], deviation[1, :, 0] = -1.5, 1.2
    worst = np.eye(nominal.transition.shape[-1])[-1]
    law = replace(
        nominal,
        transition=np.stack(
            [nominal.transition[0], 0.5 * nominal.transition[1] + 0.5 * worst, nominal.transition[2]]
        ),
        leave=np.tile([0.02, 0.5, 0.0], (world.days, 1)),
        mean=mean,
        deviation=deviation,
    )
    return entropy.mixture(world, [law], 0.3, random.stream(1, "experiments.gpu"))


CROWD = "crowd_feb2024.toml"
PROGRAMS = {
    "prices": Main(prices, "feb2024.toml", (NO_EVENTS, REGIMES)),
    "exogenous": Main(blocks.plain, "feb2024.toml", (NO_EVENTS, REGIMES)),
    "memory": Main(blocks.plain, "memory_feb2024.toml", (NO_EVENTS,)),
    "memory with events": Main(blocks.plain, "memory_feb2024.toml", (SIMULATED,)),
    "accounts": Main(blocks.plain, CROWD, (NO_EVENTS, "accounts.every_path=true"), crowded=False),
    "importance sampling": Main(importance.outcome, "memory_feb2024.toml", (SIMULATED,), tilted=True),
    "crowd": Main(blocks.plain, CROWD, (NO_EVENTS,)),
    "courses of a crowd": Main(courses, CROWD, (NO_EVENTS,)),
}
"""By name; the crowd's books are accounts on every path, as its config has them."""
MEASURED = tuple(name for name in PROGRAMS if name != "courses of a crowd")
"""Those that are run on a card; the crowd last, for it takes longest to compile."""
