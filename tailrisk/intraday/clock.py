"""The trading day: sessions of Shanghai and Shenzhen, and how a day's volume falls over its seconds."""

from datetime import time
from math import exp
from typing import Any

import numpy as np

from ..core.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]
SESSIONS = ((time(9, 30), time(11, 30)), (time(13, 0), time(15, 0)))
"""Continuous trading and the closing auction; the opening auction's trades are the first second's."""
SECONDS = 14_400
"""Trading seconds of a day."""
OPEN_SECONDS, CLOSE_SECONDS, CLOSE_EXCESS = 120.0, 600.0, 1.0
"""How fast the opening's volume fades and the close's builds (s), and the close's over the middle's (L)."""


def second(clock: str) -> int:
    """Trading second, 0 to 14,399, of a clock time "HH:MM:SS".

    InputError: no clock time, or one outside the sessions.
    """
    try:
        at = time.fromisoformat(clock)
    except ValueError:
        raise InputError("time", repr(clock), "HH:MM:SS, such as 09:30:42") from None
    before = 0
    for start, end in SESSIONS:
        length = _since_midnight(end) - _since_midnight(start)
        if start <= at < end:
            return before + _since_midnight(at) - _since_midnight(start)
        before += length
    raise InputError("time", repr(clock), "09:30:00 to 11:29:59 or 13:00:00 to 14:59:59")


def volume_curve(slices: int = SECONDS, first_minute: float = 0.051) -> Array:
    """Fraction of a day's volume in each slice [slice]; sums to one.

    v(t) = 1 + a exp(-t / 120) + exp(-(T - t) / 600), a such that the first minute has `first_minute` of the
    day: 5.1 % in Shanghai and 6.3 % in Shenzhen on 19 February 2024 (mechanism 4.7).
    InputError: slices outside 1 to 14,400, a first minute that no such curve has.
    """
    if not 1 <= slices <= SECONDS:
        raise InputError("slices", str(slices), f"1 to {SECONDS}")
    rest_minute, rest_day = _without_opening(60.0), _without_opening(float(SECONDS))
    opening_minute, opening_day = _opening(60.0), _opening(float(SECONDS))
    low, high = rest_minute / rest_day, opening_minute / opening_day
    if not low <= first_minute < high:
        raise InputError(
            "first_minute", f"{first_minute:g}", f"a fraction from {low:.4f} to below {high:.3f}"
        )
    extra = (first_minute * rest_day - rest_minute) / (opening_minute - first_minute * opening_day)
    ends = np.linspace(0.0, SECONDS, slices + 1)
    total = np.array([_without_opening(t) + extra * _opening(t) for t in ends])
    return np.diff(total) / total[-1]


def _since_midnight(at: time) -> int:
    return 3600 * at.hour + 60 * at.minute + at.second


def _without_opening(t: float) -> float:
    close = exp((t - SECONDS) / CLOSE_SECONDS) - exp(-SECONDS / CLOSE_SECONDS)
    return t + CLOSE_EXCESS * CLOSE_SECONDS * close


def _opening(t: float) -> float:
    return OPEN_SECONDS * (1.0 - exp(-t / OPEN_SECONDS))
