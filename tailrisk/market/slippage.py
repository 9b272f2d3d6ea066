"""What one manager's order costs, as a fraction of the notional it trades.

c = Y sigma sqrt(|Q| / V) + half spread + stamp duty on sells                mechanism 3.2, 5.5

The square-root law of a single metaorder: Sato and Kanazawa (2024), arXiv 2411.13965. The price of a
bucket answers to the aggregate of all orders, linearly (impact.py); charging both to one order counts twice.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Ratio, Yuan


@struct
class Params:
    """The law's three constants."""

    scale: Ratio  # []  Y, near one; zero leaves spread and duty
    half_spread: Ratio  # []
    stamp: Ratio  # []  on sells only; 0.0005 since 28 August 2023


def cost(params: Params, quantity: Yuan, volume: Yuan, volatility: Ratio) -> Ratio:
    """Cost per yuan traded, c as above, never negative; all arguments of one shape, such as [bucket, path].

    `quantity` yuan, buys positive, `volume` a day's turnover of what is traded, yuan, `volatility` per day.
    No trade costs nothing per yuan beyond the spread, so multiply by |quantity| for the money.
    """
    floor = jnp.finfo(quantity.dtype).tiny
    impact = params.scale * volatility * jnp.sqrt(jnp.abs(quantity) / jnp.maximum(volume, floor))
    return impact + params.half_spread + jnp.where(quantity < 0.0, params.stamp, jnp.zeros_like(quantity))
