"""An estimate with its interval, printed with as many digits as the interval supports."""

import math
from collections.abc import Callable
from dataclasses import dataclass

MINUS = "−"
FINEST = 8
"""Most decimal places ever printed."""


@dataclass(frozen=True)
class Estimate:
    """A number known to lie between `low` and `high` at the confidence of the run."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """h = (high - low) / 2, infinite where an end is open"""
        return (self.high - self.low) / 2

    def scaled(self, factor: float) -> "Estimate":
        """The same estimate in another unit (100 for per cent); factor is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def text(self, most: int = FINEST) -> str:
        """The estimate alone: `12.3`."""
        return number(self.value, self.place(most))

    def interval(self, most: int = FINEST) -> str:
        """Its interval: `11.9 to 12.7`."""
        place = self.place(most)
        return f"{number(self.low, place)} to {number(self.high, place)}"

    def margin(self, most: int = FINEST) -> str:
        """Half the width of its interval: `0.4`."""
        return number(self.half_width, self.place(most))

    def place(self, most: int = FINEST) -> int:
        """Decimal places its error supports, at most `most`; negative where tens are uncertain.

        The error is the narrower side of the interval: a skewed one keeps its short end apart from zero.
        """
        sides = [abs(self.value - end) for end in (self.low, self.high)]
        return min(places(min((side for side in sides if 0 < side < math.inf), default=0.0)), most)


def places(error: float) -> int:
    """Decimal places at which `error` keeps two figures (Guide to uncertainty in measurement, 7.2.6).

    Where the error is zero or not finite every place is supported: the caller's cap decides.
    """
    if not math.isfinite(error) or error <= 0:
        return FINEST
    return min(1 - math.floor(math.log10(error)), FINEST)


def number(value: float, place: int) -> str:
    """`value` to `place` decimals with separated thousands and a true minus sign: `−1,234.5`."""
    if not math.isfinite(value):
        return "not defined" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    text = f"{round(value, place):,.{max(place, 0)}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def at_most(bound: float) -> str:
    """An upper bound to two figures, rounded up so that it stays a bound."""
    return _bound(bound, math.ceil)


def at_least(bound: float) -> str:
    """A lower bound to two figures, rounded down so that it stays a bound."""
    return _bound(bound, math.floor)


def _bound(bound: float, towards: Callable[[float], int]) -> str:
    if not math.isfinite(bound) or bound == 0:
        return number(bound, 0)
    place = 1 - math.floor(math.log10(abs(bound)))
    unit = 10.0**-place
    nearest = round(bound / unit, 9)  # 0.0018 / 1e-4 is 18.000000000000004: not 19
    return number(towards(nearest) * unit, place)
