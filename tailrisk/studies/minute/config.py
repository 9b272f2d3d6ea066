"""What a minute's study says: venues, laws with ranges, flows, sellers, and the halt that followed."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from ...config.load import located, read
from ...config.model import Model, Problem, refuse
from ...config.report import LanguageBlock

Positive = Annotated[float, Field(gt=0, le=1e6)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Some = Field(strict=False, min_length=1, max_length=12)
Name = Annotated[str, Field(min_length=1, max_length=60)]


class Venue(Model):
    """One index, its minute, and the order in it; billions of yuan."""

    label: Name
    sold: Positive
    seconds: int = Field(ge=1, le=60, description="the order was sold evenly over so many seconds")
    turnover: Positive = Field(description="of the minute")
    day_turnover: Positive
    previous_close: Positive
    before: Positive
    after: Positive
    volatility: Annotated[tuple[Annotated[float, Field(gt=0, le=0.2)], ...], Some]

    @property
    def fall(self) -> float:
        """Of the index within the minute, a positive fraction."""
        return 1.0 - self.after / self.before

    @property
    def gap(self) -> float:
        """Of the open over the last close."""
        return self.before / self.previous_close - 1.0

    @model_validator(mode="after")
    def _fits(self) -> "Venue":
        problems = []
        if self.after >= self.before:
            problems.append(Problem("after", f"{self.after:g}", f"below before, {self.before:g}: a fall"))
        if self.sold >= self.turnover:
            problems.append(Problem("sold", f"{self.sold:g}", f"below turnover, {self.turnover:g}"))
        if self.turnover > self.day_turnover:
            problems.append(Problem("turnover", f"{self.turnover:g}", "at most day_turnover"))
        refuse(problems)
        return self


class Law(Model):
    """I = strength (sigma) sgn(J) |J|^exponent, over ranges of both."""

    exponents: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Some]
    strength: Annotated[tuple[Positive, ...], Some]
    of_volatility: bool = True


class Flow(Model):
    """What is not known of the minute, as ranges."""

    imbalance: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Some]
    give_back: Annotated[tuple[Annotated[float, Field(ge=0, lt=1)], ...], Some]
    half_life: Annotated[tuple[Positive, ...], Some]
    passing: Fraction


class Halt(Model):
    """Days without trading, and the paths they are judged on."""

    config: str = Field(min_length=1)
    overrides: Annotated[tuple[str, ...], Field(strict=False, max_length=20)] = ()
    days: int = Field(ge=1, le=60)
    exit_days: int = Field(ge=1, le=60)
    paths: int = Field(ge=100, le=1_000_000)
    level: float = Field(ge=0.5, lt=1)
    books: Annotated[tuple[str, ...], Some]
    realised: Annotated[
        tuple[Annotated[tuple[float, ...], Field(strict=False)], ...], Field(strict=False, max_length=60)
    ] = ()


class Minute(Model):
    """One study; results go to results/<name>."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    question: str = Field(min_length=1, max_length=300)
    seller: Name = Field(description="whose orders are in question")
    seed: int = Field(default=0, ge=0, lt=2**63)
    bought: float = Field(ge=0, le=1e6, description="billions, by the same accounts over the rest of the day")
    smoothing: Annotated[tuple[Annotated[int, Field(ge=1, le=240)], ...], Some]
    reaction: Annotated[tuple[Annotated[float, Field(ge=-1, lt=1)], ...], Some]
    venues: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")], Venue] = Field(min_length=1)
    laws: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")], Law] = Field(min_length=1)
    flow: Flow
    sellers: dict[Name, Annotated[float, Field(gt=0, le=1)]] = Field(min_length=1, max_length=9)
    halt: Halt | None = None
    report: LanguageBlock = LanguageBlock()

    @model_validator(mode="after")
    def _fits(self) -> "Minute":
        problems = []
        if self.seller in self.sellers:
            problems.append(Problem("seller", repr(self.seller), "a name that is none of sellers"))
        total = sum(self.sellers.values())
        if abs(total - 1) > 1e-6:
            problems.append(Problem("sellers", f"they sum to {total:g}", "fractions that sum to one"))
        for name, venue in self.venues.items():
            least = venue.sold / venue.turnover
            if min(self.flow.imbalance) < least:
                problem = f"{min(self.flow.imbalance):g} is less than {name}'s order alone"
                problems.append(Problem("flow.imbalance", problem, f"{least:.4f} or more"))
        refuse(problems)
        return self


def load_minute(path: str | Path) -> Minute:
    """Read a minute's config, or the library's of that name. Raises InputError listing every problem."""
    return read(Minute, located(path))
