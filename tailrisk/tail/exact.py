"""Sums of float64 that are never rounded: whole numbers of the smallest part, in limbs carried at the end."""

from typing import Any

import numpy as np

from .sample import Array

PART = 1074
"""The smallest number float64 has is 2^-1074, and every other is a whole number of these parts."""
DIGITS = 53
"""Binary digits of a float64."""
LIMB = 32
"""Binary digits of a limb; its int64 has room for 2^30 numbers before it must carry."""
LIMBS = (PART + 1024 + LIMB) // LIMB + 2
"""Limbs of the largest sum."""
LOW = (1 << LIMB) - 1


class Exact:
    """Sums of arrays of one shape, added a whole array at a time: the same in any order.

    >>> third = Exact((1,))
    >>> for value in (1e300, 1 / 3, -1e300):
    ...     third.add(np.array([value]))
    >>> third.sums()[0] / 2**1074 == 1 / 3
    True
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._limbs = np.zeros((LIMBS, int(np.prod(shape))), np.int64)

    def add(self, values: Array) -> None:
        """Add finite values [...] of the shape. ValueError: another shape."""
        if values.shape != self.shape:
            raise ValueError(f"values of shape {values.shape} added to sums of shape {self.shape}")
        fraction, exponent = np.frexp(values.ravel())
        whole = np.ldexp(fraction, DIGITS).astype(np.int64)
        shift = exponent.astype(np.int64) + (PART - DIGITS)
        whole >>= np.maximum(-shift, 0)  # of a number below 2^-1022 zeros are shifted out
        shift = np.maximum(shift, 0)
        by = shift % LIMB
        low, high = (whole & LOW) << by, (whole >> LIMB) << by
        limbs, numbers = self._limbs.reshape(-1), self._limbs.shape[1]
        at = shift // LIMB * numbers + np.arange(numbers)
        limbs[at] += low & LOW
        limbs[at + numbers] += (low >> LIMB) + (high & LOW)
        limbs[at + 2 * numbers] += high >> LIMB

    def sums(self) -> list[Any]:
        """The sums in parts of 2^-1074, as whole numbers in lists of the shape."""
        totals = np.zeros(self._limbs.shape[1], object)
        for k in np.flatnonzero(self._limbs.any(axis=1)).tolist():
            totals += self._limbs[k].astype(object) << (LIMB * k)
        nested: list[Any] = totals.reshape(self.shape).tolist()
        return nested
