"""A mean with a control variate: a twin of each path whose own mean is known better.

With value Y, control X and mu an estimate of E X from other paths,

    theta = mean(Y - beta (X - mu)),    beta = cov(Y, X) / var X.

beta fitted on the very paths it corrects biases theta, so each half of the paths takes the other's (Avramidis
& Wilson, 1993); mu's error is counted. The exogenous twin of a path with a crowd is such a control: the same
shocks without the crowd, at a fraction of the cost.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ..core import InputError
from .border import finite, matched, number, received
from .interval import INDICATIVE, Interval
from .sample import Array, exact_confidence


def controlled_mean(
    value: ArrayLike, control: ArrayLike, known: float, known_error: float = 0.0, *, confidence: float = 0.95
) -> Interval:
    """E value from pairs [path], independent of each other, with the normal interval; Series pair by name.

    known: the control's mean; known_error: its standard error, from paths that are none of these.
    tail_points: paths; a control that never varies corrects nothing. All in the unit of value.
    InputError: no pairs or fewer than four, numbers that are not finite, a negative error.

    >>> control = np.array([0.1, 0.4, 0.2, 0.3, 0.5, 0.0])
    >>> round(controlled_mean(2 * control + 1, control, known=0.3).estimate, 12)
    1.6
    """
    given, sure = received(value, "value", dimensions=1), exact_confidence(confidence)
    y, x = given.values, finite("control", matched("control", control, given))
    if y.shape != x.shape or len(y) < 4:
        raise InputError("control", "does not pair with the values", "one a path, four paths or more")
    number("known", known, "a finite mean")
    number("known_error", known_error, "a finite error, >= 0", lambda x: x >= 0)
    halves = (slice(0, None, 2), slice(1, None, 2))
    beta = [_coefficient(y[half], x[half]) for half in halves]
    left = [y[half] - b * (x[half] - known) for half, b in zip(halves, reversed(beta), strict=True)]
    share = np.array([len(half) / len(y) for half in left])
    mean = float(share @ [half.mean() for half in left])
    variance = float(share**2 @ [half.var(ddof=1) / len(half) for half in left])
    shift = float(share @ beta[::-1]) * known_error
    half = float(ndtri((1 + sure) / 2)) * math.hypot(math.sqrt(variance), shift)
    return Interval(mean, mean - half, mean + half, sure, len(y), len(y) < INDICATIVE)


def _coefficient(y: Array, x: Array) -> float:
    spread = float(x.var())
    return float(np.mean((y - y.mean()) * (x - x.mean()))) / spread if spread > 0 else 0.0
