"""The actors of a crowd, and the world without some of them: cohorts by kind, and the edges of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from ...config import Config
from ...simulate.world import World
from ..crowd.edges import off
from ..crowd.runs import edited

EDGES = {
    "panic": ("panic",),
    "snowball dealers": ("snowball",),
    "speculators": ("speculators",),
    "the state and those who follow it": ("state", "followers"),
}
"""Actors that are no cohort, by the edges they are."""
HEDGED, LONG = "hedged funds", "long-only funds"


@dataclass(frozen=True)
class Actors:
    """By name, the cohorts or the edges each is."""

    cohorts: dict[str, tuple[int, ...]]
    edges: dict[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, cohorts first."""
        return (*self.cohorts, *self.edges)

    def without(self, world: World, absent: Sequence[str]) -> World:
        """The world in which some of them are not: no assets, no intensity."""
        rows = [row for name in absent for row in self.cohorts.get(name, ())]
        edges = tuple(edge for name in absent for edge in self.edges.get(name, ()))
        if rows:
            world = edited(world, "cohorts.assets", lambda x: x.at[jnp.asarray(rows)].set(0.0))
        return off(world, edges)


def actors(config: Config, world: World) -> Actors:
    """Levered cohorts one by one, the others as hedged or long-only funds, and whoever is no cohort."""
    files = config.attached.crowd
    assert files is not None
    kinds: dict[str, list[int]] = {}
    for row, (name, one) in enumerate(files.participants.cohorts.items()):
        if not one.assets:
            continue
        kind = name if one.margin.enforced else HEDGED if one.hedge else LONG
        kinds.setdefault(kind, []).append(row)
    order = sorted(kinds, key=lambda kind: (kind == LONG, kind == HEDGED))
    there = {name: edges for name, edges in EDGES.items() if _acts(world, edges)}
    return Actors({kind: tuple(kinds[kind]) for kind in order}, there)


def _acts(world: World, edges: tuple[str, ...]) -> bool:
    """Whether turning the edges off changes anything."""
    import jax

    pairs = zip(*(jax.tree.leaves(one.crowd) for one in (world, off(world, edges))), strict=True)
    return any(not np.array_equal(np.asarray(a), np.asarray(b)) for a, b in pairs)
