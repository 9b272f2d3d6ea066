"""The dealer's delta as two short polynomials in spot over barrier, one pair for each day of a note's life.

A table looked up by path would be a gather; a polynomial is four products and takes its coefficients from the
day alone. The delta is first averaged over a month of remaining lives, because the notes at one barrier were
issued on different days and share no observation date.
"""

from dataclasses import dataclass

import numpy as np

from ..core.calendar import YEAR
from .autocall import Note, Surface, delta
from .snowball import ALIVE, KNOCKED_IN, Piece

CAP = 2.5
"""Above this delta before knock-in is not followed; a desk's cap may be anything up to it."""
NODES = 61
ROUNDS = 60
SHARPEN = 0.3
"""Fraction of its size by which a node's error raises the node's weight in a round of the fit."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Coefficients and largest error of each piece by trading days left to maturity; row 0 is one day."""

    alive: np.ndarray  # [left, term]  powers of spot / barrier - ALIVE.centre
    knocked_in: np.ndarray  # [left, term]
    alive_error: np.ndarray  # [left]  largest, of the capped delta
    knocked_in_error: np.ndarray  # [left]


def fit(note: Note, surface: Surface) -> Curve:
    """Both pieces for every remaining life, by the smallest largest error."""
    before, after = (_month_average(d) for d in delta(surface))
    alive = _piece(surface.spot / note.knock_in, before, ALIVE, CAP)
    knocked_in = _piece(surface.spot / note.knock_in, after, KNOCKED_IN, np.inf)
    return Curve(
        alive=alive[0], knocked_in=knocked_in[0], alive_error=alive[1], knocked_in_error=knocked_in[1]
    )


def _month_average(rows: np.ndarray) -> np.ndarray:
    """Mean over the remaining lives within half a month, fewer at the ends."""
    half = YEAR // 24
    total = np.concatenate([np.zeros_like(rows[:1]), np.cumsum(rows, axis=0)])
    left = np.arange(len(rows))
    low, high = np.maximum(left - half, 0), np.minimum(left + half + 1, len(rows))
    return (total[high] - total[low]) / (high - low)[:, None]


def _piece(
    moneyness: np.ndarray, rows: np.ndarray, piece: Piece, cap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients [left, term] and largest error [left] of the polynomial nearest to min(row, cap).

    Lawson's algorithm: weighted least squares, each node's weight raised by its error, all lives at once.
    Where the row exceeds the cap the polynomial may take any value above it. The error is read between nodes.
    """
    powers, goal = _nodes(moneyness, rows, piece, NODES)
    products = (powers[:, :, None] * powers[:, None, :]).reshape(NODES, -1)
    weight, wanted = np.ones_like(goal), np.minimum(goal, cap)
    best, smallest = np.zeros((len(rows), piece.terms)), np.full(len(rows), np.inf)
    for _ in range(ROUNDS):
        normal = (weight @ products).reshape(-1, piece.terms, piece.terms)
        solution = np.linalg.solve(normal, ((weight * wanted) @ powers)[:, :, None])[:, :, 0]
        value = solution @ powers.T
        error = _error(value, goal, cap)
        largest = error.max(axis=1)
        better = largest < smallest
        best[better], smallest[better] = solution[better], largest[better]
        wanted = np.where(goal < cap, goal, np.maximum(value, cap))
        weight = weight * (1 + SHARPEN * error / largest[:, None])
        weight /= weight.mean(axis=1, keepdims=True)
    powers, goal = _nodes(moneyness, rows, piece, 8 * NODES)
    return best / _scale(piece) ** np.arange(piece.terms), _error(best @ powers.T, goal, cap).max(axis=1)


def _nodes(
    moneyness: np.ndarray, rows: np.ndarray, piece: Piece, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Powers [node, term] of the distance from the centre over half the range, and the rows there."""
    nodes = np.linspace(piece.low, piece.high, count)
    goal = np.stack([np.interp(nodes, moneyness, row) for row in rows])
    return ((nodes[:, None] - piece.centre) / _scale(piece)) ** np.arange(piece.terms), goal


def _scale(piece: Piece) -> float:
    return (piece.high - piece.low) / 2


def _error(value: np.ndarray, goal: np.ndarray, cap: float) -> np.ndarray:
    return np.abs(np.minimum(value, cap) - np.minimum(goal, cap))
