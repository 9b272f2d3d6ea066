"""Figures that stand at an edge: many paths lose exactly as much as VaR says.

A price limit, the end of a programme or a stop gathers paths at one loss. VaR then is that edge whatever the
level, ES is little more, and both say nothing of what would be lost without it.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .border import number, received
from .sample import Array, Level, exact_level, sampled, total
from .shortfall import Tail, tail_of

SATURATED = 0.1
"""Fraction of the worst 1 - level, in weight, from which paths at exactly VaR are an edge."""
TOGETHER = 3
"""Paths that must lose the same."""
SAME = 1e-5
"""Relative distance within which losses are the same: single precision and a few operations."""


def saturated(
    losses: ArrayLike, weight: ArrayLike | None = None, *, level: Level, fraction: float = SATURATED
) -> Any:
    """Whether at least `fraction` of the worst 1 - level, and three paths, lose exactly VaR.

    losses [..., path], weights and errors as in `value_at_risk`, or a fraction outside (0, 1]; a bool for one
    sample, else bools in the form they came.

    >>> saturated(np.minimum(np.arange(1, 1001) / 1000, 0.9), level=0.95)  # nothing loses more than 0.9
    True
    """
    given, exact = received(losses), exact_level(level)
    least = number("fraction", fraction, "a fraction of the tail, above 0, at most 1", lambda x: 0 < x <= 1)
    shape, pairs = sampled(given, weight)
    found = [is_saturated(row, w, tail_of(row, w, exact), least) for row, w in pairs]
    return given.named(np.array(found).reshape(shape))


def is_saturated(losses: Array, weight: Array | None, tail: Tail, fraction: float = SATURATED) -> bool:
    """The same of one sample, of which `losses` and `weight` [path] may hold only the worst."""
    edge = tail.value_at_risk
    here = np.abs(losses - edge) <= SAME * abs(edge)
    if weight is None:
        return bool(here.sum() >= max(TOGETHER, fraction * tail.mass))
    here &= weight > 0
    return bool(here.sum() >= TOGETHER and total(weight[here]) >= fraction * tail.mass)
