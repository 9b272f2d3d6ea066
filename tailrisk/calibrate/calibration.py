"""A calibration: the models of one window of one file, the overlay, and where they came from."""

from dataclasses import dataclass

import pandas as pd

from ..core.names import Names
from .memory_law import Law
from .style_memory import StyleLaw
from .styles import Overlay
from .switching import Switching


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """All models fitted to one window. Days are those of returns: the first close only starts the first."""

    models: tuple[Switching, ...]
    styles: Overlay | None
    names: Names
    prices: pd.DataFrame  # closes of the buckets in the window
    window: tuple[str, str]  # first and last day of return
    days: int
    digest: str  # SHA-256 of the price file
    command: str
    version: str
    starts: int
    seed: int
    memory: Law | None = None
    style_memory: StyleLaw | None = None

    def model(self, states: int, shocks: str) -> Switching:
        """The fitted model with so many states and these shocks. Raises KeyError if it was not fitted."""
        for model in self.models:
            if (model.states, model.shocks) == (states, shocks):
                return model
        raise KeyError((states, shocks))

    @property
    def richest(self) -> tuple[Switching, ...]:
        """For each kind of shocks, the model with most states: the ones pictured."""
        kinds = dict.fromkeys(model.shocks for model in self.models)
        return tuple(
            max((model for model in self.models if model.shocks == kind), key=lambda model: model.states)
            for kind in kinds
        )
