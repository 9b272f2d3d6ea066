"""A mechanism of the user's own: somebody who must trade and is none of the cohorts.

    state = init(params, paths);   state, orders = step(params, state, seen)

In every round of the crowd's day he is asked for orders [bucket, path] in yuan, purchases positive. Like the
rest of the market he has no book to run dry: an order that is not filled is cancelled, and decided anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core import static, struct
from ..core.units import Count, Flag, Ratio, Yuan


@struct
class Seen:
    """What he acts on: the market after the last round."""

    returns: Ratio  # [bucket, path]  since the last close
    momentum: Ratio  # [bucket, path]  of the days behind, today's so far included
    annual_basis: Ratio  # [future, path]  at a month; a discount is negative
    volume: Yuan  # [bucket]  of an ordinary day
    stress: Flag  # [path]  panic has taken hold
    round: Count  # []  of the day, from zero
    rounds: int = static()  # in a day


@dataclass(frozen=True)
class Law:
    """His functions."""

    init: Callable[[Any, int], Any]
    step: Callable[[Any, Any, Seen], tuple[Any, Yuan]]


@struct
class Params:
    """His own params, a pytree of arrays."""

    own: Any
    law: Law = static()


def init(params: Params, paths: int) -> Any:
    """The evening before the first day."""
    return params.law.init(params.own, paths)


def step(params: Params, state: Any, seen: Seen) -> tuple[Any, Yuan]:
    """His state, and orders [bucket, path] of one round."""
    return params.law.step(params.own, state, seen)
