"""Tail risk of style regime switches, with the crowd's own deleveraging inside the simulated paths.

    import tailrisk as tr
    result = tr.run("smoke.toml")          # what `tailrisk run smoke.toml` does
    result.tail                            # a DataFrame

`dir(tailrisk)` lists what there is; nothing heavy is imported before it is used. `tailrisk guide python`
shows it at work.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import optimise, tail
    from .api import (
        Book,
        Ladder,
        Mechanism,
        Policy,
        Positions,
        Process,
        Result,
        Seen,
        backtest,
        calibrate,
        liquidity,
        load,
        minute,
        read,
        replay,
        run,
        simulate,
        sweep,
        tune,
        universe,
        validate,
        watch,
    )

__version__ = "0.1.0"

__all__ = [
    "Book",
    "Ladder",
    "Mechanism",
    "Policy",
    "Positions",
    "Process",
    "Result",
    "Seen",
    "__version__",
    "backtest",
    "calibrate",
    "liquidity",
    "load",
    "minute",
    "optimise",
    "read",
    "replay",
    "run",
    "simulate",
    "sweep",
    "tail",
    "tune",
    "universe",
    "validate",
    "watch",
]

ROOMS = ("optimise", "tail")
"""Names that are packages."""
CALLED = ("calibrate", "simulate", "universe")
"""Packages that are called as the function of their name in `tailrisk.api`."""


class _Called(ModuleType):
    """A package that is a function too: `tailrisk.simulate(...)` is `tailrisk.api.simulate(...)`."""

    @property
    def __wrapped__(self) -> Any:
        return getattr(import_module("tailrisk.api"), self.__name__.rpartition(".")[2])

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return str(self.__wrapped__.__doc__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)


class _Door(ModuleType):
    """This package: a room of CALLED can be called as soon as anybody has imported it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in CALLED and isinstance(value, ModuleType):
            value.__class__ = _Called
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Door


def __getattr__(name: str) -> Any:
    if name in (*ROOMS, *CALLED):
        return import_module(f"{__name__}.{name}")
    if name in __all__:
        return getattr(import_module(f"{__name__}.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
