"""Each series of forecasts under watch: wealth by day, alarms, and the tests of the whole stretch beside."""

import math
from typing import Any

import numpy as np
import pandas as pd

from ...tail import backtest, calibration, sequential
from ...tail.backtest import Verdict
from .read import SERIES

WARNINGS = (2.0, 5.0, 10.0)
"""Wealth that is said before a rejection: the levels of Wang, Wang & Ziegel (2022)."""


def table(rows: pd.DataFrame, reject: float, bets: sequential.Bets) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(a row a series, wealth by day in long form); rows as `read.watched` gives them."""
    found, days = [], []
    for key, own in rows.groupby(SERIES, sort=False):
        said: dict[str, Any] = dict(zip(SERIES, key, strict=True))
        apart = own.iloc[:: int(said["horizon"])]  # losses of several days overlap but for every h-th
        process = processes(apart, f"{said['level']:.6g}", bets)
        found.append(said | summary(apart, process, reject) | whole(apart, f"{said['level']:.6g}"))
        wealth = {f"wealth_{name}": one.wealth.to_numpy() for name, one in process.items()}
        days.append(pd.DataFrame(said | {"date": apart["date"].to_numpy()} | wealth))
    return pd.DataFrame(found), pd.concat(days, ignore_index=True)


def processes(own: pd.DataFrame, level: str, bets: sequential.Bets) -> dict[str, sequential.EProcess]:
    """The bets against VaR, and against ES where it is forecast, of one series' rows."""
    series = own.set_index("date")
    loss, var = series["loss"], series["value_at_risk"]
    found = {"var": sequential.e_process(loss, var, level=level, bets=bets)}
    if "expected_shortfall" in own:
        found["es"] = sequential.e_process(loss, var, series["expected_shortfall"], level=level, bets=bets)
    return found


def summary(own: pd.DataFrame, process: dict[str, sequential.EProcess], reject: float) -> dict[str, Any]:
    """Days, losses beyond VaR, and for VaR and ES the day of each warning, of rejection, and the wealth."""
    found: dict[str, Any] = {
        "days": len(own),
        "hits": int((own["loss"] > own["value_at_risk"]).sum()),
        "first": day(own["date"].iloc[0]),
        "last": day(own["date"].iloc[-1]),
    }
    for name, one in process.items():
        found |= {f"{name}_warning_{level:g}": day(one.alarm(level)) for level in WARNINGS}
        found |= {
            f"{name}_rejected": day(one.alarm(reject)),
            f"{name}_peak": float(one.wealth.max()),
            f"{name}_wealth": float(one.wealth.iloc[-1]),
            f"{name}_p": one.p_value,
        }
    return found


def whole(own: pd.DataFrame, level: str) -> dict[str, Any]:
    """p-values of the usual tests on the whole stretch, which may be looked at once, at its end."""
    loss, var = own["loss"].to_numpy(), own["value_at_risk"].to_numpy()
    found = {"kupiec_p": backtest.kupiec(backtest.hits(loss, var), level=level).p_value}
    if "expected_shortfall" not in own:
        return found
    es = own["expected_shortfall"].to_numpy()
    tests = {
        "calibration_p": lambda: calibration.conditional_calibration(loss, var, es, level=level),
        "calibration_one_sided_p": lambda: calibration.conditional_calibration(
            loss, var, es, level=level, one_sided=True
        ),
        "esr_strict_p": lambda: calibration.regression(loss, es, level=level),
        "esr_auxiliary_p": lambda: calibration.regression(loss, es, var, level=level),
        "esr_intercept_p": lambda: calibration.intercept(loss, es, level=level),
    }
    good = bool((es > 0).all())
    return found | {
        name: (test() if good else Verdict(math.nan, math.nan)).p_value for name, test in tests.items()
    }


def day(when: Any) -> str:
    """A day as YYYY-MM-DD; empty for none."""
    return "" if when is None else str(np.datetime64(when, "D"))
