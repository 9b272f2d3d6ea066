"""Newton steps of the interior point: an iterate, its residuals, and the factored system they share.

With l_i - c = s_i - r_i, s, r >= 0, the scenarios leave the system: what remains has one dense block, a Gram
matrix over coordinates and threshold, a diagonal elsewhere, and one border row for each row of the program,
near rows excepted: they and their own variables leave it for a diagonal (near.py).
A cone adds a diagonal and a border row, and one more where it has a head (scaling.py).
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lu_factor, lu_solve

from .curves import Array
from .near import Near
from .program import Form
from .scaling import Scaling, mirrored, product

REGULAR = 1e-13
"""What is added to the diagonals, relative to each: keeps redundant rows and twin assets solvable."""
FREE = 1e-8
"""What is added where there is nothing: variables that rows alone decide."""
LEAST = 1e-18
"""A slack that rounding made zero or less counts as this."""
SOLVED = 1e-13
"""Residual, relative, that needs no correction."""
CORRECTIONS = 3
"""Corrections of a step by its own residual where something bends; elsewhere one."""


@dataclass(frozen=True)
class Iterate:
    """x, s, r, u primal; price of rows; duals q of r, t of s, below and above of bounds, v of cones.
    Also a step of them.
    """

    x: Array  # [variable]
    s: Array  # [scenario]  excess over the threshold
    r: Array  # [scenario]  room under it
    price: Array  # [row]
    q: Array  # [scenario]
    t: Array  # [scenario]
    below: Array  # [low]
    above: Array  # [high]
    u: tuple[Array, ...]  # cone [entry + 2]  its image of x, once nothing is missing
    v: tuple[Array, ...]  # cone [entry + 2]

    def plus(self, step: "Iterate", primal: float, dual: float) -> "Iterate":
        """This point after part of a step."""
        far = {"x": primal, "s": primal, "r": primal, "u": primal}
        moved: dict[str, Any] = {}
        for field in fields(self):
            old, way, length = getattr(self, field.name), getattr(step, field.name), far.get(field.name, dual)
            cones = isinstance(old, tuple)
            moved[field.name] = _along(old, way, length) if cones else old + length * way
        return Iterate(**moved)

    def slacks(self, form: Form) -> tuple[Array, Array]:
        """Distances to the lower bounds [low] and the upper bounds [high]."""
        below, above = self.x[form.low] - form.lower[form.low], form.upper[form.high] - self.x[form.high]
        return np.maximum(below, LEAST), np.maximum(above, LEAST)

    def products(self, form: Form) -> float:
        """The sum of all complementarity products: the duality gap where nothing is missing."""
        a, b = self.slacks(form)
        cones = sum(u @ v for u, v in zip(self.u, self.v, strict=True))
        return float(self.s @ self.t + self.r @ self.q + a @ self.below + b @ self.above + cones)


def _along(old: tuple[Array, ...], way: tuple[Array, ...], length: float) -> tuple[Array, ...]:
    return tuple(a + length * b for a, b in zip(old, way, strict=True))


def limit_price(form: Form, price: Array) -> float:
    """The price of the limit on ES, last of the prices [row]; zero where there is no limit."""
    return float(price[-1]) if form.has_limit else 0.0


def missing(form: Form, at: Iterate) -> tuple[Array, Array, Array, tuple[Array, ...]]:
    """What an iterate lacks: of the dual [variable], of the dual of s [scenario], of the primal [row], and
    of the cones' images [entry + 2].
    """
    dual = form.cost + form.curve.slope(at.x) + form.back(at.price)
    for cone, v in zip(form.cones, at.v, strict=True):
        dual -= cone.back(v, len(dual))
    dual[form.spot] += form.table @ at.q
    dual[form.low] -= at.below
    dual[form.high] += at.above
    primal = form.target - form.times(at.x)
    if form.has_limit:
        primal[-1] -= form.limited @ at.s
    images = tuple(cone.image(at.x) - u for cone, u in zip(form.cones, at.u, strict=True))
    return -dual, at.q + at.t - form.ceiling(limit_price(form, at.price)), primal, images


class Newton:
    """The system at one iterate, factored once: M over variables with the near rows, bordered by the others.

    M = diagonal of the bounds + table D table' on (y, c), D = A T / (A + T), A = q / r, T = t / s; the row of
    the limit has table (A cap / (A + T)) added and -sum cap^2 / (A + T) in its corner.
    """

    def __init__(self, form: Form, at: Iterate) -> None:
        self.form, self.at = form, at
        self.slack = at.slacks(form)
        self.steep, self.flat = at.q / at.r, at.t / at.s
        self.both = self.steep + self.flat
        self.weight = self.steep * self.flat / self.both
        self.lacks = missing(form, at)
        self.diagonal = np.zeros(len(at.x))
        self.diagonal[form.low] += at.below / self.slack[0]
        self.diagonal[form.high] += at.above / self.slack[1]
        self.diagonal += form.curve.bend(at.x)
        self.cones = [Scaling(u, v) for u, v in zip(at.u, at.v, strict=True)]
        self.border = self._cone_borders()
        self.scale = self.diagonal + regular(self.diagonal)
        self.near = Near(form.near, form.own, self.scale)
        scaled = form.table * np.sqrt(self.weight)
        block = scaled @ scaled.T
        _add(block, (self.diagonal + self.near.added)[form.spot])
        _add(block, regular(block.diagonal()))
        self.block = cho_factor(block, check_finite=False)
        self.scale += self.near.added
        self._border()

    def _cone_borders(self) -> list[tuple[Array, float]]:
        """C' W^-2 C as a diagonal, put in place, and border rows r with their corners 1 / k: sum k r r'.

        Over a cone without a head it is (2 g g' + scale^2) / beta^2, g = C' J w; a head takes 1 / beta^2 on
        the diagonal and -2 / beta^2 in a row of its own.
        """
        rows = []
        for cone, scaling in zip(self.form.cones, self.cones, strict=True):
            square = scaling.beta**2
            np.add.at(self.diagonal, cone.place, cone.scale**2 / square)
            rows.append((cone.back(mirrored(scaling.w), len(self.diagonal)), 0.5 * square))
            if cone.head is not None:
                self.diagonal[cone.head] += 1 / square
                head = np.zeros(len(self.diagonal))
                head[cone.head] = 1.0
                rows.append((head, -0.5 * square))
        return rows

    def _border(self) -> None:
        """Factor the Schur complement of the rows."""
        form = self.form
        self.rows, self.corner = form.rows, np.zeros(len(form.rows))
        if form.has_limit:
            self.rows = form.rows.copy()
            self.rows[-1, form.spot] += form.table @ (self.steep * form.limited / self.both)
            self.corner[-1] = (form.limited**2 / self.both).sum()
        if self.border:
            self.rows = np.vstack([self.rows, *(row for row, _ in self.border)])
            self.corner = np.append(self.corner, [corner for _, corner in self.border])
        self.bent, gained = self.near.rows(self.rows)
        self.across = self._inverse(np.ascontiguousarray(self.bent.T))
        schur = self.bent @ self.across
        if gained is not None:
            schur += gained
        self.mixed = gained is not None
        _add(schur, self.corner)
        if len(schur):
            _add(schur, REGULAR * np.abs(schur.diagonal()))
            self.definite = not (self.corner < 0).any()
            self.schur = (cho_factor if self.definite else lu_factor)(schur, check_finite=False)

    def _inverse(self, v: Array) -> Array:
        """M^-1 v over the kept variables, near rows out; v [variable] or [variable, row]."""
        out = v / (self.scale if v.ndim == 1 else self.scale[:, None])
        out[self.form.spot] = cho_solve(self.block, v[self.form.spot], check_finite=False)
        return out

    def _times(self, v: Array) -> Array:
        """M v, v [variable]."""
        spot, table = self.form.spot, self.form.table
        out = self.diagonal * v
        out[spot] += table @ (self.weight * (table.T @ v[spot]))
        return out

    def _bordered(self, f: Array, g: Array) -> tuple[Array, Array]:
        near, first = self.near, self.form.near.shape[0]
        kept, pull = near.less(f, g[:first])
        x, price = self._inverse(kept), g[first:]
        if len(self.rows):
            if self.mixed:
                price = price - self.rows @ (near.over * (f - near.turned @ pull))
            solve = cho_solve if self.definite else lu_solve
            price = solve(self.schur, self.bent @ x - price, check_finite=False)
            x = x - self.across @ price
            if self.mixed:
                f = f - price @ self.rows
                pull = near.less(f, g[:first])[1]
        x, y = near.back(x, f, pull)
        return x, np.append(y, price)

    def _refined(self, f: Array, g: Array) -> tuple[Array, Array]:
        """Solve [M, rows'; rows, -corner] (x, price) = (f, g), near rows first, corrected by its residual."""
        near, first = self.near.table, self.form.near.shape[0]
        x, price = self._bordered(f, g)
        for _ in range(1 if self.form.plain else CORRECTIONS):
            y, wide = price[:first], price[first:]
            g_left = g - np.append(near @ x, self.rows @ x - self.corner * wide)
            f_left = f - self._times(x) - wide @ self.rows - self.near.turned @ y
            if _small(f_left, f) and _small(g_left, g):
                break
            again = self._bordered(f_left, g_left)
            x, price = x + again[0], price + again[1]
        return x, price

    def solve(self, gradient: Array) -> Array:
        """x [variable] of [M, rows'; rows, -corner] (x, price) = (gradient, 0)."""
        return self._refined(gradient, np.zeros(self.form.near.shape[0] + len(self.rows)))[0]

    def step(self, centre: float, previous: Iterate | None = None) -> Iterate:
        """The step towards products equal to `centre`, less the second-order terms of a `previous` step."""
        form, at, (a, b) = self.form, self.at, self.slack
        bent = (0.0, 0.0, 0.0, 0.0) if previous is None else _second_order(form, previous)
        k_t = (centre - bent[0]) / at.s - at.t
        k_q = (centre - bent[1]) / at.r - at.q
        k_below = (centre - bent[2]) / a - at.below
        k_above = (centre - bent[3]) / b - at.above
        dual, scenario, primal, images = self.lacks
        k = scenario + k_q + k_t
        f, g = dual.copy(), np.append(primal, np.zeros(len(self.border)))
        turned = [
            _cone_target(w, centre, None if previous is None else (previous.u[i], previous.v[i]))
            for i, w in enumerate(self.cones)
        ]
        for cone, scaling, target, image in zip(form.cones, self.cones, turned, images, strict=True):
            f += cone.back(target - scaling.twice_over(image), len(f))
        f[form.low] += k_below
        f[form.high] -= k_above
        f[form.spot] -= form.table @ (k_q - self.steep * k / self.both)
        if form.has_limit:
            g[len(primal) - 1] -= form.limited @ (k / self.both)
        x, price = self._refined(f, g)
        price = price[: len(primal)]
        u_step = tuple(cone.linear(x) + image for cone, image in zip(form.cones, images, strict=True))
        u = form.table.T @ x[form.spot]
        s = (k - form.limited * limit_price(form, price) + self.steep * u) / self.both
        return Iterate(
            x=x,
            s=s,
            r=s - u,
            price=price,
            q=k_q - self.steep * (s - u),
            t=k_t - self.flat * s,
            below=k_below - at.below / a * x[form.low],
            above=k_above + at.above / b * x[form.high],
            u=u_step,
            v=tuple(
                target - scaling.twice_over(way)
                for target, scaling, way in zip(turned, self.cones, u_step, strict=True)
            ),
        )


def _small(left: Array, right: Array) -> bool:
    """Whether what is left of a right side is rounding."""
    return bool(np.abs(left).max(initial=0.0) <= SOLVED * np.abs(right).max(initial=0.0))


def _cone_target(scaling: Scaling, centre: float, bent: tuple[Array, Array] | None) -> Array:
    """W^-1 (lambda \\ (centre e - lambda o lambda - (W^-1 du) o (W dv)))."""
    want = -product(scaling.point, scaling.point)
    want[0] += centre
    if bent is not None:
        want -= product(scaling.over(bent[0]), scaling.times(bent[1]))
    return scaling.over(scaling.divided(want))


def _second_order(form: Form, step: Iterate) -> tuple[Array, Array, Array, Array]:
    """Products of the parts of a step: of s and t, r and q, and the slacks with their duals."""
    return (
        step.s * step.t,
        step.r * step.q,
        step.x[form.low] * step.below,
        -step.x[form.high] * step.above,
    )


def regular(diagonal: Array) -> Array:
    """What is added to a diagonal [variable] >= 0."""
    return np.where(diagonal > 0, REGULAR * diagonal + 1e-14, FREE)


def _add(matrix: Array, value: Array | float) -> None:
    """Add to the diagonal in place."""
    at = np.arange(len(matrix))
    matrix[at, at] += value
