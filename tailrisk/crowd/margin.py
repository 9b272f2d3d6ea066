"""Margin accounts: when the broker calls, what must be sold, and when an account is dead.

With E the equity and A the stock book, m = E/A:

    called   from the close at which m < call until the close at which m >= reset
    demand = enforced (A - E / reset)+ while called,          u_c A of mechanism 5.2
    dead     from the close at which net worth is negative; its whole book is demanded

A call made at the close binds the next morning, the broker's grace of mechanism 8; `intraday` is the part of
the demand enforced at once, which is how 5.2 alone reads. Tests use E < call A, so A = 0 needs no guard.
A book whose stocks fall by s against a hedge that stands still is called at s = (m0 - call) / (1 - call), one
whose hedge rises by s at s = m0 - call; both are wiped out at s = m0 (mechanism 3.5).
"""

import jax
import jax.numpy as jnp

from ..core import struct
from ..core.fence import clause
from ..core.units import Probability, Ratio, Yuan


@struct
class Params:
    """The broker's lines, as equity over stock book."""

    call: Ratio  # [cohort]  maintenance margin; below it the account is called
    reset: Ratio  # [cohort]  what selling must restore; positive
    enforced: Ratio  # [cohort]  fraction of the demand that is enforced; zero turns the edge off
    intraday: Ratio  # [cohort]  fraction enforced before the close


def below(value: Yuan, line: Yuan, scale: Yuan, width: Ratio | None) -> Probability:
    """1{value < line}, or its logistic of width `width` in units of `scale` when a gradient is wanted.

    value, line, scale, width and result of one shape, such as [cohort, path].
    """
    if width is None:
        return (value < line).astype(value.dtype)
    return jax.nn.sigmoid(over(line - value, scale) / width)


def over(part: Yuan, whole: Yuan) -> Ratio:
    """part / whole [cohort, path], and zero where there is no whole; its gradient is finite there too."""
    some = whole > 0
    return jnp.where(some, part / jnp.where(some, whole, 1.0), 0.0)


@clause
def demand(
    params: Params, called: Probability, dead: Probability, equity: Yuan, held: Yuan, width: Ratio | None
) -> Yuan:
    """Stock the broker wants sold now [cohort, path], whether ordered already or not."""
    now = params.intraday[:, None] * below(equity, params.call[:, None] * held, held, width)
    alive = equity * (1.0 - dead)
    return (
        params.enforced[:, None]
        * jnp.maximum(called, now)
        * jnp.maximum(held - alive / params.reset[:, None], 0.0)
    )


def close(
    params: Params, called: Probability, dead: Probability, worth: Yuan, held: Yuan, width: Ratio | None
) -> tuple[Probability, Probability]:
    """Who is called and who is dead after the close [cohort, path], from net worth and stock book."""
    dead = jnp.maximum(dead, below(worth, jnp.zeros_like(worth), held, width))
    still = called * below(worth, params.reset[:, None] * held, held, width)
    fresh = below(worth, params.call[:, None] * held, held, width)
    return jnp.maximum(jnp.maximum(still, fresh), dead), dead
