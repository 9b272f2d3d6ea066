"""The crowd's edges: the arrays that hold each one's intensity, and a world without some of them."""

import jax.numpy as jnp

from ...simulate.world import World
from .runs import edited

ROUT_START = ("market.start=crisis", "run.days=20")
PLACES: dict[str, tuple[str, ...]] = {
    "margin": ("cohorts.margin.enforced",),
    "stop": ("cohorts.triggers.stop",),
    "basis": ("cohorts.triggers.basis",),
    "momentum": ("cohorts.triggers.momentum",),
    "redemption": ("cohorts.redemption.base", "cohorts.redemption.slope"),
    "substitution": ("cohorts.substitution.out", "cohorts.substitution.home"),
    "panic": ("panic.strength",),
    "speculators": ("speculators.strength",),
    "snowball": ("snowball.notional",),
    "dislocation": ("basis.flow", "basis.fall"),
    "arbitrage": ("arbitrage",),
    "evaporation": ("impact.evaporation",),
    "state": ("state.pace",),
    "followers": ("followers.following",),
}
"""The arrays that hold each edge's intensity: zero turns it off."""


def off(world: World, edges: tuple[str, ...]) -> World:
    """The world without some edges."""
    for edge in edges:
        for place in PLACES[edge]:
            world = edited(world, place, jnp.zeros_like)
    return world
