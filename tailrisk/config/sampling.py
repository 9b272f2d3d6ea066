"""How paths are drawn: from the model's own law, or from one under which what is rare is common."""

from typing import Annotated, Literal

from pydantic import Field

from .model import Model


class Sampling(Model):
    """Importance sampling of a run; without the block a run is plain."""

    method: Literal["plain", "importance", "automatic"] = Field(
        default="plain",
        description="plain paths, weighted paths, or whichever a pilot finds better for every target",
    )
    targets: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        max_length=8,
        description="events by name, losses as <product>.<measure>; all events where none is named",
    )
    defensive: float = Field(
        default=0.1, ge=0.01, le=0.9, description="share of paths still drawn from the model's own law"
    )
