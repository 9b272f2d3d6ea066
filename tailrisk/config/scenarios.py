"""The scenarios a run's products stand in: named episodes replayed, and shocks of the user's own."""

from typing import Annotated

from pydantic import Field, model_validator

from .model import Bucket, Model, Problem, refuse


class Shock(Model):
    """One bucket falls against another over the run's horizon: r_small - r_large = move."""

    name: str = Field(min_length=1, max_length=60, description="what the table calls it")
    pair: Annotated[tuple[Bucket, Bucket], Field(strict=False)] = Field(
        description="first less second; the second stands still"
    )
    move: float = Field(
        ge=-0.9, le=2, description="of the spread over the horizon, such as -0.10; smaller buckets move too"
    )

    @model_validator(mode="after")
    def _two(self) -> "Shock":
        problems = []
        if self.pair[0] == self.pair[1]:
            problems.append(Problem("pair", f"{self.pair[0]!r} twice", "two buckets"))
        if self.move == 0:
            problems.append(Problem("move", "0", "a move, such as -0.10"))
        refuse(problems)
        return self


class ScenariosBlock(Model):
    """Four columns for every product: an episode as it was, a shock, what goes with it, and the crowd."""

    episodes: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), max_length=8, description="folders of `tailrisk replay`, relative to this file or to here"
    )
    paths: int = Field(
        default=16_384, ge=1024, le=1_048_576, description="of the run's first, for what goes with a shock"
    )
    shock: Annotated[tuple[Shock, ...], Field(strict=False)] = Field(
        default=(), max_length=8, description="[[scenarios.shock]]"
    )

    @model_validator(mode="after")
    def _something(self) -> "ScenariosBlock":
        names = [shock.name for shock in self.shock]
        problems = []
        if not self.shock and not self.episodes:
            problems.append(Problem("shock", "none", "a [[scenarios.shock]], or episodes"))
        if len(set(names)) < len(names):
            problems.append(Problem("shock", "a name is there twice", "a name of its own for each"))
        refuse(problems)
        return self
