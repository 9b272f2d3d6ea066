"""A snowball note: what it is worth, and its delta, before and after knock-in, for every day of its life."""

from dataclasses import dataclass

import numpy as np

from ..core import InputError
from ..core.calendar import YEAR

CELLS = 8
"""Grid cells in one standard deviation of the daily log return; doubling them moves no delta by 0.001."""
REACH = 7.0
"""Standard deviations of the daily log return that the kernel covers."""
SPAN = (0.25, 2.2)
"""Spot over strike on the grid, four and a half yearly deviations below a 75 % barrier."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """Terms; levels are fractions of the strike, the index at issue.

    A close at or below `knock_in` knocks the note in. On a monthly date, from month `lock_months` on, a
    close at or above `knock_out` ends it at 1 + coupon_annual * months / 12 so far. At maturity it pays the
    full coupon if it never knocked in, else min(S, 1).
    """

    months: int
    lock_months: int
    knock_out: float
    knock_in: float
    coupon_annual: float


@dataclass(frozen=True, kw_only=True)
class Market:
    """Constant annual volatility, interest rate and yield of the hedge (dividends plus futures discount)."""

    volatility_annual: float
    rate_annual: float
    yield_annual: float


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Values per unit of notional, `left` trading days before maturity, after that day's close and tests."""

    spot: np.ndarray  # [spot]  over the strike
    alive: np.ndarray  # [left, spot]  not knocked in; row 0 is one day before maturity
    knocked_in: np.ndarray  # [left, spot]


def observations(note: Note) -> np.ndarray:
    """Trading days from issue to each monthly knock-out date, maturity the last of them."""
    months = np.arange(note.lock_months, note.months + 1)
    return np.rint(months * YEAR / 12).astype(int)


def price(note: Note, market: Market, cells: int = CELLS) -> Surface:
    """Values of the note on every day of its life, per notional.

        V(t, x) = exp(-r dt) E[ V(t + dt, x + mu + sigma sqrt(dt) Z) ],   x = log spot, dt = 1/242,

    Between two closes no term of the note acts, so the Black-Scholes equation is solved exactly by its
    Gaussian kernel, summed on a grid: no error in time, and O(dx^2) in space because both barriers lie midway
    between nodes. Quadrature at the observation dates: Andricopoulos, Widdicks, Duck and Newton (2003).
    InputError: barriers out of order, a lock beyond the life, a volatility that is not positive.
    """
    _check(note, market)
    spot, kernel, edge = _grid(note, market, cells)
    dates = {int(day): note.lock_months + i for i, day in enumerate(observations(note))}
    discount = np.exp(-market.rate_annual / YEAR)
    knocked_in = np.minimum(spot, 1.0)
    alive = np.full_like(spot, 1 + note.coupon_annual * note.months / 12)
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    for day in range(max(dates), 0, -1):
        if day in dates:
            ended = 1 + note.coupon_annual * dates[day] / 12
            alive = np.where(spot >= note.knock_out, ended, alive)
            knocked_in = np.where(spot >= note.knock_out, ended, knocked_in)
        alive = np.where(spot <= note.knock_in, knocked_in, alive)
        alive, knocked_in = (discount * _expected(v, kernel, edge) for v in (alive, knocked_in))
        rows.append((alive, knocked_in))
    return Surface(spot=spot, alive=np.stack([a for a, _ in rows]), knocked_in=np.stack([b for _, b in rows]))


def delta(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """dV/dS before and after knock-in, [left, spot]: index units held per unit of notional / strike.

    In money the hedge is notional * delta * (spot / strike): three quarters of delta at a 75 % barrier.
    """
    log_spot = np.log(surface.spot)
    slope = [np.gradient(v, log_spot, axis=1) for v in (surface.alive, surface.knocked_in)]
    return slope[0] / surface.spot, slope[1] / surface.spot


def _grid(note: Note, market: Market, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spot nodes with both barriers midway between two, the daily kernel, and the growth below the grid."""
    deviation = market.volatility_annual / YEAR**0.5
    between = np.log(note.knock_out / note.knock_in)
    width = between / np.ceil(between * cells / deviation)
    below = np.ceil(np.log(note.knock_in / SPAN[0]) / width)
    above = np.ceil(np.log(SPAN[1] / note.knock_in) / width)
    spot = note.knock_in * np.exp(width * (np.arange(-below, above + 1) + 0.5))
    taps = int(np.ceil(REACH * deviation / width))
    move = width * np.arange(-taps, taps + 1)
    drift = (market.rate_annual - market.yield_annual - market.volatility_annual**2 / 2) / YEAR
    kernel = np.exp(-0.5 * ((move - drift) / deviation) ** 2)
    return spot, kernel / kernel.sum(), np.exp(move[:taps])


def _expected(value: np.ndarray, kernel: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Kernel average; off the grid a note is worth its index below and is flat above."""
    padded = np.concatenate([value[0] * edge, value, np.full(edge.size, value[-1])])
    return np.convolve(padded, kernel[::-1], mode="valid")


def _check(note: Note, market: Market) -> None:
    if not 0 < note.knock_in < 1 <= note.knock_out:
        raise InputError(
            "snowball.terms",
            f"knock_in {note.knock_in}, knock_out {note.knock_out}",
            "0 < knock_in < 1 <= knock_out",
        )
    if not 1 <= note.lock_months <= note.months:
        raise InputError(
            "snowball.terms",
            f"lock_months {note.lock_months} of {note.months} months",
            "1 <= lock_months <= months",
        )
    if not market.volatility_annual > 0:
        raise InputError("snowball.pricing", f"volatility_annual {market.volatility_annual}", "above 0")
