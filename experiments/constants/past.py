"""What histories of one point look like beside the data: statistics outside, and the targets still missed."""

from typing import Any

import numpy as np
import pandas as pd

from tailrisk.calibrate.ladder import ladder
from tailrisk.calibrate.targeting import BURN_IN, params
from tailrisk.core import random
from tailrisk.core.calendar import YEAR
from tailrisk.studies.validate.histories import drawn
from tailrisk.studies.validate.statistics import extremes, statistics
from tailrisk.studies.validate.study import beside

from .market import Market
from .variants import Variant

Array = np.ndarray
EVEN = 4
"""Deviations at which falls are counted for each rise."""


def shown(market: Market, variant: Variant, *, histories: int, starts: int, seed: int = 0) -> dict[str, Any]:
    """The counts and figures of one point, fitted to the market's days."""
    limit = market.limit if variant.limited else None
    law = variant.fit(ladder(market.returns), limit=limit, starts=starts, seed=seed, with_errors=False)
    process = params(law.fit, law.residuals, limit, law.long_run, law.rows)
    streams = random.stream(seed, "constants chain"), random.stream(seed, "constants ladder")
    burn = np.ones((BURN_IN, len(market.buckets)), bool)
    seen = np.isfinite(market.returns)
    made = drawn(process, streams, np.concatenate([burn, seen]), histories)[BURN_IN:]
    table = compared(market, made)
    nu = law.residuals.nu
    return {
        "log_likelihood": law.fit.log_likelihood,
        "nu": np.inf if nu is None else nu,
        "statistics": len(table),
        "outside": int(table.outside.sum()),
        "leverage_outside": int(table[table.family == "leverage"].outside.sum()),
        **measured(market, made),
    }


def compared(market: Market, made: Array) -> pd.DataFrame:
    """Every statistic of the data beside its band of histories [day, bucket, history]."""
    return beside(
        *(statistics(x, market.buckets, market.watched) for x in (market.returns[:, :, None], made))
    )


def measured(market: Market, made: Array) -> dict[str, float]:
    """Days of extreme z of CSI 1000 less CSI 300, falls to a rise, its volatility in the median year."""
    series = f"{market.watched.middle}-{market.watched.large}"
    found = {
        one.name.split(",")[0]: float(one.value.mean())
        for one in extremes(made, market.buckets, market.watched)
        if one.series == series
    }
    return {
        "z_5": found["z <= -5"],
        "z_7": found["z <= -7"],
        "falls_to_a_rise": found[f"z <= -{EVEN}"] / found[f"z >= {EVEN}"],
        "volatility": volatility(market, made),
    }


def volatility(market: Market, made: Array) -> float:
    """Of CSI 1000 less CSI 300, % a year: the median of all years of histories [day, bucket, history]."""
    place = [market.buckets.index(b) for b in (market.watched.middle, market.watched.large)]
    small, large = (np.expm1(made[:, p]) for p in place)
    years = len(made) // YEAR
    yearly = (small - large)[: years * YEAR].reshape(years, YEAR, -1).std(axis=1)
    return 100 * float(np.median(yearly) * np.sqrt(YEAR))


def frontier(rows: pd.DataFrame, market: Market) -> pd.DataFrame:
    """What every point [point] does to the targets that are missed, under the data's own figures."""
    figures = ["z_5", "z_7", "falls_to_a_rise", "volatility", "leverage_outside", "nu"]
    data = {"point": "data", **measured(market, market.returns[:, :, None])}
    return pd.concat([pd.DataFrame([data]), rows[["point", *figures]]], ignore_index=True)
