"""Which fitted market is simulated, from which regime it starts, and which spread events are counted."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tailrisk.core.names import HOME
from tailrisk.core.oddities import Oddity

from .model import Bucket, Model, Name, Problem, refuse


class Market(Model):
    """One model out of a calibrated file, and the state of the world on the first day."""

    file: str = Field(
        default=HOME,
        min_length=1,
        description="market file: names of buckets, futures, roles; relative to this one, else the library's",
    )
    calibrated: str = Field(
        default="calibrated/ladder_2023.toml",
        min_length=1,
        description="file written by `tailrisk calibrate`, relative to this one, else from the library",
    )
    process: Literal["regimes", "memory", "days"] = Field(
        default="memory",
        description="law of returns: regimes, independent days in each; memory of volatility and trends with "
        "regimes on what is left; or with whole days of your own history in their place",
    )
    residuals: str | None = Field(
        default=None,
        min_length=1,
        description='table that `tailrisk calibrate --residuals` wrote, needed for process = "days" only',
    )
    block: float = Field(
        default=10.0,
        ge=1,
        le=250,
        description="mean days of a stretch of history in a row, days only; 1 is singly",
    )
    states: int = Field(default=4, ge=1, le=4, description="regimes of the fitted model to use")
    shocks: Literal["student", "gaussian"] = Field(
        default="gaussian", description="shock family of the fitted model"
    )
    start: Literal["filtered", "stationary", "calm", "crisis"] = Field(
        default="filtered",
        description="regime of the first day: as on the last day of data, the long run, or one regime",
    )
    spread_drift: Literal["none", "fitted"] = Field(
        default="none",
        description="long-run drift of each bucket over the next larger: none, or as fitted",
    )
    warmup: Literal["simulated", "history"] = Field(
        default="simulated", description="where the trailing window of a spread event begins"
    )
    history: str | None = Field(
        default=None, min_length=1, description='file of daily closes, needed for warmup = "history" only'
    )
    accept: Annotated[tuple[Oddity, ...], Field(strict=False)] = Field(
        default=(), description="what may be odd about the closes in history, as --accept of the commands"
    )

    @model_validator(mode="after")
    def _history_is_given(self) -> "Market":
        if self.warmup == "history" and self.history is None:
            allowed = 'a file of daily closes in market.history, or warmup = "simulated"'
            refuse([Problem("warmup", '"history" without market.history', allowed)])
        if self.process == "days" and self.residuals is None:
            allowed = "a table that `tailrisk calibrate --residuals` wrote, in market.residuals"
            refuse([Problem("process", '"days" without market.residuals', allowed)])
        return self

    @property
    def pictured(self) -> int:
        """Regimes of the picture: the chain's, or with memory calm, uneasy and in stress."""
        return self.states if self.process == "regimes" else 3


class Event(Model):
    """A spread event: the ex-ante z of a difference of returns crosses a threshold.

    z_t = (sum of the last k daily spreads - k mean) / (sd sqrt(k)), a spread being the return of the first
    bucket less that of the second, k = days, mean and sd over the `window` days before (mechanism 5.1).
    """

    name: Name = Field(description="lower case, digits and _")
    pair: Annotated[tuple[Bucket, Bucket], Field(strict=False)] = Field(
        description="two buckets of the market: the return of the first less that of the second"
    )
    window: int = Field(default=250, ge=20, le=1250, description="trading days before the day that is judged")
    threshold: float = Field(
        ge=-50, le=50, description="standard deviations; negative counts falls, positive rises; not zero"
    )
    days: int = Field(default=1, ge=1, le=20, description="trading days the spread is summed over")
    mean_removed: bool = Field(default=True, description="whether the window's mean is taken off the move")

    @model_validator(mode="after")
    def _makes_sense(self) -> "Event":
        problems = []
        if self.pair[0] == self.pair[1]:
            problems.append(Problem("pair", f"{self.pair[0]!r} against itself", "two different buckets"))
        if self.threshold == 0:
            problems.append(Problem("threshold", "0.0", "below zero for falls, above zero for rises"))
        refuse(problems)
        return self

    @property
    def warmup_days(self) -> int:
        """Days of spread needed before the first day can be judged: window + days - 1."""
        return self.window + self.days - 1
