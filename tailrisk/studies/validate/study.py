"""A model beside data: every statistic, the band of simulated histories, and what lies outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...assemble.world import assemble
from ...calibrate.fit import windowed
from ...calibrate.ladder import log_returns
from ...config import Config
from ...core import disk
from ...core.errors import InputError
from ...core.names import Names
from ...data.prices import digest, read_prices
from ...data.table import listing
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from . import page, pictures
from .histories import histories
from .statistics import WINDOW, by_role, statistics

Array = NDArray[Any]

BAND = 0.95
FEWEST = 20
LONG_RUN = ("market.start=stationary", "market.spread_drift=fitted", "run.precision=float64")
"""How a config is asked for its own long run, drifts and all, since it is data that it stands beside."""


@dataclass(frozen=True)
class Compared:
    """The data and the histories, and a row for every statistic."""

    table: pd.DataFrame  # series, family, name, data, low, median, high, outside
    data: Array  # [day, bucket]  log returns
    made: Array  # [day, bucket, history]
    days: pd.DatetimeIndex

    @property
    def outside(self) -> int:
        """Statistics of the data outside the band."""
        return int(self.table.outside.sum())

    def families(self) -> pd.DataFrame:
        """Statistics, those outside, and those expected to be, by family."""
        found = self.table.groupby("family", sort=False).outside.agg(["size", "sum"])
        return found.set_axis(["statistics", "outside"], axis=1).assign(
            expected=lambda x: (1 - BAND) * x.statistics
        )


def compare(
    config: Config,
    data: Path | Sequence[Path],
    *,
    since: str | None = None,
    until: str,
    count: int,
    accept: Sequence[str] = (),
) -> Compared:
    """`count` histories of the config's process beside the closes in `data` to `until`, both included.

    config: from its long run (LONG_RUN). Raises InputError for data that cannot be used.
    """
    if count < FEWEST:
        raise InputError("--histories", f"{count}", f"at least {FEWEST}, for a band of {BAND:.0%}")
    place = " + ".join(map(str, listing(data)))
    closes = read_prices(data, names=config.names, since=since, until=until, accept=accept)
    prices = windowed(place, closes, since, until, config.names)
    returns = log_returns(prices.to_numpy())
    least = int(np.isfinite(returns).sum(axis=0).min())
    if least <= WINDOW:
        raise InputError(place, f"{least} daily returns of a bucket", f"more than {WINDOW}, for a day's z")
    with jax.enable_x64(True):
        made = histories(assemble(config), np.isfinite(returns), count)
    shown, simulated = (
        statistics(x, config.names.buckets, by_role(config.names)) for x in (returns[:, :, None], made)
    )
    rows = []
    for one, many in zip(shown, simulated, strict=True):
        low, median, high = np.quantile(many.value, [(1 - BAND) / 2, 0.5, (1 + BAND) / 2])
        value = float(one.value[0])
        rows.append((one.series, one.family, one.name, value, low, median, high, not low <= value <= high))
    columns = ["series", "family", "name", "data", "low", "median", "high", "outside"]
    table = pd.DataFrame(rows, columns=columns)
    return Compared(table=table, data=returns, made=made, days=pd.DatetimeIndex(prices.index[1:]))


def validate(
    config: Config,
    data: Path,
    *,
    until: str,
    count: int,
    output: Path,
    force: bool,
    command: str,
    weather: Callable[[], pd.DataFrame] | None = None,
    accept: Sequence[str] = (),
) -> tuple[Path, Compared]:
    """Compare, and write table.csv, the pictures, README.md and record.json into the folder `output`.

    weather: makes the table of ordinary weather (studies.weather), of a config with a crowd: weather.csv.
    accept: what may be odd about the data, of data.daily.KINDS.
    """
    with replacing(output, force=force) as folder:
        found = compare(config, data, until=until, count=count, accept=accept)
        years = None if weather is None else weather()
        said = _said(config, data, found, output.name, count, command)
        _write(folder, found, config.names, years, said)
    return output, found


def _said(config: Config, data: Path, found: Compared, name: str, count: int, command: str) -> dict[str, Any]:
    return {
        "name": name,
        "question": "Does this model describe these data?",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "process": config.market.process,
        "data_sha256": digest(data),
        "config_sha256": config.digest(),
        "days": [str(found.days[0].date()), str(found.days[-1].date()), len(found.days)],
        "histories": count,
        "outside": found.outside,
        "statistics": len(found.table),
    }


def _write(
    folder: Path, found: Compared, names: Names, weather: pd.DataFrame | None, said: dict[str, Any]
) -> None:
    write_csv(found.table, folder / "table.csv", digits="%.6g", missing="")
    if weather is not None:
        write_csv(weather, folder / "weather.csv", digits="%.6g", missing="")
    for name, drawn in pictures.pictures(found.data, found.made, names).items():
        disk.write(folder / f"{name}.svg", drawn)
    disk.write(folder / "README.md", page.page(found.table, found.families(), said, weather))
    write_record(folder, {**said, **provenance.stamp()})
