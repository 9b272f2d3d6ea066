"""What a day of the market is to those who hold and trade in it: `MarketDay`, with a crowd or without."""

import jax.numpy as jnp

from ..core.arrays import accumulate, take
from ..core.calendar import YEAR
from ..core.units import LogReturn, Ratio
from ..market import basis, impact, limits
from ..products.market_day import MarketDay
from .crowd import day as crowd_day
from .crowd.world import Crowd


def free(log_return: LogReturn, underlying: tuple[int, ...]) -> MarketDay:
    """Without a crowd a future is the bucket it lies on, underlying [future], and every order fills."""
    returns = jnp.expm1(log_return)
    one, futures = jnp.ones_like(returns), take(returns, underlying)
    flat = jnp.zeros_like(futures)
    return MarketDay(
        returns=returns,
        futures=futures,
        basis=flat,
        annual_basis=flat,
        sells=one,
        buys=one,
        refused=jnp.zeros_like(returns[0]),
        years=jnp.asarray(1 / YEAR, returns.dtype),
        rolled=jnp.zeros((), returns.dtype),
        crystallised=jnp.asarray(False),
    )


def crowded(
    crowd: Crowd, states: tuple[crowd_day.State, crowd_day.State], returns: Ratio, today: crowd_day.Today
) -> MarketDay:
    """What the crowd's market showed at the close; fills are those of a small order in the last round.

    states: on the eve, and after the close; returns [bucket, path] simple.
    """
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
        refused=crowd_day.refused(crowd, eve.ladder, today.imposed),
        years=calendar.years,
        rolled=calendar.renewed,
        crystallised=jnp.asarray(False),
    )
