"""Questions that a command answers with a folder, as functions: validate, tune, replay, backtest, sweep."""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..core.errors import InputError
from .config import Overrides, Source, called, command, load, plain, words
from .folder import Folder, placed
from .ladder import Ladder, files
from .precision import precision

if TYPE_CHECKING:
    from ..universe.universe import Universe

Prices = str | Path | pd.DataFrame | Ladder


class Validation(Folder):
    """A process beside data: `.table` has every statistic with its band, and whether the data lie outside."""

    main = "table"


class Tuning(Folder):
    """Tuned bounds: `.answer`, `.frontier` and the book in `.weights`."""

    main = "answer"


class Replay(Folder):
    """Real days with every product: `.daily`, `.windows`, `.reported`."""

    main = "windows"


class Backtest(Folder):
    """Forecasts judged: `.table` and `.ranking`."""

    main = "ranking"


class Sweep(Folder):
    """A grid of runs: `.sweep` has every cell's tail."""

    main = "sweep"

    @cached_property
    def record(self) -> dict[str, Any]:
        """The grid and its cells."""
        found: dict[str, Any] = json.loads((self.folder / "sweep.json").read_text(encoding="utf-8"))
        return found


def validate(
    config: Source,
    data: Prices,
    output: str | Path | None = None,
    *,
    overrides: Overrides = (),
    until: str | None = None,
    histories: int = 200,
    accept: Sequence[str] = (),
    force: bool = False,
) -> Validation:
    """Ask whether the market of a config describes closes: what `tailrisk validate` does.

    data: as `Ladder` takes it. until: by default the last day of the calibration. A config with a crowd is
    judged before anybody trades; the ordinary years it leaves are the command's. Raises InputError for data
    that cannot be used.
    """
    from ..studies.validate.study import LONG_RUN
    from ..studies.validate.study import validate as study

    if isinstance(config, Mapping | str | os.PathLike):
        loaded = load(config, [*words(overrides), *LONG_RUN])
    else:
        raise InputError("config", "is loaded already", "its file, name or dict: its long run is asked for")
    last = until or str(loaded.calibrated.fit.get("window", [None, "2999-12-31"])[1])
    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)), precision(x64=True):
        place, temporary = placed(output, "validation")
        study(
            loaded,
            files(data.closes if isinstance(data, Ladder) else data, Path(name)),
            until=last,
            count=histories,
            output=place,
            force=force,
            command=command("validate", config, overrides),
            accept=accept,
        )
    return Validation(place, temporary=temporary)


def replay(
    config: str | Path,
    output: str | Path | None = None,
    *,
    indices: Prices | None = None,
    futures: str | Path | pd.DataFrame | None = None,
    commodities: str | Path | pd.DataFrame | None = None,
    styles: str | Path | pd.DataFrame | None = None,
    accept: Sequence[str] = (),
    force: bool = False,
) -> Replay:
    """Replay a stretch of real days with every product: what `tailrisk replay` does.

    Prices are read from the files the config names, or from those given. output: the folder that gets the
    folder <name>. Raises InputError for days or prices that cannot be used.
    """
    from ..studies.replay.config import load_replay
    from ..studies.replay.run import replay as live

    given: dict[str, Any] = {"indices": indices, "futures": futures, "commodities": commodities}
    given["styles"] = styles
    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)), precision(x64=True):
        found = {
            key: files(one.closes if isinstance(one, Ladder) else one, Path(name), key)
            for key, one in given.items()
            if one is not None
        }
        place, temporary = placed(output)
        loaded = load_replay(config)
        told = command("replay", config)
        folder = live(loaded, place, **found, force=force, command=told, accept=accept)
    return Replay(folder, temporary=temporary)


