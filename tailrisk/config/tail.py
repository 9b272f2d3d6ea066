"""Which tail figures are reported: levels, measures of loss, and the width of their intervals."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..core.errors import InputError
from ..core.risks import PARETO, risk
from .model import Measure, Model, Problem, refuse

Level = Annotated[float, Field(gt=0.5, lt=1)]


class Tail(Model):
    """Levels of value-at-risk and expected shortfall; losses are fractions of starting NAV."""

    levels: Annotated[tuple[Level, ...], Field(strict=False)] = Field(
        default=(0.95, 0.975, 0.99, 0.999),
        min_length=1,
        max_length=8,
        description="rising, each above 0.5 and below 1",
    )
    confidence: float = Field(default=0.95, ge=0.5, lt=1, description="of every interval")
    losses: Annotated[tuple[Measure, ...], Field(strict=False)] = Field(
        default=("terminal", "worst_day", "worst_3_days", "max_drawdown"),
        min_length=1,
        description="losses of a path",
    )
    excess: Literal["geometric", "arithmetic"] = Field(
        default="geometric", description="(1 + r) / (1 + benchmark) - 1, or r - benchmark"
    )

    risks: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=("var", "es"),
        max_length=20,
        description="measures of those losses; VaR and ES at every level are always in the tables",
    )

    @property
    def lowest(self) -> float:
        """The lowest level whose losses are needed: of VaR, ES, contributions, a Pareto tail's start."""
        asked = list(map(risk, self.risks))
        own = [one.numbers[0] for one in asked if one.kind in ("var", "es", "contribution") and one.numbers]
        starts = [float(one.start) for one in asked if one.kind in PARETO]
        return min([*self.levels, *own, *starts])

    @property
    def of_days(self) -> bool:
        """Whether a risk needs every day of a path."""
        return any(one.kind == "conditional_drawdown" for one in map(risk, self.risks))

    @model_validator(mode="after")
    def _known_risks(self) -> "Tail":
        problems = []
        for i, text in enumerate(self.risks):
            try:
                risk(text)
            except InputError as error:
                problems.append(Problem(f"risks.{i}", error.problem, error.allowed or ""))
        if len(set(self.risks)) < len(self.risks):
            problems.append(Problem("risks", repr(list(self.risks)), "each risk once"))
        refuse(problems)
        return self

    @model_validator(mode="after")
    def _no_repeats(self) -> "Tail":
        problems = []
        if list(self.levels) != sorted(set(self.levels)):
            problems.append(Problem("levels", repr(list(self.levels)), "rising, each level once"))
        if len(set(self.losses)) < len(self.losses):
            problems.append(Problem("losses", repr(list(self.losses)), "each loss once"))
        refuse(problems)
        return self

    def paths_needed(self) -> int:
        """Paths for one loss beyond the highest level: the smallest n with (1 - level) n >= 1.

        The level is read as its decimal text: 1 - 0.999 in floats would ask for one path too many.
        """
        return -int(-1 // (1 - Fraction(str(max(self.levels)))))
