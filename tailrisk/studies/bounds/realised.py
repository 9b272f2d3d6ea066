"""The tuned and the loose books on the prices that were: factors and futures, no specific return."""

from pathlib import Path

import numpy as np
import pandas as pd

from ...calibrate.futures import listed
from ...core.errors import InputError
from ...core.names import Names
from ...data.contracts import read_contracts
from ...data.prices import read_prices, read_styles
from ...optimise.paths import Horizon, of_universe
from ...optimise.tuner import Outcome
from .study import Study

WINDOWS = {
    "2024-01-02 to 02-07": ("2023-12-29", "2024-02-07"),
    "2024-02-02 to 02-07": ("2024-02-02", "2024-02-07"),
    "2024-01-02 to 03-29": ("2023-12-29", "2024-03-29"),
}


def realised(it: Study, data: Path, chosen: dict[str, tuple[Outcome, Outcome]]) -> list[dict]:
    """Loss of the tuned and the loose books over each window, as fractions of NAV.

    Raises InputError where the files of closes, futures or styles cannot be read or lack a day.
    """
    names = it.universe.names
    level = read_prices(data / "indices_daily.csv", names=names)[list(names.buckets)]
    styles = read_styles(data / "style_factors_daily.csv")
    futures = read_contracts(data / "index_futures_daily.csv", names=names).close
    rows = []
    for window, (first, last) in WINDOWS.items():
        for place, table in (("closes", level), ("futures", futures)):
            _covers(f"{data}: {place}", table, first, last)
        bucket = (level.loc[last] / level.loc[first] - 1).to_numpy()
        span = pd.DatetimeIndex(styles.index).strftime("%Y-%m-%d")
        style = styles.loc[(span > first) & (span <= last), list(it.universe.styles)].sum().to_numpy()
        future = [rolled(futures, f, first, last, names) for f in names.contracts]
        path = Horizon(bucket[:, None], np.array(future)[:, None], style[:, None], it.universe.styles, 1)
        one = of_universe(it.universe, path, specific=False, futures=True)
        for name, points in chosen.items():
            tight, free = (float(point.losses(one)[0]) for point in points)
            rows.append(
                {"window": window, "product": name, "tuned": tight, "loose": free, "saved": free - tight}
            )
    return rows


def _covers(place: str, table: pd.DataFrame, first: str, last: str) -> None:
    """Refuse a table that lacks one of two days."""
    for day in (first, last):
        if pd.Timestamp(day) not in table.index:
            raise InputError(place, f"nothing on {day}", "the first and the last day of every window")


def rolled(closes: pd.DataFrame, future: str, first: str, last: str, names: Names) -> float:
    """Return of the quarter contract that expires first, of those with a close on both days.

    Raises InputError where there is none.
    """
    for symbol in listed(closes, future, "quarter", names):
        start, end = (float(closes.loc[[day], symbol].iloc[0]) for day in (first, last))
        if np.isfinite(start) and np.isfinite(end):
            return end / start - 1
    raise InputError(f"{future}, {first} to {last}", "no contract with closes on both days", "one that has")
