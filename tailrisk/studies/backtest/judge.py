"""How the forecasts did: coverage, clustering, the size of what went beyond, and scores side by side."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from arch.bootstrap import MCS
from numpy.typing import NDArray
from scipy.special import betaincinv

from ...tail import backtest, probability
from ...tail.backtest import SAME, Verdict
from ...tail.sample import exact_level
from .forecast import Forecasts, Plan

Array = NDArray[Any]

BASEL = 250
"""Days of a traffic light."""
REACH = 10
"""Days beyond the horizon over which scores and hits may be correlated: volatility comes in spells."""
CONFIDENCE = 0.9
"""Of the model confidence set."""
LEAST = 1e-4
"""An ES forecast is scored as at least one basis point: the score needs it positive."""


def judged(plan: Plan, made: Forecasts, loss: dict[int, Array]) -> pd.DataFrame:
    """A row per horizon, level, model and target. loss[horizon] [day, target], NaN where not yet known."""
    return pd.DataFrame(
        row(plan, horizon, level, model, t, *series)
        for horizon, level, model, t, series in every(plan, made, loss)
    )


def every(
    plan: Plan, made: Forecasts, loss: dict[int, Array]
) -> Iterator[tuple[int, str, str, int, tuple[Array, Array, Array]]]:
    """(horizon, level, model, target, (loss, VaR, ES) [day] of the days known)."""
    for h, horizon in enumerate(plan.horizons):
        known = np.isfinite(loss[horizon]).all(axis=1)
        for a, level in enumerate(plan.levels):
            for m, model in enumerate(plan.models):
                for t in range(len(plan.aims)):
                    var, es = (x[m, h, a, t, known] for x in (made.value_at_risk, made.expected_shortfall))
                    yield horizon, level, model, t, (loss[horizon][known, t], var, np.maximum(es, LEAST))


def row(
    plan: Plan, horizon: int, level: str, model: str, target: int, loss: Array, var: Array, es: Array
) -> dict[str, Any]:
    """Every test of one series.

    One day: Kupiec, independence, conditional coverage, traffic lights. More: hits overlap, so the mean hit
    is tested with a variance that has horizon + REACH - 1 autocovariances, and its interval is Clopper and
    Pearson's with the effective number of days rate (1 - rate) / variance. The same for Acerbi and Szekely's
    Z2, which is the mean of 1 - L 1{L > VaR} / ((1 - a) ES) over days.
    """
    tail = float(1 - exact_level(level))
    hit = backtest.hits(loss, var)
    reach = horizon + REACH if horizon > 1 else 1
    low, high = rate_interval(hit, tail, reach)
    gap = 1 - hit * loss / (tail * es)
    found: dict[str, Any] = {
        "horizon": horizon,
        "level": float(level),
        "model": model,
        "target": plan.aims[target].name,
        "days": len(loss),
        "hits": int(hit.sum()),
        "rate": hit.mean(),
        "rate_low": low,
        "rate_high": high,
        "coverage_p": against(hit, tail, reach).p_value,
        "independence_p": math.nan,
        "conditional_p": math.nan,
        "yellow": -1,
        "red": -1,
    }
    if horizon == 1:
        lights = [backtest.traffic_light(hit[i : i + BASEL], level=level).zone for i in whole(len(hit))]
        found |= {
            "coverage_p": backtest.kupiec(hit, level=level).p_value,
            "independence_p": backtest.independence(hit).p_value,
            "conditional_p": backtest.conditional_coverage(hit, level=level).p_value,
            "yellow": lights.count("yellow"),
            "red": lights.count("red"),
        }
    return found | {
        "z2": gap.mean(),
        "z2_p": against(gap, 0.0, horizon + REACH).p_value,
        "quantile_score": backtest.quantile_score(loss, var, level=level).mean(),
        "fz0": backtest.fz0_score(loss, var, es, level=level).mean(),
        "mean_var": var.mean(),
        "mean_es": es.mean(),
    }


def whole(days: int) -> range:
    """First days of the whole years of BASEL days; the days themselves where there is less than one."""
    return range(0, max(days - BASEL + 1, 1), BASEL)


def rate_interval(hit: Array, tail: float, reach: int) -> tuple[float, float]:
    """95 % interval of the chance of a hit; days of a series that overlaps count for fewer."""
    if reach == 1:
        found = probability(hit)
        return found.low, found.high
    rate, test = float(hit.mean()), against(hit, tail, reach)
    error = abs((rate - tail) / test.statistic) if test.statistic else math.nan
    effective = rate * (1 - rate) / error**2 if error > 0 and 0 < rate < 1 else len(hit) / reach
    count = rate * effective
    low = float(betaincinv(count, effective - count + 1, 0.025)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, effective - count, 0.975)) if count < effective else 1.0
    return low, high


def against(series: Array, expected: float, reach: int) -> Verdict:
    """Is the mean of a series [day] what it should be? Diebold and Mariano's statistic against a constant."""
    return backtest.diebold_mariano(
        series, np.full(len(series), expected), horizon=min(reach, len(series) - 1)
    )


