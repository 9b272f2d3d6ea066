"""The draws of a calibrated file's parameters, as `tailrisk calibrate --draws` writes them beside it."""

from pathlib import PurePath
from typing import Annotated, Any

from pydantic import Field

from ..core.errors import InputError
from .calibrated import Calibrated
from .memory import Memory
from .part import Part, Vector

CLOSE = 1e-3
"""Difference at most between the calibrated file and what draws say they are of: a search ends so near."""


class Of(Part):
    """A few parameters of the fit the draws are of, by which it is known."""

    variance: Vector = Field(description="[factor] of the window")
    phi: Vector = Field(description="[factor]")
    leverage: Vector = Field(description="[factor]")


class Draws(Part):
    """Draws of the [memory] block, and the fit they are of."""

    fit: dict[str, Any] = Field(default_factory=dict, description="provenance, as in the calibrated file")
    of: Of
    draw: Annotated[tuple[Memory, ...], Field(strict=False, min_length=2)]

    def serve(self, file: str, calibrated: Calibrated, parameters: int) -> None:
        """Raises InputError unless so many are of the calibrated file's own [memory] block."""
        place = f"uncertainty.draws: {file}"
        if parameters > len(self.draw):
            allowed = f"at most {len(self.draw)}, the draws of {file}"
            raise InputError("uncertainty.parameters", f"{parameters}", allowed)
        law, allowed = (
            calibrated.memory,
            "draws of market.calibrated: `tailrisk calibrate --draws` writes them",
        )
        if law is None:
            raise InputError(place, "draws of memory, and the calibrated file has no [memory] block", allowed)
        for name in ("variance", "phi", "leverage"):
            mine, wanted = getattr(self.of, name), getattr(law, name)
            scale = wanted if name == "variance" else (1.0,) * len(wanted)
            near = len(mine) == len(wanted) and all(
                abs(x - y) <= CLOSE * s for x, y, s in zip(mine, wanted, scale, strict=True)
            )
            if not near:
                raise InputError(place, f"draws of another fit: its {name} differs", allowed)
        for k, one in enumerate(self.draw):
            if len(one.mean) != len(law.mean) or one.residuals.states != law.residuals.states:
                raise InputError(f"{place}: draw.{k}", "another number of factors or regimes", allowed)


def companion(calibrated: str) -> str:
    """Where the draws of a calibrated file lie: beside it."""
    path = PurePath(calibrated)
    return str(path.with_name(f"{path.stem}_draws.toml"))
