"""How paths are drawn: from the model's own law, or from one under which what is rare is common."""

from typing import Annotated, Literal

from pydantic import Field

from .model import Model

BLOCK = 8192
"""Paths per block, the unit of work (engineering.md, section 3)."""
BLOCKS, ROUNDS, OUTSET = 2, 10, 3
"""Blocks of pilot paths a round, rounds at most, and how many times as many the first has, to fit a tilt."""
REPLICATES, TRIAL = 32, 8
"""Independent replicates of splitting in a run, and in a choice of method."""
CLONES, LEVELS = 512, 8
"""Paths a stage of a replicate; stages a plan reckons with, for an event of one in ten thousand or so."""


class Sampling(Model):
    """Importance sampling or splitting of a run; without the block a run is plain."""

    method: Literal["plain", "importance", "splitting", "automatic"] = Field(
        default="plain",
        description="plain paths; weighted paths; plain paths, and one event's odds by splitting; or "
        "whichever a pilot finds better for every target",
    )
    targets: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        max_length=8,
        description="events by name, losses as <product>.<measure>; all events where none is named",
    )
    defensive: float = Field(
        default=0.1, ge=0.01, le=0.9, description="fraction of paths still drawn from the model's own law"
    )

    @property
    def spared(self) -> int:
        """Paths beside those of the run, about: pilots at their most, and the stages of splitting."""
        tilt, levels = (BLOCKS * (ROUNDS + OUTSET - 1) + 1) * BLOCK, 2 * LEVELS * CLONES
        return {
            "plain": 0,
            "importance": tilt,
            "splitting": levels + REPLICATES * LEVELS * CLONES,
            "automatic": tilt + levels + TRIAL * LEVELS * CLONES,
        }[self.method]
