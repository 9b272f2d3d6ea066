"""Substitution: a long fund swaps its small stocks for discounted futures, and back when they are dear.

    out  = out / M  1{discount > start} small_b (A - G)      stocks to sell, futures bought on fills
    home = home / M 1{discount < end} sum_q F_q+             stocks to buy, futures sold on fills

The first line is mechanism 5.2; report A has it at 30 % annualised. The way back is not in the mechanism: a
swap is held for the discount, and without it the crowd would never buy a stock.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.arrays import accumulate
from ..core.units import Ratio, Yuan
from .margin import below, over


@struct
class Params:
    """When a cohort swaps and how fast; zero `out` and `home` turn the edge off."""

    out: Ratio  # [cohort]  share of the small stocks swapped in a day
    start: Ratio  # [cohort]  annualised discount above which it swaps
    home: Ratio  # [cohort]  share of the futures swapped back in a day
    end: Ratio  # [cohort]  annualised discount below which it swaps back
    small: Ratio  # [bucket]  one for a bucket that may be swapped


def out(params: Params, discount: Ratio, rounds: int, width: Ratio | None) -> Ratio:
    """Share of its small stocks a cohort swaps this round [cohort, path]."""
    start = jnp.broadcast_to(params.start[:, None], discount.shape)
    return params.out[:, None] / rounds * below(start, discount, jnp.ones_like(discount), width)


def stock(params: Params, out: Ratio, unordered: Yuan) -> Yuan:
    """Stock to swap this round, of what is not ordered sold; both [cohort, bucket, path]."""
    return out[:, None, :] * params.small[None, :, None] * unordered


def home(params: Params, discount: Ratio, futures: Yuan, rounds: int, width: Ratio | None) -> Yuan:
    """Futures to swap back this round [cohort, path]."""
    end = jnp.broadcast_to(params.end[:, None], discount.shape)
    returning = params.home[:, None] / rounds * below(discount, end, jnp.ones_like(discount), width)
    return returning * accumulate(jnp.maximum(futures, 0.0), axis=1)


def split(params: Params, weights: Ratio) -> Ratio:
    """What a swap back buys [cohort, bucket]: the small stocks as the book first held them."""
    small = weights * params.small[None]
    return over(small, accumulate(small, axis=1)[:, None])
