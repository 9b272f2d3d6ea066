"""Worlds with a crowd in them, from the demo's config: the whole crowd in a crisis, and knobs."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.config.crowd import Edges

OFF = tuple(f"crowd.edges.{edge}=0" for edge in Edges.model_fields)


HELD = ("accounts.every_path=false",)
"""Books bought and held, as tests/plain.py has them; with accounts: tests/simulate/crowd/test_funds.py."""


@cache
def config(*overrides):
    """The demo with a crowd, ten days in float64, from the crisis regime, with few events to count."""
    basic = (
        "market.process=regimes",
        "run.precision=float64",
        "run.days=10",
        "run.paths=1000",
        "market.start=crisis",
    )
    events = ('event=[{name="z", pair=["csi1000", "csi300"], window=20, threshold=-7.0}]',)
    return load("configs/crowd_feb2024.toml", [*basic, *events, "crowd.kappa_crisis=1", *HELD, *overrides])


@cache
def crowded(*overrides):
    """The world of `config`."""
    return assemble(config(*overrides))


@cache
def stormy():
    """Every edge on and the state quick to act, so that in ten days of crisis everything happens."""
    return stirred(crowded(*STORM))


STORM = ("crowd.edges.restriction=1", "crowd.long_cap=3.0", "crowd.first_day=2024-01-08")


def stirred(world):
    """A world whose state is quick to act, whose funds stop early and whose investors are easily afraid."""
    it = world.crowd
    quick = replace(
        it.state,
        wait=jnp.int32(1),
        lag=jnp.ones_like(it.state.lag),
        drawdown=jnp.asarray(-0.03, jnp.float64),
        forget=jnp.asarray(0.02, jnp.float64),
        slide=jnp.asarray(-0.01, jnp.float64),
        severe=jnp.asarray(0.02, jnp.float64),
        fall=jnp.asarray(-0.02, jnp.float64),
        rout=jnp.asarray(-0.005, jnp.float64),
        rest=jnp.int32(1),
        rout_wait=jnp.int32(2),
        first=jnp.asarray([1.0, 2.5, 0.5], jnp.float64),
        ordered=True,
    )
    triggers = replace(it.cohorts.triggers, stop_line=0.95 * jnp.ones_like(it.cohorts.triggers.stop_line))
    funds = replace(it.cohorts, triggers=triggers)
    half = 0.5 * jnp.ones_like(it.panic.hold)
    afraid = replace(it.panic, hold=half, stamina=2 * half, tire=0.2 * half, recover=half, full=0.1 * half)
    wary = replace(it.followers, always=0.6 * half, sight=20 * half, behind=0.02 * half)
    thin = replace(it.impact, least=1.7 * half)
    return replace(
        world, crowd=replace(it, state=quick, cohorts=funds, panic=afraid, followers=wary, impact=thin)
    )


def edit(world, place, change):
    """The world with the array at `place` ("impact.impact") of its crowd passed through `change`."""
    part, field = place.split(".")
    record = getattr(world.crowd, part)
    new = replace(record, **{field: change(getattr(record, field))})
    return replace(world, crowd=replace(world.crowd, **{part: new}))


def numbers(count, first=0):
    return jnp.arange(first, first + count, dtype=jnp.uint32)


def fetch(tree):
    return jax.device_get(tree)
