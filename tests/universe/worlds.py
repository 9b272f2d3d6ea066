"""A small panel that was made from known factors, to be measured back."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tailrisk.data.panel import Panel
from tailrisk.universe.membership import Sizes
from tailrisk.universe.universe import Array

SIZES = Sizes(ladder=(30, 50, 100, 200), micro=60)
DAYS, STOCKS = 420, 520


@dataclass(frozen=True)
class World:
    """A panel, and the truth behind it."""

    panel: Panel
    buckets: Array  # [day, group]  the ladder's five and the stocks in none
    specific_sd: Array  # [stock]
    specific: Array  # [day, stock]


def world(seed: int = 11) -> World:
    """Stocks of fixed rank: each earns its bucket's return and its own; caps hold still but for noise.

    Stocks in none earn CSI 2000 and 0.4 of the step to micro. Specific deviation is one of five values.
    """
    rng = np.random.default_rng(seed)
    rank = np.arange(STOCKS)
    ends = np.cumsum(SIZES.ladder)
    group = np.searchsorted(ends, rank, side="right")
    group[rank >= ends[-1]] = 5
    group[rank >= STOCKS - SIZES.micro] = 4
    ladder = np.cumsum(rng.standard_normal((DAYS, 5)) * [0.012, 0.006, 0.004, 0.004, 0.006], axis=1)
    none = ladder[:, 3] + 0.4 * (ladder[:, 4] - ladder[:, 3])
    buckets = np.column_stack([ladder, none])
    specific_sd = np.array([0.010, 0.014, 0.018, 0.022, 0.026])[rng.integers(0, 5, STOCKS)]
    specific = np.clip(rng.standard_normal((DAYS, STOCKS)), -4, 4) * specific_sd
    returns = buckets[:, group] + specific
    returns[0] = np.nan
    cap = np.tile(np.exp(27 - 1.1 * np.log1p(rank)), (DAYS, 1))
    turnover = np.exp(-4.5 + 0.6 * rng.standard_normal(STOCKS) + 0.1 * rng.standard_normal((DAYS, STOCKS)))
    panel = Panel(
        dates=pd.bdate_range("2022-01-03", periods=DAYS),
        ids=tuple(map(str, 600000 + rank)),
        traded=np.ones((DAYS, STOCKS), bool),
        cap=cap,
        returns=returns,
        turnover=turnover,
        amount=turnover * cap * 0.8,
        st=None,
        fundamentals={},
        industry=None,
    )
    return World(panel, buckets, specific_sd, specific)
