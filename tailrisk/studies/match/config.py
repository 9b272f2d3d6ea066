"""The file of an episode: what `tailrisk match` replays, and how far a replay may be from it."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ...config.load import found, read
from ...config.model import Day, Future, Model, Problem, refuse

Error = Annotated[float, Field(gt=0, le=1)]
Free = Literal["csi500", "csi1000", "csi2000", "micro"]


class Span(Model):
    """From one day to another, both among them."""

    start: Day = Field(alias="from")
    end: Day = Field(alias="to")

    def holds(self, days: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Whether each of the days [day] is in the span [day]."""
        return (days >= self.start) & (days <= self.end)


class Errors(Model):
    """Standard deviations of what such a model may miss, besides noise of the data."""

    returns: dict[Free, Error] = Field(description="of a day's return in the event, every bucket but CSI 300")
    wider: float = Field(ge=1, le=100, description="as many times, on other days")
    drift: dict[Free, Error] = Field(description="of the sum of returns after the event; left out: no target")
    basis: Error


class Terms(Model):
    """The days of an episode, and the errors allowed."""

    first: Day = Field(description="of the record")
    free: Day = Field(description="from here the crowd makes every index but CSI 300")
    event: Span
    rescue: Day = Field(description="crisis regime before it, recovery from it on")
    last: Day
    refused: Span = Field(description="days of window guidance on sales")
    basis: Span = Field(description="days on which the basis is a target")
    contracts: dict[Annotated[str, Field(pattern=r"^I[FCM]\d{4}$")], Future] = Field(min_length=1)
    error: Errors

    @model_validator(mode="after")
    def _fits_together(self) -> "Terms":
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
        missing = sorted(set(get_args(Free)) - set(self.error.returns))
        if missing:
            problems.append(Problem("error.returns", f"no {', '.join(missing)}", "every bucket but CSI 300"))
        refuse(problems)
        return self


def read_terms(name: str | Path) -> Terms:
    """The terms in a file, or in the library's of that name. Raises InputError listing every problem."""
    return read(Terms, found(name))
