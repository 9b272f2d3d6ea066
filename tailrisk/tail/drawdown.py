"""Conditional drawdown: the mean of the worst drawdowns over all days of all paths."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import InputError
from .border import Losses, received
from .influence import influence_interval
from .interval import Interval
from .sample import Array, Level, counting, exact_level, weights_of
from .shortfall import tail_of


def conditional_drawdown(
    drawdown: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    level: Level,
    confidence: float = 0.95,
    ceiling: float | None = None,
) -> Interval:
    """CDaR_a = ES_a of the drawdowns of every day, a day weighing 1/days of its path.

    Chekhlov, Uryasev & Zabarankin (2005), definition 3.1 over scenarios. drawdown [day, path], the fall from
    the running peak as a fraction of the peak, an array: a frame could mean either way round and is refused.
    weight [path], a Series by the numbers of the paths. Days of one path are one draw: the interval
    is from each path's mean influence. tail_points and ceiling as in `influence_interval`.
    InputError: a frame, other axes, and what `value_at_risk` refuses.

    >>> drawdown = np.arange(200).reshape(2, 100) / 200
    >>> round(conditional_drawdown(drawdown, level=0.95).estimate, 4)
    0.9725
    """
    if isinstance(drawdown, pd.DataFrame):
        raise InputError("drawdown", "is a frame: are its columns days or paths?", "an array [day, path]")
    fall = received(drawdown, "drawdown", dimensions=2).values
    days, exact, share = len(fall), exact_level(level), None
    if weight is not None:
        fall, share = counting(fall, weights_of(weight, Losses(fall[0])))
    by_day = None if share is None else np.tile(share / days, days)
    tail = tail_of(fall.reshape(-1), by_day, exact)

    def pulls(_: Array, mass: Array) -> tuple[float, Array]:
        beyond = np.maximum(fall - tail.value_at_risk, 0.0).mean(axis=0) / float(1 - exact)
        return tail.expected_shortfall, beyond - np.sum(mass * beyond)

    worst = fall.max(axis=0)
    return influence_interval(pulls, worst, share, confidence=confidence, ceiling=ceiling)
