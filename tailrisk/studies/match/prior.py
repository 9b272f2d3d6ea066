"""What is believed of the crowd's free parameters before the episode is looked at.

Factors are lognormal around the figure of the config's files, shares logit-normal around their own median, so
no value lies on a bound. Medians and widths are mechanism 6's ranges; grades are its own. What moves the
record of the episode and not the crowd has the prefix "record".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ...calibrate.ladder import Array
from ...core.units import Normal, Ratio


@dataclass(frozen=True)
class Belief:
    """Median and spread of one parameter: of its logarithm, or of its logit for a share."""

    median: float
    sd: float
    share: bool = False
    grade: str = "L"


PRIOR: dict[str, Belief] = {
    "impact.middle": Belief(1.0, 0.4, grade="M"),
    "impact.csi2000": Belief(1.0, 0.3),
    "impact.micro": Belief(1.0, 0.3),
    "impact.evaporation": Belief(1.0, 1.0),
    "impact.least": Belief(0.6, 0.7, share=True),
    "impact.persistence": Belief(0.63, 0.7, share=True),
    "impact.fast": Belief(0.33, 0.7, share=True, grade="M"),
    "impact.slow": Belief(0.5, 0.7, share=True, grade="M"),
    "impact.slow_decay": Belief(0.04, 0.6, share=True, grade="M"),
    "limits.carried": Belief(0.4, 0.5, share=True, grade="M"),
    "panic.csi500": Belief(1.0, 0.8),
    "panic.csi1000": Belief(1.0, 0.8),
    "panic.csi2000": Belief(1.0, 0.8),
    "panic.micro": Belief(1.0, 0.8),
    "panic.threshold": Belief(1.0, 0.8),
    "panic.full": Belief(1.0, 0.5),
    "panic.calm": Belief(0.1, 0.7, share=True),
    "panic.build": Belief(0.5, 1.0, share=True),
    "panic.relief": Belief(0.5, 1.0, share=True),
    "followers.strength": Belief(1.0, 0.6),
    "followers.half": Belief(1.0, 0.6),
    "followers.half_csi2000": Belief(1.0, 0.6),
    "followers.sight": Belief(1.0, 0.6),
    "followers.memory": Belief(0.5, 1.2, share=True),
    "selling.momentum": Belief(1.0, 0.6),
    "selling.basis": Belief(1.0, 0.6),
    "selling.redemption": Belief(1.0, 0.6),
    "selling.participation": Belief(1.0, 0.5),
    "substitution": Belief(1.0, 0.6),
    "basis.flow": Belief(1.0, 0.4, grade="M"),
    "basis.fall": Belief(1.0, 0.3, grade="M"),
    "basis.full": Belief(1.0, 0.5),
    "basis.discount_pull": Belief(0.5, 0.6, share=True, grade="M"),
    "basis.premium_pull": Belief(0.8, 0.6, share=True, grade="M"),
    "speculators": Belief(1.0, 0.7),
    "arbitrage": Belief(1.0, 0.8),
    "assets.dma": Belief(1.0, 0.35, grade="M"),
    "assets.retail": Belief(1.0, 0.6),
    "record.purchases": Belief(1.0, 0.25, grade="M"),
    "record.refused": Belief(0.7, 1.0, share=True),
}
NAMES = tuple(PRIOR)


def values(z: Normal) -> dict[str, Ratio]:
    """Parameters by name, each [], of standard normal coordinates z [parameter]."""
    found = {}
    for i, (name, belief) in enumerate(PRIOR.items()):
        if belief.share:
            logit = float(np.log(belief.median / (1 - belief.median)))
            found[name] = jax.nn.sigmoid(logit + belief.sd * z[i])
        else:
            found[name] = belief.median * jnp.exp(belief.sd * z[i])
    return found


def coordinates(known: Mapping[str, float]) -> Array:
    """Standard normal coordinates [parameter] of values by name; what is not named is at its median."""
    z = np.zeros(len(PRIOR))
    for i, (name, belief) in enumerate(PRIOR.items()):
        value = known.get(name, belief.median)
        odds, middle = (x / (1 - x) if belief.share else x for x in (value, belief.median))
        z[i] = np.log(odds / middle) / belief.sd
    return z


def tabulated(z: Array) -> Array:
    """Values [draw, parameter] of coordinates [draw, parameter]."""
    centre = np.array([b.median / (1 - b.median) if b.share else b.median for b in PRIOR.values()])
    odds = centre * np.exp(np.array([b.sd for b in PRIOR.values()]) * z)
    share = np.array([b.share for b in PRIOR.values()])
    return np.where(share, odds / (1 + odds), odds)
