"""What is watched: thresholds of the rules in force, and guesses of those that are confidential."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from ..core.errors import InputError

SECOND = 1_000_000
"""Microseconds, the unit of every stamp in this room."""
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND


def _positive(place: str, value: float, *, least: float = 0.0, most: float = float("inf")) -> None:
    """Raises InputError for a threshold that no stream could be held to."""
    if not least < value <= most:
        allowed = f"above {least:g}" + (f", at most {most:g}" if most != float("inf") else "")
        raise InputError(place, f"{value:g}", allowed)


def _whole(place: str, value: int) -> None:
    """Raises InputError for what is no count of at least one."""
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise InputError(place, f"{value!r}", "a whole number of at least 1")


@dataclass(frozen=True)
class Clock:
    """What a stream's stamps may do.

    tolerance: seconds a row may come after one with a later stamp; jump: seconds by which a stamp that the
    next row takes back must stand out to be a jump of the clock; day_begins: hour at which a trading day
    begins (0 for stocks; 16 puts a futures night session into the day after, Friday's into Monday).
    """

    tolerance: float = 0.1
    jump: float = 60.0
    day_begins: int = 0

    def __post_init__(self) -> None:
        _positive("clock.tolerance", self.tolerance, least=-1e-9, most=3600)
        _positive("clock.jump", self.jump, most=86_400)
        if self.day_begins not in range(24):
            raise InputError("clock.day_begins", f"{self.day_begins!r}", "an hour from 0 to 23")


@dataclass(frozen=True)
class Stock:
    """High frequency in stocks: orders plus cancels in any one second, or in a day."""

    second: int = 300
    day: int = 20_000

    def __post_init__(self) -> None:
        _whole("stock.second", self.second)
        _whole("stock.day", self.day)


@dataclass(frozen=True)
class Futures:
    """High frequency in futures: so many times a day so many orders or cancels within one second."""

    orders: int = 10
    times: int = 10

    def __post_init__(self) -> None:
        _whole("futures.orders", self.orders)
        _whole("futures.times", self.times)


@dataclass(frozen=True)
class Burst:
    """Abnormal type 1: orders plus cancels within a second."""

    orders: int = 500

    def __post_init__(self) -> None:
        _whole("burst.orders", self.orders)


@dataclass(frozen=True)
class Cancels:
    """Abnormal type 2: orders cancelled within a second, so many times a day, and the day's cancel ratio."""

    times: int = 500
    ratio: float = 0.5

    def __post_init__(self) -> None:
        _whole("cancels.times", self.times)
        _positive("cancels.ratio", self.ratio, most=1)


@dataclass(frozen=True)
class Moves:
    """Abnormal type 3: minutes in which a stock moved the investor's way, and his part of its trading."""

    move: float = 0.01
    fraction: float = 0.2
    times: int = 3

    def __post_init__(self) -> None:
        _positive("moves.move", self.move, most=1)
        _positive("moves.fraction", self.fraction, most=1)
        _whole("moves.times", self.times)


@dataclass(frozen=True)
class Trades:
    """Abnormal type 4: a minute in which an index moved the investor's way, his amount and his part of it."""

    move: float = 0.005
    amount: float = 1e8
    fraction: float = 0.03

    def __post_init__(self) -> None:
        _positive("trades.move", self.move, most=1)
        _positive("trades.amount", self.amount)
        _positive("trades.fraction", self.fraction, most=1)


@dataclass(frozen=True)
class Rules:
    """The rules of one watch; one that is None is not watched.

    sweep: multiples of the thresholds at which the day's figures are counted again.
    """

    clock: Clock = field(default_factory=Clock)
    stock: Stock | None = field(default_factory=Stock)
    futures: Futures | None = None
    burst: Burst | None = field(default_factory=Burst)
    cancels: Cancels | None = field(default_factory=Cancels)
    moves: Moves | None = field(default_factory=Moves)
    trades: Trades | None = field(default_factory=Trades)
    sweep: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)

    def __post_init__(self) -> None:
        for multiple in self.sweep:
            _positive("sweep", multiple, most=1000)

    @property
    def lowest(self) -> float:
        """The smallest multiple of the sweep, or one."""
        return min(1.0, *self.sweep) if self.sweep else 1.0

    def watched(self) -> Iterator[str]:
        """Names of the rules that are watched."""
        names = [one.name for one in fields(self) if one.name not in ("clock", "sweep")]
        return (name for name in names if getattr(self, name) is not None)
