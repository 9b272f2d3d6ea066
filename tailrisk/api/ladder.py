"""The size ladder: daily closes of its buckets, and the market fitted to them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..config.load import read_market
from ..core.errors import InputError
from ..core.names import HOME
from .config import called, frame_csv

if TYPE_CHECKING:
    from ..universe.measure import Measured
    from ..universe.universe import Universe


class Ladder:
    """Daily closes of a market's buckets, read and judged as `tailrisk calibrate` reads them.

    prices: a file, several, or a DataFrame: wide (a date, a column a bucket or index code) or long (date,
    code, close). market: a market file. accept: kinds of oddity to go on with ("holes", "spikes", ...).
    Raises InputError for what cannot be daily closes.
    """

    def __init__(
        self,
        prices: "str | Path | Sequence[str | Path] | pd.DataFrame",
        *,
        market: str = HOME,
        accept: Sequence[str] = (),
    ) -> None:
        from ..data.prices import read_prices

        self.market, self.accept = market, tuple(accept)
        self.names = read_market(market)
        with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)):
            self.closes: pd.DataFrame = read_prices(
                files(prices, Path(name)), names=self.names, accept=accept
            )

    @property
    def returns(self) -> pd.DataFrame:
        """Log returns of a day, a column a bucket."""
        known = self.closes[[bucket for bucket in self.names.buckets if bucket in self.closes]]
        logs = pd.DataFrame(np.log(known.to_numpy()), index=known.index, columns=known.columns)
        return logs.diff().iloc[1:]

    @property
    def factors(self) -> pd.DataFrame:
        """The first bucket's log return, then each bucket's less that of the next larger one."""
        from ..calibrate.ladder import ladder

        moves = self.returns
        return pd.DataFrame(ladder(moves.to_numpy()), index=moves.index, columns=list(self.names.factors))

    def calibrate(self, until: str | None = None, **how: Any) -> "Fit":
        """`calibrate` of these closes."""
        return calibrate(self, until=until, **how)

    def __repr__(self) -> str:
        days, names = self.closes.index, ", ".join(map(str, self.closes))
        return f"<Ladder of {names}: {len(days)} days, {days[0].date()} to {days[-1].date()}>"


class Fit:
    """A market fitted to closes: what `tailrisk calibrate` writes.

    In a dict for `load` it is `{"market": {"calibrated": fit}}`; `write` makes the file. Regimes, memory and
    their errors are in `calibration`; `summary()` is what the command prints.
    """

    def __init__(self, text: str, calibration: Any) -> None:
        self.text, self.calibration = text, calibration

    def write(self, path: str | Path) -> Path:
        """The calibrated file, as `market.calibrated` names it."""
        from ..core import disk

        disk.replace(Path(path), self.text.encode("utf-8"))
        return Path(path)

    save = write

    def summary(self) -> str:
        """The regimes and their errors, for a terminal."""
        from ..calibrate.summary import summary

        return summary(self.calibration)

    def __repr__(self) -> str:
        first, last = self.calibration.window
        models = ", ".join(f"{one.states} {one.shocks}" for one in self.calibration.models)
        return f"<Fit of {self.calibration.days} days, {first} to {last}: {models}>"


def calibrate(
    prices: "str | Path | Sequence[str | Path] | pd.DataFrame | Ladder",
    *,
    until: str | None = None,
    since: str | None = None,
    states: Sequence[int] = (1, 2, 3, 4),
    shocks: Sequence[str] = ("gaussian", "student"),
    styles: str | Path | pd.DataFrame | None = None,
    starts: int = 8,
    seed: int = 0,
    memory: bool = True,
    limits: str | None = None,
    market: str = HOME,
    accept: Sequence[str] = (),
) -> Fit:
    """Fit regimes of the ladder, and with `memory` its volatility and trends, to daily closes.

    What `tailrisk calibrate` does; prices as `Ladder` takes them, until: the last day used (YYYY-MM-DD), by
    default the last there is; limits: daily price limits, as --limits. Raises InputError for closes that
    cannot be used.
    """
    from ..calibrate.fit import calibrate as fit
    from ..calibrate.memory_law import limits as daily

    if isinstance(prices, Ladder):
        market, accept, prices = prices.market, prices.accept, prices.closes
    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)):
        folder = Path(name)
        names = read_market(market)
        found = files(prices, folder)
        if until is None:
            from ..data.prices import read_prices

            until = str(read_prices(found, names=names, accept=accept).index[-1].date())
        overlay = None if styles is None else files(styles, folder, "styles")
        calibration = fit(
            found,
            until=until,
            since=since,
            states=tuple(states),
            shocks=tuple(shocks),
            styles_path=overlay,
            starts=starts,
            seed=seed,
            output=folder / "fit.toml",
            names=names,
            memory=memory,
            limit=daily(limits, names),
            accept=accept,
        )
        return Fit((folder / "fit.toml").read_text(encoding="utf-8"), calibration)


def universe(
    panel: "str | Path | Sequence[str | Path] | pd.DataFrame | int",
    *,
    until: str | None = None,
    styles: str | Path | pd.DataFrame | None = None,
    accept: Sequence[str] = (),
) -> "Universe":
    """Stocks on a day, their buckets, styles, specific risk and trading: what `tailrisk universe` measures.

    panel: files, or a DataFrame with the columns of `tailrisk universe --help`; or a number of synthetic
    stocks on the library's moments, for those who have none. Raises InputError for a panel too short.
    """
    from ..universe import default
    from ..universe.measure import measure

    if isinstance(panel, int):
        return default(stocks=panel)
    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)):
        folder = Path(name)
        found = files(panel, folder, "panel", parquet=True)
        paths = list(found) if isinstance(found, list | tuple) else [found]
        overlay = None if styles is None else files(styles, folder, "styles")
        measured: Measured = measure(paths, until=until, styles_path=overlay, accept=accept)
    return measured.universe


def files(table: Any, folder: Path, name: str = "prices", *, parquet: bool = False) -> Any:
    """The files themselves, or one in `folder` that holds a frame."""
    if isinstance(table, pd.DataFrame):
        path = folder / f"{name}.{'parquet' if parquet else 'csv'}"
        if parquet:
            table.to_parquet(path)
        else:
            frame_csv(table, path)
        return path
    if isinstance(table, str | Path):
        return Path(table)
    if isinstance(table, Mapping) or not isinstance(table, Sequence):
        raise InputError(name, f"a {type(table).__name__}", "a file, a list of files, or a DataFrame")
    return [Path(one) for one in table]
