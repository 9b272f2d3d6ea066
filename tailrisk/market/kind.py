"""A kind of process of returns: its functions, by which `process` knows it and nothing else does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.units import Count, Flag, LogReturn, Normal, Uniform
from . import ladder


def _never(params: Any) -> bool:
    return False


def _always(params: Any) -> bool:
    return True


def _pairs(params: Any) -> int:
    """Enough for the shocks of the ladder's law."""
    law: ladder.Params = params.ladder
    return (law.affine.shape[1] + 1) // 2


@dataclass(frozen=True)
class Kind:
    """What each kind answers of its own `params` and `state`, as the functions of these names in `process`.

    step: given the uniform [path] and the shocks [shock][path] of the day.
    """

    params: type
    init: Callable[[Any, Uniform], Any]
    long_run: Callable[[Any, Uniform], Any]
    step: Callable[[Any, Any, Uniform, tuple[Normal, ...]], tuple[Any, LogReturn, Flag]]
    regime: Callable[[Any], Count]
    with_regime: Callable[[Any, Any, Count], Any]
    pictured: Callable[[Any], Count]
    continues: Callable[[Any], bool] = _never
    tiltable: Callable[[Any], bool] = _always
    stress_is_the_last_regime: bool = False
    pairs: Callable[[Any], int] = _pairs
