"""The calibrated file: regime models fitted to index history, as `tailrisk calibrate` writes them."""

import math
from datetime import date, time
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from tailrisk.core.errors import InputError
from tailrisk.core.names import Names

from .memory import Memory, StyleMemory
from .model import Problem, Style, refuse
from .part import TOLERANCE, Matrix, Part, positive_definite, shape
from .regimes import Regimes

DAILY = 0.2
"""No factor moves this much in a day on average: a larger figure is in percent."""


class Fitted(Regimes):
    """A Markov-switching model of the ladder factors; returns are log, per day, as fractions."""

    def too_large(self, regime: int) -> list[Problem]:
        mean, covariance, problems = self.mean[regime], self.covariance[regime], []
        if max(map(abs, mean)) > DAILY:
            allowed = f"log returns per day within {DAILY} of zero, as fractions, not percent"
            problems.append(Problem(f"mean.{regime}", str(list(mean)), allowed))
        if max(abs(c) for row in covariance for c in row) > DAILY**2:
            allowed = f"standard deviations per day of at most {DAILY}, as fractions, not percent"
            problems.append(Problem(f"covariance.{regime}", "too large", allowed))
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
            *shape("loading", self.loading, (n, len(self.loading[0]) if self.loading else 0)),
            *shape("residual_sd", self.residual_sd, (n,)),
            *shape("residual_correlation", self.residual_correlation, (n, n)),
        ]
        if len(set(self.names)) < n:
            problems.append(Problem("names", str(list(self.names)), "each style once"))
        problems = problems or self._correlation_problems()
        refuse(problems or ([] if self.memory is None else self.memory.problems(n, len(self.loading[0]))))
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
    buckets: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="of the ladder, largest first"
    )
    model: Annotated[tuple[Fitted, ...], Field(strict=False, min_length=1)]
    styles: Styles | None = None
    memory: Memory | None = None

    @property
    def factors(self) -> int:
        """Factors of the ladder it was fitted on, which are as many as its buckets."""
        return len(self.model[0].mean[0])

    @model_validator(mode="after")
    def _one_ladder(self) -> "Calibrated":
        wanted = self.factors
        problems = [
            Problem(f"model.{i}.mean", f"{len(one.mean[0])} factors", f"{wanted}, as in model.0")
            for i, one in enumerate(self.model)
            if len(one.mean[0]) != wanted
        ]
        if self.styles and len(self.styles.loading[0]) != wanted:
            found = f"{len(self.styles.loading[0])} factors"
            problems.append(Problem("styles.loading", found, f"{wanted}, as in model.0"))
        if self.memory and len(self.memory.mean) != wanted:
            found = f"{len(self.memory.mean)} factors"
            problems.append(Problem("memory.mean", found, f"{wanted}, as in model.0"))
        if self.buckets is not None and len(self.buckets) != wanted:
            problems.append(Problem("buckets", f"{len(self.buckets)} of them", f"{wanted}, one a factor"))
        refuse(problems)
        return self

    def fits(self, names: Names) -> None:
        """Raises InputError unless it was fitted on the ladder of this market."""
        if self.buckets is None:  # written before files said so: as many buckets must do
            fitted, same = f"{self.factors} buckets", self.factors == len(names.buckets)
        else:
            fitted, same = ", ".join(self.buckets), self.buckets == names.buckets
        if not same:
            allowed = f"a file fitted on {', '.join(names.buckets)}, the buckets of the market"
            raise InputError("market.calibrated", f"fitted on {fitted}", allowed)

    def follows(self, process: str) -> None:
        """Raises InputError for a process that the file has no parameters for."""
        if process != "regimes" and self.memory is None:
            allowed = "a file that this version's `tailrisk calibrate` wrote"
            raise InputError(
                "market.process", f"{process!r}, and the calibrated file has no [memory] block", allowed
            )

    @field_validator("fit")
    @classmethod
    def _can_be_recorded(cls, fit: dict[str, Any]) -> dict[str, Any]:
        problems: list[Problem] = []
        plain = _plain(fit, "", problems)
        refuse(problems)
        return plain

    def choose(self, states: int, shocks: str) -> Fitted:
        """The model with so many regimes and these shocks. Raises InputError, naming what there is."""
        for fitted in self.model:
            if (fitted.states, fitted.shocks) == (states, shocks):
                return fitted
        there = ", ".join(f"states = {m.states} with {m.shocks!r}" for m in self.model)
        raise InputError(
            "market.states", f"no fitted model with states = {states} and {shocks!r} shocks", there
        )


def _plain(value: Any, place: str, problems: list[Problem]) -> Any:
    """A value as JSON can hold it, days and times as text; numbers that are not finite are problems."""
    if isinstance(value, dict):
        return {key: _plain(inner, f"{place}.{key}".lstrip("."), problems) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{place}.{k}".lstrip("."), problems) for k, inner in enumerate(value)]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        problems.append(Problem(place, str(value), "a finite number: it goes into every record"))
    return value
