"""The market of a chunk of paths, recorded once for all who trade in it without moving it.

With a crowd: returns, the held contract's returns and basis, limits and refusals are the crowd's. Without
one a future is its index and every order fills. Products and policies then live on the same days (common
random numbers).
"""

from functools import partial

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.calendar import YEAR
from ..core.units import Count, LogReturn, Ratio, ZScore
from ..market import basis, impact, limits
from ..products.market_day import MarketDay
from . import crowd_day, day
from .crowd_world import Crowd
from .path import _z, before, begin, draw, over_days, spreads
from .world import World

FUTURES = 3


@struct
class Tape:
    """Every day of some paths, [day, ...]; ready for a scan."""

    days: MarketDay
    z: ZScore  # [day, detector, path]


def record(world: World, path: Count) -> Tape:
    """The tape of the paths numbered `path` [path], uint32."""

    def one_day(state: day.State, shocks: day.Shocks) -> tuple[day.State, tuple[MarketDay, Ratio]]:
        after, log_return = day.step(world, state, shocks)
        seen = _free(log_return)
        if world.crowd is not None and state.crowd is not None and after.crowd is not None and shocks.crowd:
            seen = _crowded(world.crowd, (state.crowd, after.crowd), jnp.expm1(log_return), shocks.crowd)
        return after, (seen, spreads(world, log_return))

    _, (days, during) = over_days(one_day, begin(world, path), world.days, partial(draw, world, path))
    z = _z(world, before(world, path), during)
    return Tape(days=days, z=jnp.moveaxis(z, 1, 0) if world.detectors else jnp.swapaxes(z, 0, 1))


def _free(log_return: LogReturn) -> MarketDay:
    returns = jnp.expm1(log_return)
    one, flat = jnp.ones_like(returns), jnp.zeros_like(returns[:FUTURES])
    return MarketDay(
        returns=returns,
        futures=returns[:FUTURES],
        basis=flat,
        annual_basis=flat,
        sells=one,
        buys=one,
        refused=flat[0],
        years=jnp.asarray(1 / YEAR, returns.dtype),
        rolled=jnp.zeros((), returns.dtype),
        crystallised=jnp.asarray(False),
    )


def _crowded(
    crowd: Crowd, states: tuple[crowd_day.State, crowd_day.State], returns: Ratio, today: crowd_day.Today
) -> MarketDay:
    """What the crowd's market showed at the close; fills are those of a small order in the last round."""
    eve, after = states
    calendar = today.calendar
    held = calendar.contracts.held
    relative = accumulate(held[None, :, None] * after.basis.relative, axis=1)
    left = accumulate(held * calendar.contracts.days)
    momentum = impact.momentum(crowd.impact, eve.impact, returns)
    latent = returns + after.gap / jnp.maximum(crowd.limits.carried, 1e-6)
    shown = limits.observe(crowd.limits, latent, limits.dispersion(crowd.limits, momentum))
    whole = jnp.ones_like(returns)
    sells, buys = limits.fills(crowd.limits, shown, whole, 0.0 * whole, 0.0 * whole)
    return MarketDay(
        returns=returns,
        futures=after.future / eve.future - 1.0,
        basis=relative - 1.0,
        annual_basis=basis.annualised(relative, left),
        sells=sells,
        buys=buys,
        refused=crowd_day._restriction(crowd, eve.ladder, today.imposed),
        years=calendar.years,
        rolled=calendar.renewed,
        crystallised=jnp.asarray(False),
    )