def backtest(
    data: Prices,
    *,
    first: str,
    last: str,
    config: Source = "base.toml",
    overrides: Overrides = (),
    output: str | Path | None = None,
    levels: Sequence[str] = ("0.95", "0.99"),
    horizons: Sequence[int] = (1, 10),
    refit: str = "year",
    states: Sequence[int] = (1, 2, 3, 4),
    shocks: Sequence[str] = ("gaussian", "student"),
    memory: bool = False,
    starts: int = 6,
    seed: int = 0,
    accept: Sequence[str] = (),
    force: bool = False,
) -> Backtest:
    """Forecast tail losses day by day through history, and judge them: what `tailrisk backtest` does.

    Raises InputError for data that cannot be used.
    """
    from ..studies.backtest.study import backtest as study

    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)), precision(x64=True):
        place, temporary = placed(output, "backtest")
        study(
            files(data.closes if isinstance(data, Ladder) else data, Path(name)),
            load(config, overrides),
            first=first,
            last=last,
            levels=tuple(levels),
            horizons=tuple(horizons),
            refit=refit,
            states=tuple(states),
            shocks=tuple(shocks),
            starts=starts,
            seed=seed,
            output=place,
            force=force,
            command=command("backtest", config, overrides),
            progress=lambda done, what: None,
            memory=memory,
            accept=tuple(accept),
        )
    return Backtest(place, temporary=temporary)


def sweep(
    config: str | Path,
    grid: Mapping[str, Sequence[Any]],
    output: str | Path | None = None,
    *,
    fixed: Overrides = (),
    name: str | None = None,
    force: bool = False,
    page: bool = True,
) -> Sweep:
    """Run a config over a grid of settings, {"market.states": [2, 3, 4]}: what `tailrisk sweep` does.

    Raises InputError for a setting there is not, before anything is run.
    """
    from ..config.plan import fits, plan
    from ..report import page as report
    from ..studies.sweep import page as compared
    from ..studies.sweep.config import expand
    from ..studies.sweep.run import sweep as simulate
    from .config import toml

    told = [f"{key}={','.join(toml(key, value) for value in values)}" for key, values in grid.items()]
    wanted = expand(str(config), [*words(fixed), *told], name)
    for cell in wanted.cells:
        fits(plan(cell.config))
    place, temporary = placed(output)
    with precision(x64=wanted.cells[0].config.run.precision == "float64"):
        folder = simulate(
            wanted,
            place,
            force=force,
            command=lambda cell: command("run", config, list(cell.overrides)),
            progress=False,
            tell=lambda line: None,
            finish=compared.write if page else lambda folder: None,
            finish_cell=report.write if page else lambda folder: None,
        )
    return Sweep(folder, temporary=temporary)


def tune(
    config: str | Path | Mapping[str, Any],
    output: str | Path | None = None,
    *,
    overrides: Overrides = (),
    universe: "Universe | None" = None,
    force: bool = False,
) -> Tuning:
    """Find the style bounds that keep most alpha within an ES budget: what `tailrisk tune` does.

    config: a file, the name of one in the library, or a dict of its tables; in a dict desk.alpha,
    product.book, product.benchmark and stocks may be frames (or Series by code). universe: the stocks, of
    `tailrisk.universe`, in place of those the config names. Raises InputError for what cannot be used.
    """
    from ..config.load import located
    from ..studies.tune.config import load_tune, universe_of
    from ..studies.tune.run import publish

    told = words(overrides)
    with TemporaryDirectory(prefix="tailrisk") as name, called(Path(name)):
        said: Any = config
        if isinstance(config, Mapping):
            table = plain(_by_code(config), Path(name), "config")
            said = {**table, "stocks": "of the universe"} if universe is not None else table
        else:
            said = located(config)
        stocks = universe or universe_of(said, told)
        loaded = load_tune(said, stocks.styles, told)
        place, temporary = placed(output)
        with precision(x64=loaded.market.run.precision == "float64"):
            folder = publish(
                loaded,
                stocks,
                place,
                force=force,
                command=command("tune", config, overrides),
                tell=lambda done, what: None,
            )
    return Tuning(folder, temporary=temporary)


def _by_code(config: Mapping[str, Any]) -> dict[str, Any]:
    """A tuning whose Series by code are frames with a column code."""
    table = dict(config)
    for part, fields in (
        ("desk", {"alpha": "alpha"}),
        ("product", {"book": "weight", "benchmark": "weight"}),
    ):
        if not isinstance(table.get(part), Mapping):
            continue
        table[part] = dict(table[part])
        for field, column in fields.items():
            value = table[part].get(field)
            if isinstance(value, pd.Series):
                table[part][field] = value.rename(column).rename_axis("code").reset_index()
    return table
