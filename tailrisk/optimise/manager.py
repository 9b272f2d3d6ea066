"""The manager: most alpha less costs within the mandate, and how the answer moves with every bound.

    w(b) = argmax alpha' w - costs(w)  subject to the constraints with bounds b
    d (g' w) / d b_r  by the implicit derivative of its conditions of optimality (conic/implicit.py)

for any gradient g. With g = alpha - d costs it is the dual of the bound; with g the slope of a tail it is
what no dual tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import Fault, InputError
from .arguments import brief
from .conflict import FEASIBLE, refuse_conflict
from .conic import Array, Solved, solved
from .constraints import Constraint
from .labels import Axis, vector
from .master import Aim, Canon
from .region import Part, Region, region
from .scenarios import of_returns
from .shortfall import alpha_of

PRECISE = 1e-10
"""Relative residual to which the manager's problem is solved."""
ENOUGH = 1e-6
"""What is accepted where rounding stops it before."""


@dataclass(frozen=True)
class Slope:
    """d (g' w) / d bound of each row of a constraint."""

    labels: tuple[str, ...]
    lower: Array  # [row]
    upper: Array  # [row]


class Decision:
    """What the manager holds: weights [asset] of NAV, alpha before cost and cost, fractions of NAV."""

    def __init__(self, space: Region, canon: Canon, solved: Solved, worth: float, alpha: Array) -> None:
        self.region, self._canon, self._solved, self._worth = space, canon, solved, worth
        x = canon.base.copy()
        x[canon.free] = solved.point.x[: len(canon.free)]
        self.x = x  # [variable]
        self.weights = x[: space.assets]
        self.alpha = float(alpha @ self.weights)
        self.cost = float(space.charge @ x) + space.curve.value(x)

    def duals(self) -> dict[str, Slope]:
        """d (alpha' w - costs) / d bound of rows of two variables or more: the multipliers of their ends."""
        below, above = self._solved.duals()
        return self._by_part(below * self._worth, above * self._worth)

    def slopes(self, gradient: ArrayLike) -> dict[str, Slope]:
        """d (gradient' w) / d bound of every row of two variables or more, by name of constraint.

        gradient: [asset]. Bounds on one weight, and rows whose two ends meet, are given no slope.
        InputError: a gradient of other assets.
        """
        canon = self._canon
        g = np.zeros(len(canon.lower))
        held = canon.free < self.region.assets
        g[np.flatnonzero(held)] = vector("", "gradient", gradient, self.region.assets)[canon.free[held]]
        return self._by_part(*self._solved.slopes(g))

    def _by_part(self, below: Array, above: Array) -> dict[str, Slope]:
        """What belongs to the slacks of rows, by name of constraint."""
        canon = self._canon
        first = len(canon.lower) - len(canon.slack)
        rows = np.zeros((2, len(self.region.row_lower)))
        for side, values in enumerate((below, above)):
            rows[side, canon.live[canon.slack]] = values[first : first + len(canon.slack)]
        return {part.name: _of_part(part, rows) for part in self.region.parts}


def _of_part(part: Part, rows: Array) -> Slope:
    pair = np.zeros((2, len(part.place)))
    pair[:, ~part.single] = rows[:, part.place[~part.single]]
    return Slope(part.rows.labels, pair[0], pair[1])


def decide(alpha: ArrayLike, constraints: Sequence[Constraint]) -> Decision:
    """max alpha' w - costs over the constraints; costs are those charged (TradingCost, VarianceCost).

    alpha: [asset] over the horizon, a Series or dict by name.
    InputError: alpha that is not finite, or a smallest set of constraints that conflict. Fault: not solved.

    >>> from tailrisk.optimise import Budget, Positions
    >>> decide([0.03, 0.01, 0.02], [Budget(), Positions(0.0, 0.6)]).weights.round(3)
    array([0.6, 0. , 0.4])
    """
    alpha = pd.Series(dict(alpha)) if isinstance(alpha, Mapping) else alpha
    names = alpha.index if isinstance(alpha, pd.Series) else None
    if np.ndim(alpha) != 1 or np.size(alpha) == 0:
        raise InputError("alpha", brief(alpha), "finite numbers [asset]")
    row = np.array(alpha_of(alpha, Axis(np.size(alpha), names)))
    space = region(constraints, Axis(len(row), names))
    canon = Canon(space, of_returns(np.zeros((len(row), 2))), losses=False)
    if canon.crossed:
        refuse_conflict(space)
    cost = space.charge.copy()
    cost[: len(row)] -= row
    empty = np.zeros((len(row), 0))
    aim = Aim(cost, 0.0, None, Fraction(1, 2))
    program, _, worth = canon.program(aim, empty, np.zeros(0), np.zeros(len(row)), 0.0)
    done = solved(program, PRECISE)
    residual = done.point.residual
    found = Decision(space, canon, done, worth, row)
    if residual > ENOUGH or space.violation(found.x) > FEASIBLE:
        refuse_conflict(space)
        raise Fault(f"the manager's problem stayed {residual:.3g} from solved")
    return found
