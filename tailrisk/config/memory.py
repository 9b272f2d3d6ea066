"""The [memory] block of a calibrated file: the filter, the law of its residuals, and where it stood."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from .model import Problem, refuse
from .part import Matrix, Part, Vector, positive_definite, shape, sums_to_one
from .regimes import Regimes

HORIZONS = 3
SOURCES = 5
"""What a variance is made of: its long run, mean squares at three decays, the common variance."""
LARGE = 10.0
"""Residuals are in deviations of a day: a mean or deviation beyond this is a slip."""

Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, le=1)]


class Residuals(Regimes):
    """Regimes of the residuals u, in deviations of their day."""

    def too_large(self, regime: int) -> list[Problem]:
        mean = self.mean[regime]
        if max(map(abs, mean)) <= LARGE:
            return []
        return [Problem(f"mean.{regime}", str(list(mean)), f"within {LARGE:g} deviations")]


class Stand(Part):
    """Where the filter stood at a close."""

    square: Matrix = Field(description="[horizon, factor] weighted mean squares, per day")
    common: Positive = Field(description="common variance over its mean")
    trend: Vector = Field(description="[factor] per day")
    last: Vector = Field(description="[factor] the day's return less its mean")

    @model_validator(mode="after")
    def _has_its_shape(self) -> "Stand":
        f = len(self.trend)
        found = [
            ("square", self.square, (HORIZONS, f)),
            ("trend", self.trend, (f,)),
            ("last", self.last, (f,)),
        ]
        refuse([problem for name, value, axes in found for problem in shape(name, value, axes)])
        return self


class Adaptive(Part):
    """Loadings of styles that follow yesterday's errors and come back (market/styles.py)."""

    gain: float = Field(ge=0, le=1, description="of a day's error; 0: loadings do not follow")
    persistence: float = Field(ge=0, lt=1, description="part of a loading's shift that stays a day")
    shift: Matrix = Field(description="[style, factor] of the loadings after the last day of data")


class StyleMemory(Part):
    """Memory of what styles earn beyond the ladder, per day, and its law in each regime of the ladder."""

    variance: Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        description="[style] of the window"
    )
    phi: Vector = Field(description="[style] part of yesterday's gap that goes on")
    kappa: Vector = Field(description="[style] part of the trend that goes on")
    weight: Annotated[tuple[Annotated[tuple[Weight, ...], Field(strict=False)], ...], Field(strict=False)] = (
        Field(description="[style, source] of long run, decays .80, .94, .99, common; rows sum to 1")
    )
    leverage: Vector = Field(description="[style]")
    cap: Positive
    nu: float = Field(gt=2, le=1e6, description="degrees of freedom of the residuals")
    covariance: Annotated[tuple[Matrix, ...], Field(strict=False)] = Field(
        description="[regime, style, style] of the residuals, in deviations of a day"
    )
    square: Matrix = Field(description="[horizon, style] after the last day of data")
    trend: Vector = Field(description="[style] likewise")
    last: Vector = Field(description="[style] likewise")
    adaptive: Adaptive | None = Field(default=None, description="absent: one loading for every day")

    def problems(self, styles: int, factors: int) -> list[Problem]:
        """What does not fit so many styles and factors of the ladder."""
        found: list[tuple[str, Any, tuple[int, ...]]] = [
            (f"memory.{name}", getattr(self, name), (styles,))
            for name in ("variance", "phi", "kappa", "leverage", "trend", "last")
        ]
        found += [("memory.weight", self.weight, (styles, SOURCES))]
        found += [("memory.square", self.square, (HORIZONS, styles))]
        found += [("memory.covariance", self.covariance, (len(self.covariance), styles, styles))]
        if self.adaptive is not None:
            found += [("memory.adaptive.shift", self.adaptive.shift, (styles, factors))]
        problems = [problem for name, value, axes in found for problem in shape(name, value, axes)]
        if problems:
            return problems
        for i, row in enumerate(self.weight):
            problems += sums_to_one(f"memory.weight.{i}", row)
        for i, covariance in enumerate(self.covariance):
            problems += positive_definite(f"memory.covariance.{i}", covariance)
        return problems


class Memory(Part):
    """Memory of volatility and trends by factor, per day, and the law of what is left (market/memory.py)."""

    mean: Vector = Field(description="[factor] log return per day")
    variance: Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        description="[factor] of the window"
    )
    long_run: Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        description="[factor] variance that the first weight multiplies, by simulation"
    )
    phi: Vector = Field(description="[factor] part of yesterday's gap that goes on")
    kappa: Vector = Field(description="[factor] part of the trend that goes on")
    weight: Annotated[tuple[Annotated[tuple[Weight, ...], Field(strict=False)], ...], Field(strict=False)] = (
        Field(description="[factor, source] of long run, decays .80, .94, .99, common; rows sum to 1")
    )
    leverage: Vector = Field(description="[factor] falls move the variance more, if positive")
    cap: Positive = Field(description="most deviations a day's volatility may be of the long run's")
    limit: Vector | None = Field(default=None, description="[bucket] largest simple move of a day")
    stress: Positive = Field(description="common variance from which the market is in stress")
    residuals: Residuals
    eve: Stand = Field(description="after the last day of data")
    year_before: Stand = Field(description="250 days earlier, where a simulated warm-up starts")

    @model_validator(mode="after")
    def _is_a_filter(self) -> "Memory":
        f = len(self.mean)
        one = ("mean", "variance", "long_run", "phi", "kappa", "leverage")
        found: list[tuple[str, Any, tuple[int, ...]]] = [(name, getattr(self, name), (f,)) for name in one]
        found += [("weight", self.weight, (f, SOURCES))]
        found += [("limit", self.limit, (f,))] if self.limit is not None else []
        problems = [problem for name, value, axes in found for problem in shape(name, value, axes)]
        if not problems:
            for i, row in enumerate(self.weight):
                problems += sums_to_one(f"weight.{i}", row)
            for i, one_limit in enumerate(self.limit or ()):
                if not 0 < one_limit < 1:
                    problems.append(
                        Problem(f"limit.{i}", f"{one_limit:g}", "above 0 and below 1, as a fraction")
                    )
        refuse(problems)
        return self
