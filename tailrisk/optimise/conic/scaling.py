"""The scaling of a second-order cone: where slack u and dual v look alike, Nesterov & Todd (1997).

W = beta [w0, w1'; w1, I + w1 w1' / (1 + w0)],  W v = W^-1 u = lambda,  W^-2 = (2 (Jw)(Jw)' - J) / beta^2
with w the unit vector halfway between u and J v, J = diag(1, -1, ..., -1).    Vandenberghe (2010), section 4
"""

import numpy as np

from .curves import Array


class Scaling:
    """The scaling at one pair (u, v), both strictly inside the cone."""

    def __init__(self, u: Array, v: Array) -> None:
        length = _length(u), _length(v)
        one, other = u / length[0], v / length[1]
        half = np.sqrt(0.5 * (1 + one @ other))
        self.w = (one + mirrored(other)) / (2 * half)
        self.beta = float(np.sqrt(length[0] / length[1]))
        self.point = self.times(v)  # lambda

    def times(self, v: Array) -> Array:
        """W v [entry + 2]."""
        return self.beta * self._turned(v, self.w)

    def over(self, u: Array) -> Array:
        """W^-1 u [entry + 2]."""
        return self._turned(u, mirrored(self.w)) / self.beta

    def twice_over(self, u: Array) -> Array:
        """W^-2 u [entry + 2]."""
        axis = mirrored(self.w)
        return (2 * axis * (axis @ u) - mirrored(u)) / self.beta**2

    @staticmethod
    def _turned(v: Array, w: Array) -> Array:
        across = w[1:] @ v[1:]
        return np.concatenate([[w @ v], v[1:] + w[1:] * (v[0] + across / (1 + w[0]))])

    def divided(self, z: Array) -> Array:
        """y [entry + 2] with lambda o y = z."""
        a, rest = self.point[0], self.point[1:]
        determinant = _length(self.point) ** 2
        first = (a * z[0] - rest @ z[1:]) / determinant
        return np.concatenate([[first], (z[1:] - first * rest) / a])


def product(y: Array, z: Array) -> Array:
    """y o z = (y'z, y0 z1 + z0 y1)   [entry + 2]."""
    return np.concatenate([[y @ z], y[0] * z[1:] + z[0] * y[1:]])


def mirrored(v: Array) -> Array:
    """J v [entry + 2]."""
    return np.concatenate([v[:1], -v[1:]])


def longest(u: Array, step: Array) -> float:
    """The most of a step [entry + 2] that stays in the cone, from u inside it."""
    a = step[0] ** 2 - step[1:] @ step[1:]
    b = u[0] * step[0] - u[1:] @ step[1:]
    c = _length(u) ** 2
    root = b * b - a * c
    ends = [-u[0] / step[0]] if step[0] < 0 else []
    if root >= 0:
        far = -b - np.copysign(np.sqrt(root), b)
        ends += [end for end in (far / a if a else np.inf, c / far if far else np.inf) if end > 0]
    return min(ends, default=np.inf)


def _length(u: Array) -> float:
    """sqrt(u' J u)."""
    norm = float(np.linalg.norm(u[1:]))
    return float(np.sqrt(max((u[0] - norm) * (u[0] + norm), np.finfo(float).tiny)))
