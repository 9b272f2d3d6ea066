"""What an episode says of each parameter, and which of them it sees only together.

A parameter is identified when its posterior is much narrower than its prior; a product when two wide ones are
strongly correlated (mechanism 6). The sensitivity of a target is its change for one prior standard deviation,
by central differences at the best point, because triggers have no useful derivative.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...calibrate.ladder import Array

NARROW, TIED = 0.6, 0.4
"""Posterior over prior standard deviation of an identified parameter; correlation worth naming."""
STEP = 0.25


@dataclass(frozen=True)
class Identified:
    """By parameter, in the order of the prior."""

    contraction: Array  # [parameter]  posterior over prior standard deviation
    partner: tuple[str, ...]  # [parameter]  the one it is most correlated with
    correlation: Array  # [parameter]  with that partner
    sensitivity: Array  # [parameter, target]

    def verdict(self, i: int) -> str:
        """In words: identified, in a product with another, or not."""
        if self.contraction[i] < NARROW:
            return "identified"
        if abs(self.correlation[i]) > TIED:
            return f"with {self.partner[i]}"
        return "not identified"


def identify(
    draws: Array, best: Array, moments: Callable[[Array], Array], names: Sequence[str]
) -> Identified:
    """From draws [draw, parameter] in prior units; moments maps points [point, parameter] to targets.

    names [parameter]: what they are called.
    """
    correlation = np.corrcoef(draws.T)
    np.fill_diagonal(correlation, 0.0)
    partner = np.abs(correlation).argmax(axis=1)
    steps = STEP * np.eye(len(best))
    change = (moments(best + steps) - moments(best - steps)) / (2 * STEP)
    return Identified(
        contraction=draws.std(axis=0, ddof=1),
        partner=tuple(names[i] for i in partner),
        correlation=correlation[np.arange(len(best)), partner],
        sensitivity=change,
    )
