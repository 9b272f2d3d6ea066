"""The file of an episode: what `tailrisk match` replays, and how far a replay may be from it."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, model_validator

from ...config.load import located, read
from ...config.model import Bucket, Day, Future, Model, Problem, refuse
from ...core.names import Names, home

Error = Annotated[float, Field(gt=0, le=1)]


class Span(Model):
    """From one day to another, both among them."""

    start: Day = Field(alias="from")
    end: Day = Field(alias="to")

    def holds(self, days: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Whether each of the days [day] is in the span [day]."""
        return (days >= self.start) & (days <= self.end)


class Errors(Model):
    """Standard deviations of what such a model may miss, besides noise of the data."""

    returns: dict[Bucket, Error] = Field(
        description="of a day's return in the event, every bucket but the large"
    )
    wider: float = Field(ge=1, le=100, description="as many times, on other days")
    drift: dict[Bucket, Error] = Field(
        description="of the sum of returns after the event; left out: no target"
    )
    basis: Error


class State(Model):
    """What the state bought over the episode: of some buckets each, of the others together."""

    bought: dict[Bucket, Annotated[float, Field(gt=0)]] = Field(
        description="billions of yuan, first day to last"
    )
    rest: float = Field(default=0.0, ge=0, description="of the other buckets with funds, together")
    funds: dict[Bucket, Annotated[tuple[str, ...], Field(strict=False, min_length=1)]] = Field(
        description="exchange-traded funds whose turnover stands for their bucket's"
    )

    @model_validator(mode="after")
    def _followed(self) -> "State":
        missing = [bucket for bucket in self.bought if bucket not in self.funds]
        others = [bucket for bucket in self.funds if bucket not in self.bought]
        problems = [Problem(f"bought.{b}", "no fund to see the days by", "one in funds") for b in missing]
        if bool(self.rest) != bool(others):
            found = f"{self.rest:g} with {', '.join(others) or 'no other bucket'} in funds"
            problems.append(Problem("rest", found, "above zero where other buckets have funds, else zero"))
        refuse(problems)
        return self


class Terms(Model):
    """The days of an episode, and the errors allowed."""

    first: Day = Field(description="of the record")
    free: Day = Field(description="from here the crowd makes every index but the large one")
    event: Span
    rescue: Day = Field(description="crisis regime before it, recovery from it on")
    last: Day
    refused: Span = Field(description="days of window guidance on sales")
    basis: Span = Field(description="days on which the basis is a target")
    contracts: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*\d{4}$")], Future] = Field(min_length=1)
    error: Errors
    state: State | None = Field(default=None, description="without, nobody bought on the state's account")

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> "Terms":
        order = {
            "first": self.first,
            "free": self.free,
            "event.from": self.event.start,
            "event.to": self.event.end,
            "last": self.last,
        }
        problems = []
        for before, after in pairwise(order):
            if order[after] < order[before]:
                problems.append(
                    Problem(after, order[after], f"{before}, which is {order[before]}, or a later day")
                )
        if not self.free <= self.rescue <= self.last:
            problems.append(Problem("rescue", self.rescue, f"a day from {self.free} to {self.last}"))
        refuse([*problems, *self._error_problems(info.context)])
        return self

    def _error_problems(self, names: object) -> list[Problem]:
        """Every bucket but the large one, which is given, has an error; and the large one has none."""
        if not isinstance(names, Names):
            return []
        large = names.played("large")
        missing = [b for b in names.buckets if b != large and b not in self.error.returns]
        problems = []
        if missing:
            problems.append(Problem("error.returns", f"no {', '.join(missing)}", f"every bucket but {large}"))
        for field, table in (("returns", self.error.returns), ("drift", self.error.drift)):
            if large in table:
                problems.append(Problem(f"error.{field}.{large}", "is given, not answered", "other buckets"))
        return problems


def read_terms(name: str | Path, names: Names | None = None) -> Terms:
    """The terms in a file, or in the library's of that name, by names of the market or of the home one.

    Raises InputError listing every problem.
    """
    return read(Terms, located(name), names or home())
