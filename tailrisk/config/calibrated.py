"""The calibrated file: regime models fitted to index history, as `tailrisk calibrate` writes them."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tailrisk.core.errors import InputError
from tailrisk.core.names import FACTORS

from .memory import Memory, StyleMemory
from .model import Problem, Style, refuse
from .part import TOLERANCE, Chances, Matrix, Part, positive_definite, shape, sums_to_one

DAILY = 0.2
"""No factor moves this much in a day on average: a larger figure is in percent."""


class Fitted(Part):
    """A Markov-switching model of the ladder factors; returns are log, per day, as fractions."""

    states: int = Field(ge=1, le=4, description="regimes, ordered from calm to crisis by volatility")
    shocks: Literal["student", "gaussian"]
    nu: float | None = Field(default=None, gt=2, le=1e6, description="degrees of freedom, student only")
    transition: Annotated[tuple[Chances, ...], Field(strict=False)] = Field(
        description="[regime, regime] per day, rows sum to 1"
    )
    mean: Matrix = Field(description="[regime, factor] log return per day")
    covariance: Annotated[tuple[Matrix, ...], Field(strict=False)] = Field(
        description="[regime, factor, factor] per day; the covariance, not the t scale matrix"
    )
    filtered: Chances = Field(description="[regime] after the last day of data, sums to 1")

    @model_validator(mode="after")
    def _is_a_model(self) -> "Fitted":
        refuse(self._shape_problems() or self._value_problems())
        return self

    def _shape_problems(self) -> list[Problem]:
        k, f = self.states, len(FACTORS)
        found = [
            ("transition", self.transition, (k, k)),
            ("mean", self.mean, (k, f)),
            ("covariance", self.covariance, (k, f, f)),
            ("filtered", self.filtered, (k,)),
        ]
        return [problem for name, value, axes in found for problem in shape(name, value, axes)]

    def _value_problems(self) -> list[Problem]:
        problems = (
            [] if self.shocks == "gaussian" or self.nu else [Problem("nu", "missing", "a number above 2")]
        )
        for i, row in enumerate(self.transition):
            problems += sums_to_one(f"transition.{i}", row)
        problems += sums_to_one("filtered", self.filtered)
        for i, (mean, covariance) in enumerate(zip(self.mean, self.covariance, strict=True)):
            if max(map(abs, mean)) > DAILY:
                allowed = f"log returns per day within {DAILY} of zero, as fractions, not percent"
                problems.append(Problem(f"mean.{i}", str(list(mean)), allowed))
            problems += positive_definite(f"covariance.{i}", covariance)
            if max(abs(c) for row in covariance for c in row) > DAILY**2:
                allowed = f"standard deviations per day of at most {DAILY}, as fractions, not percent"
                problems.append(Problem(f"covariance.{i}", "too large", allowed))
        return problems


class Styles(Part):
    """The style overlay: style return = loading . ladder factors + residual, per day, as fractions."""

    names: Annotated[tuple[Style, ...], Field(strict=False, min_length=1)]
    loading: Matrix = Field(description="[style, factor]")
    residual_sd: Annotated[tuple[Annotated[float, Field(gt=0, lt=DAILY)], ...], Field(strict=False)] = Field(
        description="[style] per day"
    )
    residual_correlation: Matrix = Field(description="[style, style]")
    memory: StyleMemory | None = None

    @model_validator(mode="after")
    def _is_an_overlay(self) -> "Styles":
        n = len(self.names)
        problems = [
            *shape("loading", self.loading, (n, len(FACTORS))),
            *shape("residual_sd", self.residual_sd, (n,)),
            *shape("residual_correlation", self.residual_correlation, (n, n)),
        ]
        if len(set(self.names)) < n:
            problems.append(Problem("names", str(list(self.names)), "each style once"))
        problems = problems or self._correlation_problems()
        refuse(problems or ([] if self.memory is None else self.memory.problems(n)))
        return self

    def _correlation_problems(self) -> list[Problem]:
        diagonal = [self.residual_correlation[i][i] for i in range(len(self.names))]
        if any(abs(one - 1) > TOLERANCE for one in diagonal):
            return [Problem("residual_correlation", f"has diagonal {diagonal}", "ones on the diagonal")]
        return positive_definite("residual_correlation", self.residual_correlation)


class Calibrated(Part):
    """All fitted models of one window of data, the styles beside them, and how they came to be."""

    fit: dict[str, Any] = Field(
        default_factory=dict, description="provenance: window, days, data_sha256, ..."
    )
    model: Annotated[tuple[Fitted, ...], Field(strict=False, min_length=1)]
    styles: Styles | None = None
    memory: Memory | None = None

    def choose(self, states: int, shocks: str) -> Fitted:
        """The model with so many regimes and these shocks. Raises InputError, naming what there is."""
        for fitted in self.model:
            if (fitted.states, fitted.shocks) == (states, shocks):
                return fitted
        there = ", ".join(f"states = {m.states} with {m.shocks!r}" for m in self.model)
        raise InputError(
            "market.states", f"no fitted model with states = {states} and {shocks!r} shocks", there
        )