def ranking(plan: Plan, table: pd.DataFrame, made: Forecasts, loss: dict[int, Array]) -> pd.DataFrame:
    """A row per horizon, level and model, best first: mean score over targets, and how it stands.

    behind_p: Diebold and Mariano against the best, scores averaged over targets each day; in_set: in the 90 %
    model confidence set (Hansen, Lunde & Nason 2011, stationary bootstrap). Tests counted pass at 5 %.
    """
    scores = daily_scores(plan, made, loss)
    rows = []
    for (horizon, level), daily in scores.items():
        reach = min(horizon + REACH, len(daily) - 1)
        best = daily.mean().idxmin()
        inside, p_values = confidence_set(daily, reach, plan.seed)
        for model in daily.mean().sort_values().index:
            own = table[(table.horizon == horizon) & (table.level == float(level)) & (table.model == model)]
            behind = backtest.diebold_mariano(daily[model], daily[best], horizon=reach)
            rows.append(
                {
                    "horizon": horizon,
                    "level": float(level),
                    "model": model,
                    "fz0": daily[model].mean(),
                    "behind": daily[model].mean() - daily[best].mean(),
                    "behind_p": behind.p_value,
                    "set_p": p_values[model],
                    "in_set": model in inside,
                    "rate": own.rate.mean(),
                    "coverage_passed": int((own.coverage_p > 0.05).sum()),
                    "conditional_passed": int((own.conditional_p > 0.05).sum()) if horizon == 1 else -1,
                    "z2_passed": int((own.z2_p > 0.05).sum()),
                    "red": int(own.red.sum()) if horizon == 1 else -1,
                    "targets": len(own),
                }
            )
    return pd.DataFrame(rows)


def daily_scores(plan: Plan, made: Forecasts, loss: dict[int, Array]) -> dict[tuple[int, str], pd.DataFrame]:
    """Fissler-Ziegel scores averaged over targets, [day, model], by horizon and level."""
    sums: dict[tuple[int, str], dict[str, Array]] = {}
    for horizon, level, model, _, (loss_, var, es) in every(plan, made, loss):
        score = backtest.fz0_score(loss_, var, es, level=level) / len(plan.aims)
        found = sums.setdefault((horizon, level), {})
        found[model] = found.get(model, 0.0) + score
    return {key: pd.DataFrame(found) for key, found in sums.items()}


def confidence_set(daily: pd.DataFrame, reach: int, seed: int) -> tuple[list[str], dict[str, float]]:
    """The models not shown to be worse than another, and each one's p-value.

    Models with the same scores stand or fall together: between them there is nothing to test.
    """
    twin = twins(daily)
    alone = daily[list(dict.fromkeys(twin.values()))]
    if alone.shape[1] == 1:
        return list(twin), dict.fromkeys(twin, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = MCS(alone, size=1 - CONFIDENCE, reps=1000, block_size=reach, seed=seed)
        found.compute()
    p_values = {str(name): float(p) for name, p in found.pvalues["Pvalue"].items()}
    inside = {str(name) for name in found.included}
    return [name for name in twin if twin[name] in inside], {name: p_values[twin[name]] for name in twin}


def twins(daily: pd.DataFrame) -> dict[str, str]:
    """Each model -> the first model whose scores [day] are its own, to within rounding."""
    found: dict[str, str] = {}
    for name in daily:
        own = daily[name].to_numpy()
        near = (one for one in dict.fromkeys(found.values()) if _same(own, daily[one].to_numpy()))
        found[str(name)] = next(near, str(name))
    return found


def _same(one: Array, other: Array) -> bool:
    return float(np.abs(one - other).max()) <= SAME * float(np.abs(one).max())
