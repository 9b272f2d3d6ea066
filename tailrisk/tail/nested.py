"""How far a figure moves with the parameters, seen through the sampling error of few paths a draw.

With draws k of the parameters and the same random numbers in each, a figure q_k of all paths of a draw and
q_kb of all but group b (the delete-a-group jackknife; Shao and Tu, 1995, 2.3),

    S^2 = sum_k (q_k - q)^2 / (K - 1),     d_kb = q_kb - mean_k q_kb,
    N = (B - 1) / B * sum_kb (d_kb - mean_b d_kb)^2 / (K - 1),     tau^2 = max(S^2 - N, 0):

what the draws share of the sampling error leaves d, and what is left of it leaves S^2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from ..core.errors import InputError
from .sample import exact_confidence

Array = NDArray[Any]


@dataclass(frozen=True)
class Spread:
    """The deviation of figures over draws of the parameters, sampling error taken off."""

    deviation: Array  # [figure]  tau
    mean: Array  # [figure]  over the draws
    draws: int


def spread(whole: ArrayLike, without: ArrayLike) -> Spread:
    """tau of figures `whole` [draw, figure], given those without each group of paths [draw, group, figure].

    Raises InputError for fewer than two draws or groups.
    """
    q, left = np.asarray(whole, np.float64), np.asarray(without, np.float64)
    draws, groups = left.shape[:2]
    if draws < 2 or groups < 2:
        raise InputError("draws", f"{draws} draws in {groups} groups of paths", "at least two of each")
    contrast = left - left.mean(axis=0)
    noise = (contrast - contrast.mean(axis=1, keepdims=True)) ** 2
    noise = (groups - 1) / groups * noise.sum(axis=(0, 1)) / (draws - 1)
    square = q.var(axis=0, ddof=1)
    return Spread(np.sqrt(np.maximum(square - noise, 0.0)), q.mean(axis=0), draws)


def jackknife(without: ArrayLike) -> Array:
    """Standard errors [figure] of sampling from figures without each group of paths [group, figure]."""
    left = np.asarray(without, np.float64)
    groups = len(left)
    return np.sqrt((groups - 1) / groups * ((left - left.mean(axis=0)) ** 2).sum(axis=0))


def widened(
    estimate: float, low: float, high: float, deviation: float, draws: int, *, confidence: float
) -> tuple[float, float]:
    """The interval with the parameters' error: e - sqrt((e - low)^2 + (t tau)^2), and likewise above.

    low, high: of sampling error; t: Student's quantile with draws - 1 degrees of freedom. Without spread, or
    with a bound that is open, the bounds as they are. Raises InputError for a confidence outside (0, 1).
    """
    half = float(stdtrit(draws - 1, (1 + exact_confidence(confidence)) / 2)) * deviation
    if not half > 0:
        return low, high
    return estimate - float(np.hypot(estimate - low, half)), estimate + float(np.hypot(high - estimate, half))


def stretched(
    estimate: float, low: float, high: float, ratio: float, draws: int, *, confidence: float
) -> tuple[float, float]:
    """The same of a figure above zero, on its logarithm; ratio: tau over the mean of the draws.

    A bound at zero or an open one stays. Raises InputError as `widened`.
    """
    if not (estimate > 0 and ratio > 0):
        return low, high
    below, above = (float(np.log(x)) if 0 < x < np.inf else np.nan for x in (low, high))
    deep, far = widened(float(np.log(estimate)), below, above, ratio, draws, confidence=confidence)
    return (low if np.isnan(deep) else float(np.exp(deep))), (high if np.isnan(far) else float(np.exp(far)))
