"""The points that are tried: today's constants, one of them moved at a time, and several together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from tailrisk.calibrate.memory import TODAY
from tailrisk.calibrate.memory_law import Law, fit_law

from .laws import as_regimes, pareto, skewed

LIMITS = {"csi300": 0.1, "csi500": 0.1, "csi1000": 0.11, "csi2000": 0.14, "micro": 0.16}
"""Daily price limits of the shipped file, by bucket; history is simulated within them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Variant:
    """A point: which constant is moved, to what, and what the fit is told."""

    of: str
    to: str
    constants: Mapping[str, Any] = field(default_factory=dict)  # of calibrate.memory.Constants
    law: Mapping[str, Any] = field(default_factory=dict)  # words of fit_law
    control: bool = False  # shows what drawing rows costs; is no candidate
    limited: bool = True  # whether histories stay within the price limit

    @property
    def name(self) -> str:
        """As tables call it."""
        return self.of if not self.to else f"{self.of} {self.to}"

    def fit(self, factors: Any, **words: Any) -> Law:
        """The law of factors [day, factor] with this point's constants, as `fit_law`."""
        return fit_law(factors, constants=replace(TODAY, **self.constants), **self.law, **words)

    @property
    def forecaster(self) -> Any:
        """The fit of a backtest, which needs no long run."""
        return partial(self.fit, with_long_run=False)


NOW = Variant(of="today", to="")
TRIED = (
    Variant(of="kappa", to="0", constants={"kappa": 0.0}),
    Variant(of="kappa", to="0.25", constants={"kappa": 0.25}),
    Variant(of="kappa", to="0.75", constants={"kappa": 0.75}),
    Variant(of="floor", to="0.02", constants={"floor": 0.02}),
    Variant(of="floor", to="0.10", constants={"floor": 0.10}),
    Variant(of="decays", to=".70 .90 .98", constants={"decays": (0.70, 0.90, 0.98)}),
    Variant(of="decays", to=".85 .96 .995", constants={"decays": (0.85, 0.96, 0.995)}),
    Variant(of="common", to="0.90", constants={"common": 0.90}),
    Variant(of="common", to="0.97", constants={"common": 0.97}),
    Variant(of="trend", to="0.98", constants={"trend": 0.98}),
    Variant(of="cap", to="3", constants={"cap": 3.0}),
    Variant(of="regimes", to="1", law={"states": 1}),
    Variant(of="regimes", to="3", law={"states": 3}),
    Variant(of="nu at most", to="8", law={"most_nu": 8.0}),
    Variant(of="nu at most", to="5", law={"most_nu": 5.0}),
    Variant(of="drawn rows", to="of today's law", law={"rows": as_regimes}, control=True),
    Variant(of="drawn rows", to="Pareto tails", law={"rows": pareto}),
    Variant(of="drawn rows", to="second regime skewed", law={"rows": skewed}),
    Variant(of="price limit", to="none", limited=False),
)


def together(chosen: tuple[Variant, ...]) -> Variant:
    """Several points at once; each is of another constant."""
    constants: dict[str, Any] = {}
    law: dict[str, Any] = {}
    for one in chosen:
        constants |= one.constants
        law |= one.law
    return Variant(
        of="together:",
        to=" + ".join(one.name for one in chosen),
        constants=MappingProxyType(constants),
        law=MappingProxyType(law),
        limited=all(one.limited for one in chosen),
    )
