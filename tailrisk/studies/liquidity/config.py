"""What getting out is done under: deadline, slices, costs, rules, hedge, and the paths it is judged on."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...config.load import load, located, read
from ...config.model import EACH_BUCKET, Bucket, Future, Model, Problem, refuse
from ...config.report import LanguageBlock

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]


class Paths(Model):
    """Where the market's days come from, and from which of them a book begins to be sold."""

    config: str = Field(min_length=1, description="a config with a crowd")
    overrides: Annotated[tuple[str, ...], Field(strict=False, max_length=20)] = ()
    paths: int = Field(default=8192, ge=256, le=1_000_000)
    scenarios: int = Field(default=1000, ge=50, le=20_000, description="of them the schedule is made on")
    begin: Literal["first day", "after a day of limits"] = "first day"
    watched: Bucket = Field(default="csi2000", description="whose limits make that day")
    limits: Annotated[tuple[Fraction, Fraction], Field(strict=False)] = (0.25, 0.45)
    window: int = Field(default=60, ge=5, le=240, description="days a sale is followed")


class Costs(Model):
    """What a sale costs, per yuan: Y sigma sqrt(sold / volume of the slice), half a spread, stamp duty."""

    strength: Annotated[float, Field(ge=0, le=10)] = 1.0
    half_spread: Annotated[float, Field(ge=0, le=0.05)] = 0.0005
    stamp: Annotated[float, Field(ge=0, le=0.05)] = 0.0005
    linear: Annotated[float, Field(ge=0, le=10)] = 0.0
    passing: Fraction = 0.33
    half_life: Positive = Field(default=0.5, description="days, of the part of `linear` that passes")
    unsold: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="given up on what is unsold at the deadline, as in a block"
    )


class Rules(Model):
    """What one may sell when."""

    participation: Annotated[float, Field(gt=0, le=1)] = 0.1
    locked: Fraction = Field(default=0.0, description="of the book, bought today: T+1")
    restricted: bool = Field(default=False, description="no selling in the first and last half hour")
    refused: Annotated[float, Field(ge=0, le=0.99)] = Field(
        default=0.0, description="of every sale, by window guidance"
    )
    at_limit: Fraction = Field(default=0.2, description="of an order in a stock at its limit that trades")
    orders_per_second: int = Field(default=299, ge=1, le=1_000_000)
    child: Positive = Field(default=30_000.0, description="yuan of an order")
    orders_per_day: int = Field(default=19_999, ge=1, le=10**9)
    accounts: int = Field(default=400, ge=1, le=1_000_000)


class Hedge(Model):
    """Futures sold against what is still held, bought back as it is sold."""

    ratio: Annotated[float, Field(ge=0, le=2)] = 0.0
    future: Future = "IM"
    cost: Annotated[float, Field(ge=0, le=0.05)] = 0.00005


class Terms(Model):
    """One study's terms; results go to results/<name>."""

    name: str = Field(default="liquidity", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    deadline: int = Field(default=20, ge=1, le=60, description="trading days")
    slices: Literal[1, 2, 4, 8] = Field(default=4, description="a day")
    level: Annotated[float, Field(ge=0.5, lt=1)] = 0.975
    aversion: Annotated[float, Field(ge=0, le=100)] = 1.0
    volume: Annotated[dict[Bucket, Positive], EACH_BUCKET] = Field(description="billions of yuan a day")
    volatility: Annotated[dict[Bucket, Annotated[float, Field(gt=0, le=0.5)]], EACH_BUCKET]
    first_minute: Annotated[float, Field(gt=0.005, lt=0.2)] = 0.051
    large: Annotated[tuple[Bucket, ...], Field(strict=False)] = ()
    paths: Paths
    costs: Costs = Costs()
    rules: Rules = Rules()
    hedge: Hedge = Hedge()
    report: LanguageBlock = LanguageBlock()

    @model_validator(mode="after")
    def _fits(self) -> "Terms":
        if self.paths.window < self.deadline:
            problem = f"{self.paths.window} is before the deadline, {self.deadline}"
            refuse([Problem("paths.window", problem, f"{self.deadline} or more")])
        if self.paths.limits[0] >= self.paths.limits[1]:
            refuse([Problem("paths.limits", str(list(self.paths.limits)), "a lower and a higher fraction")])
        return self


def load_terms(path: str | Path) -> Terms:
    """Read terms, or the library's of that name. Raises InputError listing every problem."""
    terms = read(Terms, located(path))
    return read(Terms, located(path), load(terms.paths.config).names)
