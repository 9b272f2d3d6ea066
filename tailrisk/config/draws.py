"""The draws of a calibrated file's parameters, as `tailrisk calibrate --draws` writes them beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ..core.errors import InputError
from .calibrated import Calibrated
from .ensemble import Ensemble
from .memory import Memory
from .part import Part, Vector
from .schema import Config

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

    def served(self, file: str, config: Config, calibrated: Calibrated) -> tuple[Memory, ...]:
        """The draws. Raises InputError unless as many as asked for are of the calibrated file's fit."""
        place, parameters = (
            f"uncertainty.draws: {file}",
            config.uncertainty.parameters if config.uncertainty else 0,
        )
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
        return self.draw


def file(
    config: Config, calibrated: Calibrated, named: Callable[[tuple[str, ...], str], Path]
) -> Path | None:
    """The file of draws that [uncertainty] asks for, by default the calibrated file's companion, if there.

    named: finds the file that a field names.
    """
    asked = config.uncertainty
    if asked is None or not asked.parameters:
        return None
    if asked.draws is not None:
        return named(("uncertainty", "draws"), asked.draws)
    if config.market.process == "regimes" or calibrated.memory is None:
        return None
    fitted = named(("market", "calibrated"), config.market.calibrated)
    beside = fitted.with_name(f"{fitted.stem}_draws.toml")
    return beside if beside.is_file() else None


def members(
    config: Config, named: Callable[[tuple[str, ...], str], Path], read: Callable[[Path], Ensemble]
) -> tuple[dict[str, float], ...]:
    """Every set of the crowd's ensemble, where [uncertainty] draws among them."""
    asked, crowd = config.uncertainty, config.crowd
    if asked is None or not asked.parameters or crowd is None or crowd.ensemble is None:
        return ()
    ensemble = read(named(("crowd", "ensemble"), crowd.ensemble))
    return tuple(ensemble.member(k) for k in range(len(ensemble.members)))
