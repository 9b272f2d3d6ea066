"""Panic: investors outside the cohorts sell small-cap stocks once prices have fallen.

    Q_b = psi_b V_b / M (-mom_b - theta)+ (1 - R)          submitted in a round, mechanism 5.2

The sellers are the rest of the market, so there is no book to run dry: an order that is not filled is
cancelled and decided anew in the next round. Levered retail accounts are a cohort, not this.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Ratio, Yuan


@struct
class Params:
    """Who panics and when."""

    strength: Ratio  # [bucket]  psi: days' volume sold in a day per unit of fall; zero turns panic off
    threshold: Ratio  # []  theta, positive


def step(params: Params, momentum: Ratio, volume: Yuan, restriction: Ratio, rounds: int) -> Yuan:
    """Stock submitted for sale this round [bucket, path]; restriction [path]."""
    fall = jnp.maximum(-momentum - params.threshold, 0.0)
    return params.strength[:, None] / rounds * volume * fall * (1.0 - restriction)[None]
