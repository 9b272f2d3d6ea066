"""Shares of a whole among actors, from its value with every coalition of them (Shapley, 1953).

    phi_i = sum over coalitions S without i of |S|! (n - 1 - |S|)! / n!  (v(S + i) - v(S))

which sum to v(all) - v(none): each share is phi_i / v(all), and what is left is v(none) / v(all), of nobody.
Beside it the two ends of what an actor adds: last, v(all) - v(all less i), and first, v(i) - v(none).
"""

from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def weights(count: int) -> Array:
    """Of the values of all coalitions in the actors' Shapley values [actor, coalition]; actor k is bit k."""
    numbers = np.arange(2**count)
    size = np.array([int(number).bit_count() for number in numbers])
    found = np.zeros((count, len(numbers)))
    for actor in range(count):
        there = (numbers >> actor) & 1 == 1
        before = np.where(there, size - 1, size)
        weight = np.array([factorial(int(s)) * factorial(count - 1 - int(s)) for s in before])
        found[actor] = np.where(there, weight, -weight) / factorial(count)
    return found


def shapley(value: Array) -> tuple[Array, Array]:
    """Shares of v(all) [actor, row] and of nobody [row]; value [coalition, row] of all coalitions.

    nan where the whole is zero.
    """
    count = int(np.log2(len(value)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return weights(count) @ value / value[-1], value[0] / value[-1]


def last(value: Array) -> Array:
    """What of v(all) is not there without one actor alone [actor, row]; value [coalition, row] of all."""
    count = int(np.log2(len(value)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([1.0 - value[len(value) - 1 - 2**k] / value[-1] for k in range(count)])


def ends(none: Array, alone: Array, without: Array, whole: Array) -> Array:
    """Mean of what an actor adds first and adds last, over the whole [point]; all four [point].

    Four values in place of all: what a search can afford. Exact for two actors, else beside the share.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return 0.5 * ((alone - none) + (whole - without)) / whole
