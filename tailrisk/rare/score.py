"""How near a path came to what is asked about: one number a path, higher is nearer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..simulate.path import Outcome

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fall:
    """The largest z of a detector over the days, or with `sign` -1 the largest of -z."""

    name: str
    detector: int
    sign: float
    threshold: float | None  # of the score: sign times the event's; None is the quantile at `level`
    level: float | None = None


@dataclass(frozen=True)
class Loss:
    """A product's loss, asked about beyond its value at risk at `level`."""

    name: str
    view: int
    measure: int
    product: int
    level: float
    threshold: float | None = None


Target = Fall | Loss


def score(target: Target, outcome: Outcome) -> Array:
    """The score of every path [path] on the host."""
    found: Any
    if isinstance(target, Fall):
        found = (target.sign * np.asarray(outcome.z[target.detector])).max(axis=0)
    else:
        found = np.asarray(outcome.loss[target.view, target.measure, target.product])
    return np.asarray(found, np.float64)
