"""Conditional drawdown: the mean of the worst drawdowns over all days of all paths."""

import numpy as np
from numpy.typing import ArrayLike

from ..core import InputError
from .influence import influence_interval
from .interval import Interval
from .sample import Array, Level, even_weight, exact_level, finite, shares
from .shortfall import tail_of


def conditional_drawdown(
    drawdown: ArrayLike, weight: ArrayLike | None = None, *, level: Level, confidence: float = 0.95
) -> Interval:
    """CDaR_a = ES_a of the drawdowns of every day, a day weighing 1/days of its path.

    Chekhlov, Uryasev & Zabarankin (2005), definition 3.1 over scenarios. drawdown [day, path], the fall from
    the running peak as a fraction of the peak; weight [path]. Days of one path are one draw: the interval
    is from each path's mean influence. tail_points as in `influence_interval`.
    """
    fall = finite("drawdown", drawdown)
    if fall.ndim != 2:
        raise InputError("drawdown", f"has {fall.ndim} axes", "[day, path]")
    days, paths = fall.shape
    share = even_weight(fall[0], None if weight is None else shares(weight, (paths,)))
    exact = exact_level(level)
    by_day = None if weight is None else np.tile(share / days, days)
    tail = tail_of(fall.reshape(-1), by_day, exact)

    def pulls(_: Array, mass: Array) -> tuple[float, Array]:
        beyond = np.maximum(fall - tail.value_at_risk, 0.0).mean(axis=0) / float(1 - exact)
        return tail.expected_shortfall, beyond - np.sum(mass * beyond)

    return influence_interval(pulls, fall[0], None if weight is None else share, confidence=confidence)
