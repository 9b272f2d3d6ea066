"""The notes outstanding at each barrier, made into the arrays of a run: the one use of the pricer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import jax.numpy as jnp
import numpy as np

from ..core import InputError
from ..core.arrays import placed
from ..core.calendar import YEAR
from .autocall import Market, Note, observations, price
from .snowball import ALIVE, BINS, KNOCKED_IN, Params
from .snowball_curve import CAP, Curve, fit

FIT = 0.4
"""Largest error of a delta that is accepted, over the lives in use. The usual note has 0.03 with two months
left or more, 0.35 in its last week."""


@dataclass(frozen=True, kw_only=True)
class Book:
    """Notes on one index, by barrier; `barrier` and `level` in the same unit, index points for instance."""

    level: float  # the index at the start of the run; a run that starts elsewhere on the ladder rescales here
    notional: float  # billions of yuan in all
    barrier: Sequence[float]  # [bin]
    weight: Sequence[float]  # [bin]  proportional to notional
    months: Sequence[float]  # [bin]  to maturity at the start of the run


@dataclass(frozen=True, kw_only=True)
class Hedge:
    """How desks hedge, as in `snowball.Params`; limit in billions a round for each book."""

    cap: float
    jump: float
    pretrade: float
    shift: float
    limit: Sequence[float]


def prepare(
    note: Note, market: Market, books: Sequence[Book], hedge: Hedge, days: int, dtype: type = np.float64
) -> Params:
    """Parameters of a run of `days` trading days; prices the note and fits its deltas, a second or so.

    Without books there are no rows. Raises InputError where a book, the cap or the fit cannot be used.
    """
    if not books:
        return _nobody(hedge, days, dtype)
    _check(note, books, hedge)
    left = np.stack([_left(note, book) for book in books])  # [book, bin]  trading days to maturity
    barrier = np.stack([np.asarray(book.barrier, float) / book.level for book in books])
    strike = barrier / note.knock_in
    curve = _curve(note, market)
    row = np.maximum(left - np.arange(days)[:, None, None], 1) - 1  # [day, book, bin]
    worst = max(curve.alive_error[row].max(), curve.knocked_in_error[row].max())
    if worst > FIT:
        raise InputError("snowball", f"deltas fitted only to {worst:.2f}", f"{FIT}", "longer lives")
    arrays = {
        "notional": np.stack([book.notional * _share(book) for book in books]),
        "barrier": barrier,
        "strike": strike,
        "knock_out": _knock_out(note, strike, left, days),
        "alive": curve.alive[row],
        "knocked_in": curve.knocked_in[row],
    } | {name: getattr(hedge, name) for name in ("cap", "jump", "pretrade", "shift", "limit")}
    return Params(**{name: placed(np.asarray(value, np.float64), dtype) for name, value in arrays.items()})


@lru_cache(maxsize=8)
def _curve(note: Note, market: Market) -> Curve:
    """Priced once, for however many worlds differ in something else."""
    return fit(note, price(note, market))


def _nobody(hedge: Hedge, days: int, dtype: type) -> Params:
    """No notes outstanding: arrays of no books and one bin."""
    none = jnp.zeros((0, 1), dtype)
    daily = jnp.zeros((days, 0, 1), dtype)
    return Params(
        notional=none,
        barrier=none,
        strike=none,
        knock_out=daily,
        alive=jnp.zeros((days, 0, 1, ALIVE.terms), dtype),
        knocked_in=jnp.zeros((days, 0, 1, KNOCKED_IN.terms), dtype),
        limit=jnp.zeros(0, dtype),
        **{name: jnp.asarray(getattr(hedge, name), dtype) for name in ("cap", "jump", "pretrade", "shift")},
    )


def _left(note: Note, book: Book) -> np.ndarray:
    return np.rint(np.asarray(book.months, float) * YEAR / 12).astype(int)


def _share(book: Book) -> np.ndarray:
    weight = np.asarray(book.weight, float)
    return weight / weight.sum()


def _knock_out(note: Note, strike: np.ndarray, left: np.ndarray, days: int) -> np.ndarray:
    """Level that ends each bin at each day's close: its own monthly dates, and any level at maturity."""
    remaining = left - 1 - np.arange(days)[:, None, None]
    dates = round(note.months * YEAR / 12) - observations(note)
    level = np.where(np.isin(remaining, dates), note.knock_out * strike, np.inf)
    return np.where(remaining == 0, 0.0, level)


def _check(note: Note, books: Sequence[Book], hedge: Hedge) -> None:
    bins = len(books[0].barrier)
    for i, book in enumerate(books):
        place = f"snowball.book.{i}"
        if not len(book.barrier) == len(book.weight) == len(book.months) == bins <= BINS:
            raise InputError(place, "lists of different lengths", f"equal, at most {BINS} bins in every book")
        if not (min(book.barrier) > 0 and min(book.weight) >= 0 and sum(book.weight) > 0 and book.level > 0):
            raise InputError(place, "a barrier, a weight or the level is out of range", "positive")
        if not (min(book.months) > 0 and max(book.months) <= note.months):
            raise InputError(place, f"months {list(book.months)}", f"above 0, at most {note.months}")
    if not 0 < hedge.cap <= CAP:
        raise InputError("snowball.hedge.cap", f"{hedge.cap}", f"above 0, at most {CAP}")
    if not hedge.shift > 0:
        raise InputError("snowball.hedge.shift", f"{hedge.shift}", "above 0")
