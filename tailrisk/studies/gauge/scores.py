"""How good probabilities are: Brier score and skill, area under the ROC curve, reliability.

Every figure takes a weight a row; intervals draw blocks (simulated years, or real ones) with replacement,
since the weeks of a year are one story.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Figure = Callable[[Array], float]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure and its bounds; nan where it is not known."""

    estimate: float
    low: float
    high: float


def skill(chance: Array, came: Array, base: float) -> Figure:
    """1 - sum w (p - y)^2 / sum w (base - y)^2: one is perfect, zero the base rate (Brier, 1950).

    chance and came [row]; the figure takes weights [row].

    >>> skill(np.array([1.0, 0.0]), np.array([1, 0]), 0.5)(np.ones(2))
    1.0
    """
    own, flat = (chance - came) ** 2, (base - came) ** 2
    return lambda weight: float(1 - (weight @ own) / (weight @ flat))


def brier(chance: Array, came: Array) -> Figure:
    """sum w (p - y)^2 / sum w. chance and came [row]; the figure takes weights [row]."""
    own = (chance - came) ** 2
    return lambda weight: float(weight @ own / weight.sum())


def area(score: Array, came: Array) -> Figure:
    """P(score of a row with a rout > that of one without) + half of ties; nan without both kinds.

    The area under the ROC curve, Hanley & McNeil (1982). score, came [row]; the figure takes weights [row].

    >>> area(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))(np.ones(4))
    0.75
    """
    _, place = np.unique(score, return_inverse=True)
    hit = came.astype(np.float64)

    def figure(weight: Array) -> float:
        many, few = np.bincount(place, weight * hit), np.bincount(place, weight * (1 - hit))
        if not many.sum() or not few.sum():
            return float("nan")
        below = np.cumsum(few) - few / 2
        return float(many @ below / (many.sum() * few.sum()))

    return figure


def by_block(figure: Figure, block: Array, *, draws: int, seed: int) -> Interval:
    """A figure of all rows and its percentile interval over blocks drawn with replacement.

    block [row] is the block of each row; a draw in which the figure is not known is left out.
    """
    _, place = np.unique(block, return_inverse=True)
    blocks = int(place.max()) + 1
    rng = np.random.default_rng(seed)
    found = [
        figure(np.bincount(rng.integers(0, blocks, blocks), minlength=blocks)[place].astype(np.float64))
        for _ in range(draws)
    ]
    tail = (1 - CONFIDENCE) / 2
    known = np.array(found)[np.isfinite(found)]
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
    return Interval(figure(np.ones(len(place))), float(low), float(high))


def reliability(
    chance: Array, came: Array, block: Array, *, bins: int = 10, draws: int, seed: int
) -> list[tuple[float, Interval]]:
    """(mean chance, part that came with its interval over blocks) in bins of as many rows, lowest first."""
    parts = np.array_split(np.argsort(chance, kind="stable"), bins)
    return [
        (float(chance[own].mean()), by_block(_rate(came[own]), block[own], draws=draws, seed=seed))
        for own in parts
        if len(own)
    ]


def _rate(came: Array) -> Figure:
    return lambda weight: float(weight @ came / weight.sum())
