"""Sell orders: the backlog, what of it may be sent to the market this round, and a sale instead of it.

    G       <- G + (A - G) min(1, amount / sum_b (A - G))          pro rata of what is not ordered yet
    standing = (1 - R) min(G, free),   free = min(A - locked, rho V / M)                  mechanism 5.2
    swap     = (1 - R) min(G + S, free) - standing                 the swap S comes after

Ordering from A - G keeps G within the book, which 5.2 does not say. What is not filled of `standing` stays in
G, the barrier lake; a swap that is not filled is cancelled. `locked` was bought today (T+1), R is the sell
restriction, rho the largest fraction of a bucket's volume that one cohort takes.
"""

import jax.numpy as jnp

from ..core.fence import clause
from ..core.units import Ratio, Yuan
from .margin import over


@clause
def place(amount: Yuan, unordered: Yuan) -> Ratio:
    """Fraction [cohort, path] of stock not yet ordered, `unordered` [cohort, path], that `amount` orders."""
    return jnp.minimum(over(amount, unordered), 1.0)


def free(holdings: Yuan, locked: Yuan, room: Yuan) -> Yuan:
    """What may be sold this round before any restriction; all [cohort, bucket, path]."""
    return jnp.minimum(jnp.maximum(holdings - locked, 0.0), room)


def send(backlog: Yuan, free: Yuan, restriction: Ratio) -> Yuan:
    """Submitted of the backlog [cohort, bucket, path]; restriction [cohort, path]."""
    return (1.0 - restriction[:, None, :]) * jnp.minimum(backlog, free)
