"""Losses along a path, day by day: terminal, worst day, worst three days, drawdown from the peak."""

import jax
import jax.numpy as jnp

from ..core import struct
from ..core.units import Ratio


@struct
class RunningLoss:
    """What the four measures need of the days seen so far; every field is [..., path]."""

    start: Ratio  # [..., path]  NAV before the first day
    nav: Ratio  # [..., path]  NAV now, zero once it has touched zero
    nav_1: Ratio  # [..., path]  NAV one day ago (the start, when there is no such day)
    nav_2: Ratio  # [..., path]  NAV two days ago
    peak: Ratio  # [..., path]  highest NAV so far
    worst_day: Ratio  # [..., path]  largest one-day loss; minus infinity before the first day
    worst_3_days: Ratio  # [..., path]  largest loss compounded over three days running
    max_drawdown: Ratio  # [..., path]  largest fall from the peak, as a fraction of the peak


def init(nav: Ratio) -> RunningLoss:
    """The state before the first day, from the starting NAV [..., path] (positive)."""
    none = jnp.full_like(nav, -jnp.inf)
    return RunningLoss(
        start=nav,
        nav=nav,
        nav_1=nav,
        nav_2=nav,
        peak=nav,
        worst_day=none,
        worst_3_days=none,
        max_drawdown=jnp.zeros_like(nav),
    )


def step(state: RunningLoss, nav: Ratio) -> RunningLoss:
    """One day: loss = 1 - NAV / NAV then, for one day, three days (fewer at the start) and the peak.

    nav [..., path], a multiple of the starting NAV. A NAV that touches zero stays there and loses nothing
    more; a negative NAV is zero to its holder.
    """
    nav = jnp.where(state.nav > 0, jnp.maximum(nav, jnp.zeros_like(nav)), jnp.zeros_like(nav))
    peak = jnp.maximum(state.peak, nav)
    return RunningLoss(
        start=state.start,
        nav=nav,
        nav_1=state.nav,
        nav_2=state.nav_1,
        peak=peak,
        worst_day=jnp.maximum(state.worst_day, _fall(state.nav, nav)),
        worst_3_days=jnp.maximum(state.worst_3_days, _fall(state.nav_2, nav)),
        max_drawdown=jnp.maximum(state.max_drawdown, _fall(peak, nav)),
    )


def losses(state: RunningLoss) -> jax.Array:
    """Losses [measure, ..., path] in the order of `core.names.MEASURES`; a gain is negative."""
    terminal = _fall(state.start, state.nav)
    return jnp.stack([terminal, state.worst_day, state.worst_3_days, state.max_drawdown])


def _fall(then: Ratio, now: Ratio) -> Ratio:
    """1 - now / then; zero once there was nothing left to lose."""
    alive = then > 0
    return jnp.where(alive, 1.0 - now / jnp.where(alive, then, jnp.ones_like(then)), jnp.zeros_like(now))
