"""An interval from independent replicates of an estimate, where paths within one are not independent."""

import math

from numpy.typing import ArrayLike
from scipy.special import stdtrit

from ..core import InputError
from .border import received
from .interval import Interval
from .sample import exact_confidence

FEWEST = 20
"""Replicates that must have met the event for Student's interval to be relied on."""


def replicate_interval(estimates: ArrayLike, *, confidence: float = 0.95, most: float = 1.0) -> Interval:
    """The mean of unbiased estimates [replicate], none below zero, with Student's interval,

        mean +- t(1 - a/2; R - 1) s / sqrt(R)      cut at zero and at `most`, a = 1 - confidence.

    tail_points: replicates above zero. All zero: estimate nan, low 0 and high `most`, for nothing bounds it;
    all alike: the estimate, and the same bounds, for they say nothing of how estimates vary.
    InputError: fewer than two, one below zero, `most` not above zero.

    >>> result = replicate_interval([0.01, 0.02, 0.03, 0.02])
    >>> round(result.estimate, 3), round(result.low, 3), round(result.high, 3)
    (0.02, 0.007, 0.033)
    """
    found, sure = received(estimates, "estimates", dimensions=1).values, exact_confidence(confidence)
    if not most > 0:
        raise InputError("most", f"{most!r} cannot be used", "a number > 0")
    if len(found) < 2 or (found < 0).any():
        raise InputError("estimates", "are not replicates of a chance or a rate", "two or more, none below 0")
    met = int((found > 0).sum())
    if not met:
        return Interval(math.nan, 0.0, most, sure, 0, True)
    mean = float(found.mean())
    if (found == found[0]).all():
        return Interval(mean, 0.0, max(most, mean), sure, met, True)
    half = float(stdtrit(len(found) - 1, (1 + sure) / 2)) * float(found.std(ddof=1)) / math.sqrt(len(found))
    return Interval(mean, max(mean - half, 0.0), min(mean + half, most), sure, met, met < FEWEST)
