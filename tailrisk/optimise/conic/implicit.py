"""A solved program and how its point moves with every bound: the implicit derivative of its conditions.

    d (g' x) / d b_r = z_r mu_r / s_r,  K z = (g, 0)

for a bound of slack s_r and multiplier mu_r, K the last Newton matrix: one solve for all bounds and any
gradient g (Fiacco, 1983).
"""

from dataclasses import dataclass

import numpy as np

from .curves import Array
from .interior import iterated, point
from .newton import Iterate, Newton
from .program import Form, Point, Program


@dataclass(frozen=True)
class Solved:
    """The best point met, and what its bounds are worth."""

    point: Point
    form: Form
    at: Iterate

    def duals(self) -> tuple[Array, Array]:
        """Multipliers of the lower bounds, signed as a loss, and of the upper [variable]."""
        form, at = self.form, self.at
        below, above = np.zeros(len(at.x)), np.zeros(len(at.x))
        below[form.low], above[form.high] = -at.below, at.above
        return self._own(below), self._own(above)

    def slopes(self, gradient: Array) -> tuple[Array, Array]:
        """d (gradient' x) / d lower and / d upper [variable], gradient [variable]."""
        form, at = self.form, self.at
        newton = Newton(form, at)
        z = newton.solve(np.append(gradient, np.zeros(len(at.x) - len(gradient))))
        below, above = np.zeros(len(at.x)), np.zeros(len(at.x))
        below[form.low], above[form.high] = at.below / newton.slack[0], at.above / newton.slack[1]
        return self._own(z * below), self._own(z * above)

    def _own(self, values: Array) -> Array:
        """Of the program's variables alone."""
        return values[: len(self.form.program.cost)]


def solved(program: Program, tolerance: float) -> Solved:
    """As `interior_point`, with the last Newton matrix kept for slopes."""
    form, at, residual, steps = iterated(program, tolerance)
    return Solved(point(form, at, steps, residual), form, at)
