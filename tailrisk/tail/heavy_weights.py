"""How far the sum of heavy weights is known: the largest of them may not have been drawn.

Weights divided by their own sum carry its error into every figure. Where the weights are as heavy as those
of a pure tilt, the squares that were drawn say too little of that error, and its interval is the profile
likelihood of a generalised Pareto tail of the weights. Those of a defensive mixture are bounded and light.
"""

import math

import numpy as np
from scipy.special import ndtri

from .heavy import HEAVY, mean_excess_interval, worst_tail
from .sample import Array, total


def whole_weight(weight: Array, confidence: float) -> tuple[float, float] | None:
    """(low, high) of the sum weights [path] should have over the one they have; None where they are light.

    E[min(w, u)] + P(w > u) m, u what 2 sqrt(n) of the weights exceed and m the mean excess over it. Heavy are
    weights whose tail index is below 2.5 by `worst_tail` and by Hill (1975), who counts from zero: many
    bounded weights near one value, a few beyond, are not. high is infinite where that tail may lack a mean.
    """
    paths = len(weight)
    even, relative = np.full(paths, 1 / paths), paths * weight
    worst = worst_tail(relative, even)
    if worst is None or float(np.mean(np.log1p(worst[1] / worst[0]))) <= HEAVY:
        return None
    cut, excess, mass = worst
    middle, low, high = mean_excess_interval(excess, mass, confidence)
    if not math.isfinite(middle):
        return 0.0, math.inf
    beyond, body = total(mass), np.minimum(relative, cut)
    rest = float(ndtri((1 + confidence) / 2)) * float(body.std()) / math.sqrt(paths)
    centre = total(even * body) + beyond * middle
    fall, rise = (math.hypot(beyond * arm, rest) for arm in (middle - low, high - middle))
    return centre - fall, centre + rise
