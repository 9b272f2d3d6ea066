"""Whether a tilt misses a way to its target: pilots of the world's own law come there too often.

A tilt that never draws a way leaves it to a few heavy weights, which a run may not draw: its estimate is then
too low and its error too small, and nothing in the weighted paths tells. Paths of the world's own law do, as
far as they are many: of N of them a number H reach a level that the tilt says has probability p with error e.
With a gamma law for the mean N p, H is negative binomial, and the chance of H or more is exact for few.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

SUSPECT = 3.0
"""Standard errors from which a tilt is said to miss a way."""
COUNTS = (10, 30, 100, 300)
"""The levels looked at beside the target's: those that so many paths of the world's own law reach."""


def apart(untilted: Array, scores: Array, weight: Array, reached: float) -> float:
    """Standard errors, at the level up to `reached` where they are most, by which a tilt says too little.

    untilted [path]: scores of paths of the world's own law; scores, weight [path]: of the tilt's, drawn apart
    from its pilots. A normal's, by the chance of as many or more; -inf where no level can be looked at.
    """
    ordered = np.sort(untilted)[::-1]
    levels = [reached, *(float(ordered[n - 1]) for n in COUNTS if n <= len(ordered))]
    return max(
        (_beyond(untilted, scores, weight, one) for one in levels if one <= reached), default=-math.inf
    )


def _beyond(untilted: Array, scores: Array, weight: Array, level: float) -> float:
    seen, value = int((untilted >= level).sum()), weight * (scores >= level)
    expected = len(untilted) * float(value.mean())
    spread = len(untilted) ** 2 * float(value.var()) / len(value)
    if not seen or not expected:
        return math.inf if seen else -math.inf
    if not spread:
        return float(stats.norm.isf(stats.poisson.sf(seen - 1, expected)))
    chance = stats.nbinom.sf(seen - 1, expected**2 / spread, expected / (expected + spread))
    return float(stats.norm.isf(chance))


def note(name: str, errors: float) -> str:
    """What is said beside a figure of a target; nothing where nothing is suspected."""
    if errors < SUSPECT:
        return ""
    return (
        f"; the tilt may miss a way to {name}: paths of the model's own law come there more often, "
        f"by {errors:.2g} standard errors"
    )
