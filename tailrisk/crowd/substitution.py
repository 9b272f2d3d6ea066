"""Substitution: a long fund swaps its small stocks for discounted futures, and back when they are dear.

    out  = out / M  1{discount > start} small_b (A - G)      stocks to sell, futures bought on fills
    home = home / M 1{discount < end} sum_q F_q+             stocks to buy, futures sold on fills

The first line is mechanism 5.2; report A has it at 30 % annualised. The way back is not in the mechanism: a
swap is held for the discount, and without it the crowd would never buy a stock. Arrays of swaps cover the
cohorts that swap and the buckets they swap, nobody else's: `who` and `what`, each a range.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ..core import static, struct
from ..core.arrays import accumulate
from ..core.units import Ratio, Yuan
from .margin import below, over


@struct
class Params:
    """When a cohort swaps and how fast; zero `out` and `home` turn the edge off."""

    out: Ratio  # [cohort]  fraction of the small stocks swapped in a day
    start: Ratio  # [cohort]  annualised discount above which it swaps
    home: Ratio  # [cohort]  fraction of the futures swapped back in a day
    end: Ratio  # [cohort]  annualised discount below which it swaps back
    small: Ratio  # [bucket]  one for a bucket that may be swapped
    who: tuple[int, int] = static()  # the first cohort that may swap, and the one after the last
    what: tuple[int, int] = static()  # the buckets likewise


def span(some: Sequence[bool]) -> tuple[int, int]:
    """The first of `some` and the one after the last; the first alone if there is none."""
    places = [place for place, one in enumerate(some) if one] or [0]
    return places[0], places[-1] + 1


def swapped(params: Params, x: jax.Array) -> jax.Array:
    """The swapping cohorts of [cohort, ...]."""
    return x[slice(*params.who)]


def block(params: Params, x: jax.Array) -> jax.Array:
    """The swapping cohorts and swapped buckets of [cohort, bucket, ...]."""
    return swapped(params, x)[:, slice(*params.what)]


def out(params: Params, discount: Ratio, rounds: int, width: Ratio | None) -> Ratio:
    """Fraction of its small stocks a cohort swaps this round; both [swapping cohort, path]."""
    start = jnp.broadcast_to(swapped(params, params.start)[:, None], discount.shape)
    return (
        swapped(params, params.out)[:, None] / rounds * below(start, discount, jnp.ones_like(discount), width)
    )


def stock(params: Params, out: Ratio, unordered: Yuan) -> Yuan:
    """Stock to swap this round, of what is not ordered sold; both [swapping cohort, swapped bucket, path]."""
    return out[:, None, :] * params.small[slice(*params.what)][None, :, None] * unordered


def home(params: Params, discount: Ratio, futures: Yuan, rounds: int, width: Ratio | None) -> Yuan:
    """Futures to swap back this round [swapping cohort, path], likewise the discount; of `futures` held."""
    end = jnp.broadcast_to(swapped(params, params.end)[:, None], discount.shape)
    returning = swapped(params, params.home)[:, None] / rounds
    returning = returning * below(discount, end, jnp.ones_like(discount), width)
    return returning * accumulate(jnp.maximum(futures, 0.0), axis=1)


def split(params: Params, weights: Ratio) -> Ratio:
    """What a swap back buys [swapping cohort, swapped bucket]: small stocks as in the initial book."""
    small = block(params, weights * params.small[None])
    return over(small, accumulate(small, axis=1)[:, None])
