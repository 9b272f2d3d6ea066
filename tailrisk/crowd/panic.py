"""Panic: investors outside the cohorts sell small-cap stocks once prices have fallen.

    Q_b = mood psi_b V_b / M (-mom_b - theta)+ (1 - relief eye_b) (1 - R)       in a round, mechanism 5.2

The sellers are the rest of the market, so there is no book to run dry: an order that is not filled is
cancelled and decided anew in the next round. Some wait where the state is seen to buy, `eye` being the
followers' attention: selling of CSI 2000 ended on the day its ETF was bought, 8 February 2024. Levered
retail accounts are a cohort, not this. `mood` is one in the crisis regime and less outside it: at one always,
a fall of two percent would run away in any quiet month, and none did in 2023.
"""

import jax.numpy as jnp

from ..core import struct
from ..core.units import Probability, Ratio, Yuan


@struct
class Params:
    """Who panics and when."""

    strength: Ratio  # [bucket]  psi: days' volume sold in a day per unit of fall; zero turns panic off
    threshold: Ratio  # []  theta, positive
    mood: Ratio  # [regime]  share of the strength in each regime; one in the crisis
    relief: Probability  # []  share that waits where all eyes are on the state's purchases


def step(
    params: Params, momentum: Ratio, volume: Yuan, attention: Probability, willing: Ratio, rounds: int
) -> Yuan:
    """Stock submitted for sale [bucket, path]; attention likewise, `willing` is mood (1 - R) [path]."""
    fall = jnp.maximum(-momentum - params.threshold, 0.0)
    waiting = params.relief * attention
    return params.strength[:, None] / rounds * volume * fall * (1.0 - waiting) * willing[None]
