"""The ensemble file: parameter sets of the crowd that match an episode, as `tailrisk match` writes it."""

from typing import Annotated

from pydantic import Field, model_validator

from .model import Problem, refuse
from .part import Part, Vector


class Ensemble(Part):
    """Draws of the posterior, best first; other tables of the file say where they are from."""

    parameters: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    members: Annotated[tuple[Vector, ...], Field(strict=False, min_length=1)] = Field(
        description="[member, parameter] factors and fractions, see simulate/free.py"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "Ensemble":
        problems = []
        for i, row in enumerate(self.members):
            if len(row) != len(self.parameters):
                allowed = f"{len(self.parameters)}, one a parameter"
                problems.append(Problem(f"members.{i}", f"{len(row)} values", allowed))
            elif not all(0 < value < 1e6 for value in row):
                problems.append(
                    Problem(f"members.{i}", "a value is out of range", "above 0, below a million")
                )
        refuse(problems)
        return self

    def member(self, number: int) -> dict[str, float]:
        """Values by parameter of one member."""
        return dict(zip(self.parameters, self.members[number], strict=True))
