"""What a watch says: the rules that are watched and their thresholds."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ...config.load import located, read
from ...config.model import Model
from ...config.report import LanguageBlock
from ...surveillance import rules

Positive = Annotated[float, Field(gt=0, le=1)]
Many = Annotated[int, Field(ge=1, le=10**9)]


class Clock(Model):
    """What the stamps of a stream may do."""

    tolerance: float = Field(default=0.1, ge=0, le=3600, description="seconds a row may be late in the file")
    jump: float = Field(
        default=60.0, gt=0, le=86_400, description="seconds of a jump the next row takes back"
    )
    day_begins: int = Field(default=0, ge=0, le=23, description="hour at which a trading day begins")


class Stock(Model):
    """High frequency in stocks."""

    second: Many = Field(default=300, description="orders plus cancels in any one second")
    day: Many = Field(default=20_000, description="orders plus cancels in a day")


class Futures(Model):
    """High frequency in futures, accounts under common control as one."""

    orders: Many = Field(default=10, description="orders or cancels within one second")
    times: Many = Field(default=10, description="seconds a day that hold so many")


class Burst(Model):
    """Abnormal type 1."""

    orders: Many = Field(default=500, description="orders plus cancels within a second; a guess")


class Cancels(Model):
    """Abnormal type 2."""

    times: Many = Field(default=500, description="orders a day cancelled within a second; a guess")
    ratio: Positive = Field(default=0.5, description="the day's cancels over its orders; a guess")


class Moves(Model):
    """Abnormal type 3."""

    move: Positive = Field(default=0.01, description="of a stock in a minute; a guess")
    fraction: Positive = Field(default=0.2, description="of the stock's trading in that minute; a guess")
    times: Many = Field(default=3, description="such minutes a day; a guess")


class Trades(Model):
    """Abnormal type 4."""

    move: Positive = Field(default=0.005, description="of an index in a minute; a guess")
    amount: float = Field(default=1e8, gt=0, le=1e13, description="yuan traded in that minute; a guess")
    fraction: Positive = Field(default=0.03, description="of all trading on the exchange; a guess")


class Watch(Model):
    """The file: a table for each rule that is watched."""

    question: str = Field(
        default="Which accounts breach the order rates or trade abnormally?", min_length=1, max_length=300
    )
    sweep: Annotated[tuple[Annotated[float, Field(gt=0, le=1000)], ...], Field(strict=False)] = (
        0.25,
        0.5,
        1.0,
        2.0,
        4.0,
    )
    clock: Clock = Clock()
    report: LanguageBlock = LanguageBlock()
    stock: Stock | None = None
    futures: Futures | None = None
    burst: Burst | None = None
    cancels: Cancels | None = None
    moves: Moves | None = None
    trades: Trades | None = None

    @property
    def rules(self) -> rules.Rules:
        """The thresholds as the monitor takes them."""
        return rules.Rules(
            clock=rules.Clock(**self.clock.model_dump()),
            stock=rules.Stock(**self.stock.model_dump()) if self.stock else None,
            futures=rules.Futures(**self.futures.model_dump()) if self.futures else None,
            burst=rules.Burst(**self.burst.model_dump()) if self.burst else None,
            cancels=rules.Cancels(**self.cancels.model_dump()) if self.cancels else None,
            moves=rules.Moves(**self.moves.model_dump()) if self.moves else None,
            trades=rules.Trades(**self.trades.model_dump()) if self.trades else None,
            sweep=self.sweep,
        )


def read_rules(name: str | Path = "watch.toml") -> Watch:
    """The rules in a file, or in the library's of that name. Raises InputError listing every problem."""
    return read(Watch, located(name))
