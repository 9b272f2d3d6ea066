"""How far weighted paths are worth plain ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .border import received
from .heavy import FEWEST, tail_shape
from .sample import Array


@dataclass(frozen=True)
class WeightReport:
    """What the weights of a sample say of it.

    effective: (sum w)^2 / sum w^2, the plain paths whose mean is as sure (Kong, 1992); of a rare event it
    says little, its own interval says all. largest: weight of the heaviest path over the sum. mean: of the
    weights before they are divided by their sum, with its error: one, where the law drawn from covers the law
    asked about. shape: k-hat of the generalised Pareto tail of the weights, above
    0.7 a warning (Vehtari et al., 2024, "Pareto smoothed importance sampling"); None where too few are large.
    """

    paths: int
    effective: float
    largest: float
    mean: float
    mean_error: float
    shape: float | None


def weight_report(weight: ArrayLike) -> WeightReport:
    """The report of weights [path], one on average. InputError: not weights, or none above zero.

    >>> report = weight_report([0.5, 1.5, 1.0, 1.0])
    >>> round(report.effective, 2), report.largest, report.mean
    (3.56, 0.375, 1.0)
    """
    w = received(weight, "weight", dimensions=1).values
    if (w < 0).any() or not w.any():
        raise InputError("weight", "negative, or all of them zero", "weights >= 0, one on average")
    total, paths, unit = float(w.sum()), len(w), w / w.max()
    return WeightReport(
        paths=paths,
        effective=float(unit.sum()) ** 2 / float((unit**2).sum()),
        largest=1 / float(unit.sum()),
        mean=total / paths,
        mean_error=float(w.std()) / np.sqrt(paths),
        shape=_shape(w),
    )


def _shape(weight: Array) -> float | None:
    """k-hat from the min(n / 5, 3 sqrt(n)) largest weights."""
    count = int(min(len(weight) / 5, 3 * np.sqrt(len(weight))))
    ordered = np.sort(weight)
    excess = ordered[len(weight) - count :] - ordered[len(weight) - count - 1]
    return float(tail_shape(excess)) if (excess > 0).sum() >= FEWEST else None
