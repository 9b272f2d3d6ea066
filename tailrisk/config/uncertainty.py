"""Error of the world: over how many draws of the parameters, and under which laws, a run is repeated."""

from typing import Annotated, Literal

from pydantic import Field

from .model import Model

Law = Literal["memory", "regimes", "days"]
BLOCK = 8192
"""Paths of a draw, unless said otherwise: one block, the unit of work."""


class Uncertainty(Model):
    """A run repeated over draws of its parameters and under other laws; without the block neither is."""

    parameters: int = Field(
        default=16,
        ge=0,
        le=1024,
        description="draws of the fit's parameters and of the crowd's ensemble; 0 keeps them as they are",
    )
    laws: Annotated[tuple[Law, ...], Field(strict=False)] | None = Field(
        default=None,
        description="laws of returns beside market.process; by default each that the config's files have",
    )
    paths: int | None = Field(
        default=None, ge=512, le=10**7, description="of a draw, and of another law; by default 8,192"
    )
    draws: str | None = Field(
        default=None,
        min_length=1,
        description="file of draws; by default <calibrated>_draws.toml beside market.calibrated, if there",
    )
