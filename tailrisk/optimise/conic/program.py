"""The program an interior point solves: linear in x, with the shortfall of a band of scenarios.

Rows that tie one variable to others of their own, such as a weight to what is bought and sold, are kept apart
and sparse: they leave the Newton system one by one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .curves import Array, Cone, Curve


@dataclass(frozen=True)
class Program:
    """min cost' x + curve(x) + aversion es,  (near, rows) x = target, lower <= x <= upper,

    cones, es <= limit,
    es = base + tail' y + rest c + sum_i cap_i (l_i - c)+,  l_i = offset_i - column_i' y,  y = x[coordinate]
    over x and the threshold c, in units that make returns and costs near one.
    """

    cost: Array  # [variable]
    lower: Array  # [variable]
    upper: Array  # [variable]
    near: sparse.csr_array  # [near, variable]  rows of one variable and others that no other of these has
    own: NDArray[np.bool_]  # [variable]  those others
    rows: Array  # [row, variable]
    target: Array  # [near + row]
    coordinate: NDArray[np.intp]  # [coordinate]  variables the losses depend on
    columns: Array  # [coordinate, scenario]
    offset: Array  # [scenario]
    cap: Array  # [scenario]  most measure each may have
    tail: Array  # [coordinate]
    rest: float
    base: float
    aversion: float
    limit: float | None
    curve: Curve
    cones: tuple[Cone, ...] = ()


@dataclass(frozen=True)
class Point:
    """Where the method ended; `residual` is the largest of the relative residuals and the relative gap."""

    x: Array  # [variable]
    threshold: float
    measure: Array  # [scenario]  dual of the explicit scenarios, in [0, (aversion + price) cap]
    multiplier: Array  # [near + row]  of (near, rows) x = target
    price: float  # of the limit on es
    duals: tuple[Array, ...]  # of the cones
    steps: int
    residual: float


class Form:
    """The program with its threshold, and the room under its limit, as variables: x, (room), c.

    cost [variable]; near, rows [row, variable]; target [near + row]; lower, upper [variable]; the last row is
    the limit, whose caps of scenarios are `limited` [scenario], zeros without one; spot [coordinate + 1]: y
    and c; own [variable]: those of the near rows;
    table [coordinate + 1, scenario]: d (l_i - c) / d (y, c); low, high: variables that have a bound.
    """

    def __init__(self, program: Program) -> None:
        p = self.program = program
        self.has_limit = p.limit is not None
        width = len(p.cost) + self.has_limit + 1
        self.spot = np.append(p.coordinate, width - 1)
        self.table = np.vstack([-p.columns, -np.ones(p.columns.shape[1])])
        linear = np.zeros(width)
        linear[self.spot] = np.append(p.tail, p.rest)
        self.cost = p.aversion * linear
        self.cost[: len(p.cost)] += p.cost
        self.rows = np.zeros((len(p.rows) + self.has_limit, width))
        self.rows[: len(p.rows), : len(p.cost)] = p.rows
        self.near = sparse.csr_array(
            (p.near.data, p.near.indices, p.near.indptr), shape=(p.near.shape[0], width)
        )
        self.target, self.limited, room = p.target, np.zeros_like(p.cap), np.zeros(0)
        if p.limit is not None:
            self.rows[-1] = linear
            self.rows[-1, -2] = 1.0
            self.target, self.limited = np.append(p.target, p.limit - p.base), p.cap
            room = np.zeros(1)
        self.lower = np.concatenate([p.lower, room, [-np.inf]])
        self.upper = np.concatenate([p.upper, room + np.inf, [np.inf]])
        self.cones = p.cones
        self.curve = p.curve.at(np.arange(len(p.cost)), width - len(p.cost))
        self.own = np.zeros(width, dtype=bool)
        self.own[: len(p.own)] = p.own
        self.low, self.high = np.flatnonzero(np.isfinite(self.lower)), np.flatnonzero(np.isfinite(self.upper))

    @property
    def plain(self) -> bool:
        """Whether nothing bends."""
        return self.curve.flat and not self.cones

    def times(self, x: Array) -> Array:
        """(near, rows) x [near + row]."""
        return np.append(self.near @ x, self.rows @ x)

    def back(self, price: Array) -> Array:
        """(near, rows)' price [variable] of price [near + row]."""
        first = self.near.shape[0]
        return self.near.T @ price[:first] + price[first:] @ self.rows

    def inside(self) -> Array:
        """A point strictly inside every bound, its threshold the median loss [variable]."""
        width = self.upper - self.lower
        x = np.zeros(len(width))
        x[self.low] = self.lower[self.low] + np.minimum(0.5 * width[self.low], 0.1)
        alone = np.setdiff1d(self.high, self.low)
        x[alone] = self.upper[alone] - 0.1
        x[-1] = float(np.median(self.excess(x))) if self.table.shape[1] else 0.0
        return x

    def excess(self, x: Array) -> Array:
        """l_i - c [scenario]."""
        return self.program.offset + self.table.T @ x[self.spot]

    def ceiling(self, price: float) -> Array:
        """(aversion + price) cap: the most the dual of a scenario may be [scenario]."""
        return self.program.aversion * self.program.cap + price * self.limited
