"""A demo: its three parts, each in a folder of its own, and one page over them."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ...config import Config
from ...core import disk
from ...record import provenance
from ...record.files import write_csv
from ...record.run import run
from ...record.store import replacing, write_record
from ...report import study
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from ...report.page import write
from ..tune.run import publish as tune
from . import page, tables
from .config import Loaded
from .paired import Watched
from .picture import sides

Tell = Callable[[float, str], None]
Command = Callable[[str, str, Sequence[str]], str]
"""(verb, config, overrides) -> the command that gives a part."""


def publish(
    loaded: Loaded,
    output: Path,
    *,
    force: bool,
    command: str,
    part_command: Command,
    progress: bool,
    say: Callable[[str], None],
    bar: Callable[[], AbstractContextManager[Tell]],
) -> Path:
    """Run without the crowd, with it, tune; write output/<name> with the parts in it, and give its path.

    `say` prints which part begins, `bar` opens the progress bar of the tuning.
    Raises InputError where the folder may not be replaced, and what `run` and the tuning do.
    """
    folder, started = output / loaded.demo.name, time.perf_counter()
    with replacing(folder, force=force) as scratch:
        commands = {
            part: part_command("tune" if part == "tune" else "run", loaded.files[part], settings)
            for part, settings in loaded.overrides.items()
        }
        seen = {
            "run": _run(loaded.run, scratch, commands["run"], f"1/3 {page.ABOUT['run']}", progress, say),
            "crowd": _run(
                loaded.crowd, scratch, commands["crowd"], f"2/3 {page.ABOUT['crowd']}", progress, say
            ),
        }
        say(f"3/3 {page.ABOUT['tune']}: {loaded.tune.tune.paths:,} paths")
        with bar() as tell:
            told = commands["tune"]
            tune(loaded.tune, loaded.universe, scratch, force=True, command=told, tell=tell)
        made = {
            "regimes": tables.regimes(loaded.run),
            "odds": tables.odds(scratch, loaded, seen),
            "losses": tables.losses(scratch, loaded, seen),
        }
        _write(scratch, loaded, made, command, time.perf_counter() - started)
    return folder


def _run(
    config: Config, output: Path, command: str, label: str, progress: bool, say: Callable[[str], None]
) -> Watched:
    """One of the two runs, in its own folder; what it watched of every path."""
    say(f"{label}: {config.run.paths:,} paths")
    watched = Watched()
    run(config, output, force=True, command=command, progress=progress, finish=write, watch=watched)
    return watched


def _write(folder: Path, loaded: Loaded, made: dict[str, pd.DataFrame], command: str, seconds: float) -> None:
    """Tables, picture, README, record and page."""
    for name, table in made.items():
        write_csv(table, folder / f"{name}.csv", digits="%.10g", missing="")
    with printing(folder, BOTH):
        disk.write(folder / "sides.svg", sides(made["losses"], Say.of(loaded.run.report.recorded)))
    disk.write(folder / "README.md", page.text(folder, loaded, made))
    write_record(folder, record(loaded, command) | {"wall_seconds": round(seconds, 1)})
    study.write(folder)


def record(loaded: Loaded, command: str) -> dict[str, Any]:
    """What was asked, of which parts, and where it came from."""
    demo, fit = loaded.demo, loaded.run.calibrated.fit
    return {
        "name": demo.name,
        "question": demo.question,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "demo": {
            **demo.model_dump(mode="json"),
            "paths": loaded.crowd.run.paths,
            "last": str(fit.get("window", [""])[-1]),
        },
        "answers": page.ANSWERS,
        **loaded.run.report.recorded,
        "seed": loaded.run.run.seed,
        "days": loaded.run.run.days,
        "process": loaded.run.market.process,
        "calibration": fit,
        "config_sha256": {"without": loaded.run.digest(), "with": loaded.crowd.digest()},
        "market_sha256": loaded.tune.market.digest(),
        "universe": loaded.universe.label,
        **provenance.stamp(),
    }
