"""A market of two regimes with a crisis now and then, and what is asked of it."""

import numpy as np
import pandas as pd

from tailrisk.core.names import BUCKETS

WHERE = "2015-01-05"


def closes(days: int, seed: int = 4) -> pd.DataFrame:
    """Closes [day] of the five buckets: volatility triples for weeks at a time, small falls on large."""
    generator = np.random.default_rng(seed)
    crisis = np.repeat(generator.random(days // 10 + 1) < 0.25, 10)[:days]
    size = np.where(crisis, 0.006, 0.002)[:, None] * np.array([4.0, 2.0, 1.0, 1.0, 1.5])
    factors = size * generator.standard_normal((days, 5)) - crisis[:, None] * 5e-4
    index = pd.bdate_range(WHERE, periods=days, name="date")
    return pd.DataFrame(1000 * np.exp(np.cumsum(np.cumsum(factors, axis=1), axis=0)), index, list(BUCKETS))
