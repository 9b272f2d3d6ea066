"""Shares of a fall among sellers: Shapley's value of a game of flows, and its limit of many small sellers.

    phi_g = sum over coalitions S without g of |S|! (n - |S| - 1)! / n! (v(S + g) - v(S))      Shapley (1953)

The values sum to v(all) and do not depend on the sellers' names or order. They do depend on who is one
seller and who is many when impact is concave; the limit in which every yuan is a seller of its own (Aumann
and Shapley, 1974) does not.
"""

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from ..core.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]
MOST = 12
"""Sellers at most: the number of coalitions is two to their power."""


def coalitions(sellers: int) -> Array:
    """Who is in each coalition [coalition, seller], ones and zeros; row k has the bits of k.

    InputError: sellers outside 1 to 12.
    """
    if not 1 <= sellers <= MOST:
        raise InputError("sellers", str(sellers), f"1 to {MOST}")
    return ((np.arange(2**sellers)[:, None] >> np.arange(sellers)) & 1).astype(np.float64)


def values(worth: Array) -> Array:
    """Shapley's values [seller, ...] of a game whose coalitions are worth `worth` [coalition, ...].

    Coalitions in the order of `coalitions`. InputError: their number is no power of two.
    """
    count = len(worth).bit_length() - 1
    if count < 1 or len(worth) != 2**count:
        raise InputError("worth", f"{len(worth)} coalitions", "a power of two: one for each set of sellers")
    result = np.zeros((count, *worth.shape[1:]))
    for seller in range(count):
        others = [k for k in range(count) if k != seller]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for chosen in combinations(others, size):
                place = sum(1 << k for k in chosen)
                result[seller] += weight * (worth[place | 1 << seller] - worth[place])
    return result
