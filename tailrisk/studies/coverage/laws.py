"""Loss distributions whose VaR and ES are known, from light tails to those without a variance."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special, stats

CALM = 0.95
"""Share of calm days in the mixture; crisis days have four times the volatility."""


@dataclass(frozen=True)
class Law:
    """A loss distribution: name, kind, loss at upper probability u, and its true (VaR, ES) at share p."""

    name: str
    kind: str
    loss: Callable[[Any], Any]
    truth: Callable[[float], tuple[float, float]]


def student(nu: float, kind: str) -> Law:
    def truth(p: float) -> tuple[float, float]:
        v = float(stats.t.isf(p, nu))
        return v, float(stats.t.pdf(v, nu) * (nu + v * v) / ((nu - 1) * p))

    return Law(f"Student t {nu:g}", kind, lambda u: -special.stdtrit(nu, u), truth)


def pareto(index: float, kind: str) -> Law:
    def truth(p: float) -> tuple[float, float]:
        return p ** (-1 / index), p ** (-1 / index) * index / (index - 1)

    return Law(f"Pareto {index:g}", kind, lambda u: u ** (-1 / index), truth)


def mixture() -> Law:
    """Normal with volatility 1 in calm, 4 in crisis; its quantiles by interpolation of a fine table."""
    parts = ((CALM, 1.0), (1 - CALM, 4.0))

    def beyond(v: Any) -> Any:
        return sum(w * special.ndtr(-v / s) for w, s in parts)

    table = np.linspace(40.0, -4.0, 400_001)
    logs = np.log(beyond(table))

    def truth(p: float) -> tuple[float, float]:
        v = float(optimize.brentq(lambda x: beyond(x) - p, 0, 40, xtol=1e-13))
        return v, sum(w * s * stats.norm.pdf(v / s) for w, s in parts) / p

    return Law("calm/crisis mixture", "mixture", lambda u: np.interp(np.log(u), logs, table), truth)


def normal() -> Law:
    return Law("normal", "light", lambda u: -special.ndtri(u), lambda p: _normal_truth(p))


def _normal_truth(p: float) -> tuple[float, float]:
    v = float(stats.norm.isf(p))
    return v, float(stats.norm.pdf(v) / p)


def exponential() -> Law:
    return Law("exponential", "light", lambda u: -np.log(u), lambda p: (-math.log(p), 1 - math.log(p)))


LAWS = (
    normal(),
    exponential(),
    student(5, "heavy"),
    student(4, "heavy"),
    student(3, "heavy"),
    pareto(3, "heavy"),
    mixture(),
    pareto(2, "no variance"),
    pareto(1.5, "no variance"),
)
