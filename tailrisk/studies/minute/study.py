"""The minute's study as a folder: the set of answers, sellers, counterfactuals, the halt."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ...core import disk
from ...record.publishing import publish
from ...record.store import free
from ...report import study as report
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from . import attribution, counterfactual
from .config import Minute
from .grid import grid
from .halt import halt
from .page import page, picture


class Tables(NamedTuple):
    """What a study finds, a frame each; `halt` is None where the config has none."""

    points: pd.DataFrame
    sets: pd.DataFrame
    sellers: pd.DataFrame
    counterfactuals: pd.DataFrame
    halt: pd.DataFrame | None


def minute(config: Minute, tell: Callable[[float, str], None] = lambda done, what: None) -> Tables:
    """Every table of the study, in fractions of the fall unless a column says otherwise.

    InputError: a halt whose config or books there are not.
    """
    tell(0.0, "laws and parameters")
    points = grid(config)
    shares = attribution.shares(points)
    tell(0.2, "counterfactuals")
    found = counterfactual.counterfactuals(config, points, shares["possible"].to_numpy())
    tell(0.7, "the halt")
    waited = None if config.halt is None else halt(config.halt)
    split = attribution.sellers(config, points, config.seller)
    return Tables(shares, attribution.sets(shares), split, found, waited)


def study(
    config: Minute,
    output: Path,
    *,
    force: bool = False,
    command: str = "",
    tell: Callable[[float, str], None] = lambda done, what: None,
) -> tuple[Path, Tables]:
    """Write output/<name>: tables, picture, README.md, page and record; give the folder and the tables.

    InputError: as `minute`, or a folder that is there already and not to be replaced.
    """
    folder = output / config.name
    free(folder, force=force)
    tables = minute(config, tell)
    frames = {key: frame for key, frame in tables._asdict().items() if frame is not None}
    facts = {
        "kind": "minute",
        "question": config.question,
        "command": command,
        "minute": config.model_dump(mode="json"),
        **config.report.recorded,
    }

    def finish(place: Path) -> None:
        with printing(place, BOTH):
            disk.write(place / "sets.svg", picture(config, tables.sets, Say.of(facts)))
        report.write(place)

    publish(folder, config.name, frames, page(config, tables, command), facts, finish=finish)
    return folder, tables
