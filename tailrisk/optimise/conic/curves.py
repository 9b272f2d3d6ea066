"""What bends: separable costs of the variables, and second-order cones around a centre.

    cost(x) = sum_j square_j x_j^2 / 2 + power_j x_j^(3/2) - log_j log x_j,   all coefficients >= 0
    cone:  |scale (x[place] - centre)| <= radius

Both enter a lower bound by what lies below them everywhere: a tangent, and a multiplier in the cone's dual.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST = 1e-18
"""A variable that rounding made zero or less counts as this where its root divides."""


@dataclass(frozen=True)
class Curve:
    """Coefficients of the separable cost, each [variable]."""

    square: Array
    power: Array  # of variables >= 0
    log: Array  # of variables > 0

    @property
    def flat(self) -> bool:
        """Whether nothing bends."""
        return not (self.square.any() or self.power.any() or self.log.any())

    def value(self, x: Array) -> float:
        """cost(x) of x [variable], infinite where a logarithm has no value."""
        kept = self.log > 0
        if (x[kept] <= 0).any():
            return np.inf
        wide = np.maximum(x, 0.0)
        return float(0.5 * self.square @ x**2 + self.power @ wide**1.5 - self.log[kept] @ np.log(x[kept]))

    def slope(self, x: Array) -> Array:
        """d cost / d x [variable]."""
        at = np.where(self.log > 0, x, 1.0)
        return self.square * x + 1.5 * self.power * np.sqrt(np.maximum(x, 0.0)) - self.log / at

    def bend(self, x: Array) -> Array:
        """d2 cost / d x2 [variable], at x > 0 where there is a logarithm, at x above LEAST where a power."""
        root = np.sqrt(np.where(self.power > 0, np.maximum(x, LEAST), 1.0))
        return self.square + 0.75 * self.power / root + self.log / np.where(self.log > 0, x, 1.0) ** 2

    def at(self, variables: NDArray[np.intp], more: int) -> "Curve":
        """The chosen variables [chosen], and `more` that do not bend behind them."""
        none = np.zeros(more)
        return Curve(*(np.append(part[variables], none) for part in (self.square, self.power, self.log)))

    def times(self, factor: float) -> "Curve":
        """The same cost, multiplied."""
        return Curve(self.square * factor, self.power * factor, self.log * factor)


def straight(variables: int) -> Curve:
    """No cost that bends."""
    return Curve(np.zeros(variables), np.zeros(variables), np.zeros(variables))


@dataclass(frozen=True)
class Cone:
    """|scale (x[place] - centre)| <= radius, with x[head] added to the radius if there is a head.

    fixed: a part of the norm that no variable moves; label: what a message calls it.
    """

    place: NDArray[np.intp]  # [entry]
    scale: Array  # [entry]
    centre: Array  # [entry]
    radius: float
    label: str = "cone"
    fixed: float = 0.0
    head: int | None = None

    def image(self, x: Array) -> Array:
        """(radius + x[head], scale (x[place] - centre), fixed) [entry + 2]: in the cone if the first is
        at least the norm of the others."""
        first = self.radius + (0.0 if self.head is None else x[self.head])
        return np.concatenate([[first], self.scale * (x[self.place] - self.centre), [self.fixed]])

    def linear(self, x: Array) -> Array:
        """The image of a step [entry + 2]: without what no variable moves."""
        first = 0.0 if self.head is None else x[self.head]
        return np.concatenate([[first], self.scale * x[self.place], [0.0]])

    def back(self, dual: Array, variables: int) -> Array:
        """A' v [variable] of v [entry + 2]."""
        row = np.zeros(variables)
        np.add.at(row, self.place, self.scale * dual[1:-1])
        if self.head is not None:
            row[self.head] += dual[0]
        return row

    def size(self, x: Array) -> float:
        """The norm that is bounded, at x [variable]."""
        return float(np.linalg.norm(self.image(x)[1:]))

    def scaled(self, factor: float) -> "Cone":
        """The same cone, both sides multiplied."""
        return replace(
            self, scale=self.scale * factor, radius=self.radius * factor, fixed=self.fixed * factor
        )

    def moved(self, place: NDArray[np.intp]) -> "Cone":
        """The same cone over other variables [entry]."""
        return replace(self, place=place)


def inside(dual: Array) -> Array:
    """A multiplier [entry + 2] made one of the cone: its first entry at least the norm of the others."""
    fixed = dual.copy()
    fixed[0] = max(fixed[0], float(np.linalg.norm(dual[1:])))
    return fixed
