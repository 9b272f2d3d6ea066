"""A Markov-switching law in a calibrated file: of the ladder's factors, or of memory's residuals."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .model import Problem, refuse
from .part import Chances, Matrix, Part, positive_definite, shape, sums_to_one


class Regimes(Part):
    """Regimes of factors; what unit they are in, and how large they may be, is each law's own."""

    states: int = Field(ge=1, le=4, description="regimes, ordered from calm to crisis by volatility")
    shocks: Literal["student", "gaussian"]
    nu: float | None = Field(default=None, gt=2, le=1e6, description="degrees of freedom, student only")
    transition: Annotated[tuple[Chances, ...], Field(strict=False)] = Field(
        description="[regime, regime] per day, rows sum to 1"
    )
    mean: Matrix = Field(description="[regime, factor] per day")
    covariance: Annotated[tuple[Matrix, ...], Field(strict=False)] = Field(
        description="[regime, factor, factor] per day; the covariance, not the t scale matrix"
    )
    filtered: Chances = Field(description="[regime] after the last day of data, sums to 1")

    @model_validator(mode="after")
    def _is_a_law(self) -> Self:
        refuse(self._shape_problems() or self._value_problems())
        return self

    def too_large(self, regime: int) -> list[Problem]:
        """What of a regime's mean and covariance is a slip of units."""
        return []

    def _shape_problems(self) -> list[Problem]:
        k, f = self.states, len(self.mean[0]) if self.mean else 0
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
        for i, covariance in enumerate(self.covariance):
            problems += positive_definite(f"covariance.{i}", covariance)
            problems += self.too_large(i)
        return problems
