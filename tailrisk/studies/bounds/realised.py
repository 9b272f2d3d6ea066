"""The tuned and the loose books on the prices that were: factors and futures, no specific return."""

from pathlib import Path

import numpy as np
import pandas as pd

from ...core.names import BUCKETS, CODES, FUTURES
from ...optimise.paths import Horizon, of_universe
from ...optimise.tuner import Outcome
from .study import Study

WINDOWS = {
    "2024-01-02 to 02-07": ("2023-12-29", "2024-02-07"),
    "2024-02-02 to 02-07": ("2024-02-02", "2024-02-07"),
    "2024-01-02 to 03-29": ("2023-12-29", "2024-03-29"),
}


def realised(it: Study, data: Path, chosen: dict[str, tuple[Outcome, Outcome]]) -> list[dict]:
    """Loss of the tuned and the loose books over each window, as fractions of NAV."""
    closes = pd.read_csv(data / "indices_daily.csv", dtype={"code": str}, usecols=["date", "code", "close"])
    closes = closes.assign(bucket=closes["code"].map(CODES)).dropna(subset="bucket")
    level = closes.pivot(index="date", columns="bucket", values="close")[list(BUCKETS)]
    styles = pd.read_csv(data / "style_factors_daily.csv", index_col=0)
    futures = pd.read_csv(data / "index_futures_daily.csv", usecols=["symbol", "date", "close"])
    listed = futures.pivot(index="date", columns="symbol", values="close")
    rows = []
    for window, (first, last) in WINDOWS.items():
        bucket = (level.loc[last] / level.loc[first] - 1).to_numpy()
        span = styles.index.astype(str)
        style = styles.loc[(span > first) & (span <= last), list(it.universe.styles)].sum().to_numpy()
        future = [rolled(listed, f, first, last) for f in FUTURES]
        path = Horizon(bucket[:, None], np.array(future)[:, None], style[:, None], it.universe.styles, 1)
        one = of_universe(it.universe, path, specific=False, futures=True)
        for name, points in chosen.items():
            tight, free = (float(point.losses(one)[0]) for point in points)
            rows.append(
                {"window": window, "product": name, "tuned": tight, "loose": free, "saved": free - tight}
            )
    return rows


def rolled(listed: pd.DataFrame, future: str, first: str, last: str) -> float:
    """Return of the contract that expires in March: the last listed on the first day and on the last."""
    ends = [listed.loc[day].to_dict() for day in (first, last)]
    for symbol in (f"{future}2403", f"{future}2406"):
        if all(np.isfinite(closes[symbol]) for closes in ends):
            start, end = (float(closes[symbol]) for closes in ends)
            return end / start - 1
    raise KeyError(f"no contract of {future} from {first} to {last}")
