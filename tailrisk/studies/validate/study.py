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
from ...report import study as of_study
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from . import page, pictures
from . import styles as style_study
from .further import further
from .histories import histories
from .statistics import WINDOW, Statistic, by_role, statistics

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
        return families(self.table)


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
    table = beside(shown, simulated)
    return Compared(table=table, data=returns, made=made, days=pd.DatetimeIndex(prices.index[1:]))


def beside(shown: Sequence[Statistic], simulated: Sequence[Statistic]) -> pd.DataFrame:
    """A row for every statistic: the data's, the band of the simulated ones, and whether it lies outside."""
    rows = []
    for one, many in zip(shown, simulated, strict=True):
        low, median, high = np.quantile(many.value, [(1 - BAND) / 2, 0.5, (1 + BAND) / 2])
        value = float(one.value[0])
        rows.append((one.series, one.family, one.name, value, low, median, high, not low <= value <= high))
    columns = ["series", "family", "name", "data", "low", "median", "high", "outside"]
    return pd.DataFrame(rows, columns=columns)


def families(table: pd.DataFrame) -> pd.DataFrame:
    """Statistics, those outside, and those expected to be, by family."""
    found = table.groupby("family", sort=False).outside.agg(["size", "sum"])
    return found.set_axis(["statistics", "outside"], axis=1).assign(
        expected=lambda x: (1 - BAND) * x.statistics
    )


def validate(
    config: Config,
    data: Path,
    *,
    until: str,
    count: int,
    output: Path,
    force: bool,
    command: str,
    weather: Callable[[], tuple[pd.DataFrame, pd.DataFrame]] | None = None,
    accept: Sequence[str] = (),
    styles: Path | None = None,
) -> tuple[Path, Compared]:
    """Compare, and write table.csv, the pictures, README.md and record.json into the folder `output`.

    Further tables: further.csv (tails together, drawdowns, spells of stress) and, where `styles` names a file
    of daily style returns, styles.csv.
    weather: makes the tables of ordinary weather and of the shape of routs (studies.weather), of a config
    with a crowd: weather.csv and routs.csv.
    accept: what may be odd about the data, of data.daily.KINDS.
    """
    with replacing(output, force=force) as folder:
        found = compare(config, data, until=until, count=count, accept=accept)
        years = None if weather is None else weather()
        more = {"further": further_of(config, found), "styles": styles_of(config, found, styles, until)}
        said = _said(config, data, found, output.name, count, command)
        _write(folder, found, config.names, years, more, said)
    return output, found


def further_of(config: Config, histories: Compared) -> pd.DataFrame:
    """Statistics beyond the 419, of the same histories."""
    buckets = config.names.buckets
    seen = by_role(config.names)
    return beside(further(histories.data[:, :, None], buckets, seen), further(histories.made, buckets, seen))


def styles_of(config: Config, histories: Compared, path: Path | None, until: str) -> pd.DataFrame | None:
    """Statistics of the styles; None where there are none to ask about, or no file of them.

    Raises InputError for a file of styles that cannot be used.
    """
    overlay = config.calibrated.styles
    if path is None or overlay is None:
        return None
    returns, rows = style_study.read(path, config, histories.days, until)
    data = histories.data[rows]
    with jax.enable_x64(True):
        style, ladder = style_study.histories(config, assemble(config), len(rows), histories.made.shape[2])
    shown = style_study.statistics(returns[:, :, None], data[:, :, None], overlay.names)
    return beside(shown, style_study.statistics(style, ladder, overlay.names))


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
        **config.report.recorded,
    }


def _write(
    folder: Path,
    found: Compared,
    names: Names,
    weather: tuple[pd.DataFrame, pd.DataFrame] | None,
    more: dict[str, pd.DataFrame | None],
    said: dict[str, Any],
) -> None:
    write_csv(found.table, folder / "table.csv", digits="%.6g", missing="")
    tables = more if weather is None else more | dict(zip(("weather", "routs"), weather, strict=True))
    for name, frame in tables.items():
        if frame is not None:
            write_csv(frame, folder / f"{name}.csv", digits="%.6g", missing="")
    with printing(folder, BOTH, {"autocorrelation": "memory"}):
        made = pictures.pictures(found.data, found.made, names, Say.of(said))
    for name, drawn in made.items():
        disk.write(folder / f"{name}.svg", drawn)
    disk.write(
        folder / "README.md", page.page(found.table, found.families(), said, weather, page.further(more))
    )
    write_record(folder, {**said, **provenance.stamp()})
    of_study.write(folder)
