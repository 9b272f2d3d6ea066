"""Newton steps of the interior point: an iterate, its residuals, and the factored system they share.

With l_i - c = s_i - r_i, s, r >= 0, the scenarios leave the system: what remains has one dense block, a Gram
matrix over coordinates and threshold, a diagonal elsewhere, and one border row for each row of the program.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .program import Array, Form

REGULAR = 1e-13
"""What is added to the diagonals, relative to the largest: keeps redundant rows and twin assets solvable."""


@dataclass(frozen=True)
class Iterate:
    """x, s, r primal; price of rows; duals q of r, t of s, below and above of bounds. Also a step of them."""

    x: Array  # [variable]
    s: Array  # [scenario]  excess over the threshold
    r: Array  # [scenario]  room under it
    price: Array  # [row]
    q: Array  # [scenario]
    t: Array  # [scenario]
    below: Array  # [low]
    above: Array  # [high]

    def plus(self, step: "Iterate", primal: float, dual: float) -> "Iterate":
        """This point after part of a step."""
        length = {"x": primal, "s": primal, "r": primal}
        return Iterate(
            **{
                f.name: getattr(self, f.name) + length.get(f.name, dual) * getattr(step, f.name)
                for f in fields(self)
            }
        )

    def slacks(self, form: Form) -> tuple[Array, Array]:
        """Distances to the lower bounds [low] and the upper bounds [high]."""
        return self.x[form.low] - form.lower[form.low], form.upper[form.high] - self.x[form.high]

    def products(self, form: Form) -> float:
        """The sum of all complementarity products: the duality gap where nothing is missing."""
        a, b = self.slacks(form)
        return float(self.s @ self.t + self.r @ self.q + a @ self.below + b @ self.above)


def limit_price(form: Form, price: Array) -> float:
    return float(price[-1]) if form.has_limit else 0.0


def missing(form: Form, at: Iterate) -> tuple[Array, Array, Array]:
    """What an iterate lacks: of the dual [variable], of the dual of s [scenario], of the primal [row]."""
    dual = form.cost + at.price @ form.rows
    dual[form.spot] += form.table @ at.q
    dual[form.low] -= at.below
    dual[form.high] += at.above
    primal = form.target - form.rows @ at.x
    if form.has_limit:
        primal[-1] -= form.limited @ at.s
    return -dual, at.q + at.t - form.ceiling(limit_price(form, at.price)), primal


class Newton:
    """The system at one iterate, factored once: M over variables, bordered by the rows.

    M = diagonal of the bounds + table D table' on (y, c), D = A T / (A + T), A = q / r, T = t / s; the row of
    the limit has table (A share / (A + T)) added and -sum share^2 / (A + T) in its corner.
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
        scaled = form.table * np.sqrt(self.weight)
        block = scaled @ scaled.T
        _add(block, self.diagonal[form.spot])
        _add(block, REGULAR * block.diagonal().max() + 1e-14)
        self.block = cho_factor(block, check_finite=False)
        self.scale = self.diagonal + REGULAR * self.diagonal.max() + 1e-14
        self._border()

    def _border(self) -> None:
        """Factor the Schur complement of the rows."""
        form = self.form
        self.rows, self.corner = form.rows, np.zeros(len(form.rows))
        if form.has_limit:
            self.rows = form.rows.copy()
            self.rows[-1, form.spot] += form.table @ (self.steep * form.limited / self.both)
            self.corner[-1] = (form.limited**2 / self.both).sum()
        self.across = self._inverse(self.rows.T)
        schur = self.rows @ self.across
        _add(schur, self.corner)
        if len(schur):
            _add(schur, REGULAR * schur.diagonal().max())
            self.schur = cho_factor(schur, check_finite=False)

    def _inverse(self, v: Array) -> Array:
        """M^-1 v for v [variable] or [variable, row]."""
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
        first = self._inverse(f)
        if not len(self.rows):
            return first, np.zeros(0)
        price = cho_solve(self.schur, self.rows @ first - g, check_finite=False)
        return first - self.across @ price, price

    def _refined(self, f: Array, g: Array) -> tuple[Array, Array]:
        """Solve [M, rows'; rows, -corner] (x, price) = (f, g), corrected once by its own residual."""
        x, price = self._bordered(f, g)
        again = self._bordered(
            f - self._times(x) - price @ self.rows, g - self.rows @ x + self.corner * price
        )
        return x + again[0], price + again[1]

    def step(self, centre: float, previous: Iterate | None = None) -> Iterate:
        """The step towards products equal to `centre`, less the second-order terms of a `previous` step."""
        form, at, (a, b) = self.form, self.at, self.slack
        bent = (0.0, 0.0, 0.0, 0.0) if previous is None else _second_order(form, previous)
        k_t = (centre - bent[0]) / at.s - at.t
        k_q = (centre - bent[1]) / at.r - at.q
        k_below = (centre - bent[2]) / a - at.below
        k_above = (centre - bent[3]) / b - at.above
        dual, scenario, primal = self.lacks
        k = scenario + k_q + k_t
        f, g = dual.copy(), primal.copy()
        f[form.low] += k_below
        f[form.high] -= k_above
        f[form.spot] -= form.table @ (k_q - self.steep * k / self.both)
        if form.has_limit:
            g[-1] -= form.limited @ (k / self.both)
        x, price = self._refined(f, g)
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
        )


def _second_order(form: Form, step: Iterate) -> tuple[Array, Array, Array, Array]:
    """Products of the parts of a step: of s and t, r and q, and the slacks with their duals."""
    return (
        step.s * step.t,
        step.r * step.q,
        step.x[form.low] * step.below,
        -step.x[form.high] * step.above,
    )


def _add(matrix: Array, value: Array | float) -> None:
    """Add to the diagonal in place."""
    at = np.arange(len(matrix))
    matrix[at, at] += value
