"""What each policy wants of a book: of cohorts in the crowd, and of the funds that live in its market."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.names import Names
from ...policies.books import hedge_with_im, ladder, shift, style_box, top_1800

Array = NDArray[np.float64]
POLICIES = {
    "tighten": "style bound tightened until active size is within 0.1",
    "top_1800": "nothing outside the top 1,800",
    "shift_500": "15 points of the book from the small buckets to CSI 500",
    "deleverage": "half of the book sold",
    "hedge_im": "the hedge in the future that falls most, and one for who has none",
}
BOUND = 0.1
"""Active size, a z-score (mechanism 5.8)."""
KEPT = 0.5


@dataclass(frozen=True)
class Books:
    """Books, a row each."""

    weights: Array  # [row, bucket]  of the stock book
    short: Array  # [row, future]  futures sold over stock book
    flat: Array  # [row, bucket]  the book without tilt; all zero where there is none


@dataclass(frozen=True)
class Wanted:
    """What a policy makes of them."""

    weights: Array  # [row, bucket]
    keep: Array  # [row]  of the book
    short: Array  # [row, future]
    rehedge: Array  # [row]  one where futures follow


def flat(benchmark: Array, short: Array, names: Names) -> Array:
    """Its benchmark, or the indices of its hedge [row, bucket]."""
    hedged = np.zeros_like(benchmark)
    for future, bucket in enumerate(names.underlying):
        hedged[:, bucket] += short[:, future]
    hedged /= np.maximum(hedged.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(np.where(benchmark.any(axis=1, keepdims=True), benchmark, hedged))


def wanted(kind: str, books: Books, names: Names) -> Wanted:
    """The books that a policy wants.

    InputError: a policy that is none, a market without the roles it needs, a book it has no answer to.
    """
    if kind not in POLICIES:
        raise InputError("--policy", repr(kind), ", ".join(POLICIES))
    it, rows = ladder(names), len(books.weights)
    weights, short = books.weights, books.short
    keep, rehedge = np.ones(rows), np.zeros(rows)
    if kind == "tighten":
        if not books.flat.any(axis=1).all():
            raise InputError("--policy", f"{kind} of a book without benchmark or hedge", "another policy")
        weights = style_box(weights, books.flat, BOUND, it)
    elif kind == "top_1800":
        if not weights[:, ~it.small.astype(bool)].any(axis=1).all():
            raise InputError("--policy", f"{kind} of a book of small stocks alone", "another policy")
        weights = top_1800(weights, it)
    elif kind == "shift_500":
        weights = shift(weights, it=it)
    elif kind == "deleverage":
        keep, rehedge = np.full(rows, KEPT), (short.sum(axis=1) > 0).astype(float)
    else:
        short, rehedge = hedge_with_im(weights, short, it), np.ones(rows)
    return Wanted(weights, keep, short, rehedge)
