"""A sweep: one config, all combinations of its axes over it, every cell a config of its own."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tailrisk.core.errors import InputError

from ...config.load import load
from ...config.schema import Config, canonical
from ...record.provenance import engine
from . import axes, settings
from .axes import CELLS, Axis
from .settings import Asked, is_sweep

__all__ = ["Cell", "Sweep", "expand", "is_sweep", "key_of"]

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
SLUG = 45
"""Characters of a cell's name that its settings may take."""
KEY = 16
"""Characters of a cell's digest in its name."""
UNNAMED = "cell"


@dataclass(frozen=True)
class Cell:
    """One point of the sweep: its folder's name, its settings, and the config they make.

    The name ends with a digest of all that decides the result, so that a cell is found again wherever its
    values stand in the sweep, and in other sweeps.
    """

    name: str
    settings: tuple[str, ...]  # of each key of the sweep, as TOML
    overrides: tuple[str, ...]  # everything set over the config, name included
    config: Config

    @property
    def key(self) -> str:
        """The digest of what decides its result."""
        return self.name[-KEY:]


@dataclass(frozen=True)
class Sweep:
    """Every cell, in the order of the axes: the last runs fastest."""

    name: str
    question: str
    source: str  # the config swept over
    keys: tuple[str, ...]
    cells: tuple[Cell, ...]


def expand(
    path: str | os.PathLike[str],
    texts: Sequence[str] = (),
    name: str | None = None,
    *,
    zipped: Sequence[str] = (),
    drawn: Sequence[str] = (),
    points: int = 64,
    method: str = "sobol",
    members: int | str | None = None,
) -> Sweep:
    """The sweep of a sweep file, or of a config and settings; every cell is checked.

    A sweep file is TOML: config, and [grid] with a list of values a field, [zip] with lists side by side,
    [design] with ranges of quasi-random points, [ensemble]; name, question and [fixed] if wanted. texts:
    `a.b=1,2`, over the file's: one value is fixed, several are swept; zipped: the same, side by side; drawn:
    `a.b=LOW:HIGH`, so many points by `method`; members: of the ensemble, or "all".
    Raises InputError where there is nothing to sweep, a cell is not valid, or precision differs among cells.
    """
    asked = settings.of_file(path)
    settings.assign(asked, texts)
    settings.side_by_side(asked, zipped)
    settings.drawn(asked, drawn, points, method)
    asked.members = asked.members if members is None else members
    fixed = _assigned(asked.fixed)
    if asked.members is not None:
        asked.axes.append(axes.members("members", asked.source, fixed, asked.members))
    if not asked.axes:
        raise InputError(os.fspath(path), "has nothing to sweep", "--set KEY=VALUE,VALUE or a [grid] table")
    title = name or asked.name or f"{load(asked.source, fixed).name}_sweep"
    if not NAME.match(title):
        raise InputError("--name", repr(title), "letters, digits, - and _")
    keys = tuple(key for axis in asked.axes for key in axis.keys)
    if len(set(keys)) < len(keys):
        raise InputError("sweep", f"a field is swept twice: {', '.join(keys)}", "every field on one axis")
    question = asked.question or f"What moves with {', '.join(keys)}?"
    return Sweep(title, question, asked.source, keys, _cells(asked, keys))


def _points(every: Sequence[Axis]) -> list[tuple[str, ...]]:
    """All combinations, the last axis fastest. Raises InputError for more than CELLS."""
    count = 1
    for axis in every:
        count *= len(axis.points)
    if count > CELLS:
        raise InputError("sweep", f"{count:,} cells", f"at most {CELLS:,}")
    return [sum(point, ()) for point in product(*(axis.points for axis in every))]


def _cells(asked: Asked, keys: tuple[str, ...]) -> tuple[Cell, ...]:
    cells, fixed = [], _assigned(asked.fixed)
    for point in _points(asked.axes):
        own = dict(zip(keys, point, strict=True))
        overrides = (*fixed, *_assigned(own))
        config = load(asked.source, (*overrides, f"name={UNNAMED}"))
        name = f"{_slug(own)}-{key_of(config)}"
        config = config.model_copy(update={"name": name})
        cells.append(Cell(name, point, (*overrides, f"name={name}"), config))
    if len({cell.key for cell in cells}) < len(cells):
        raise InputError("sweep", "two cells have the same config", "every value once")
    if len({cell.config.run.precision for cell in cells}) > 1:
        raise InputError("run.precision", "differs among cells", "one precision for a whole sweep")
    return tuple(cells)


def _assigned(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in values.items())


def key_of(config: Config) -> str:
    """Of what decides a result: its config but for the name, its files, the engine and its numbers."""
    unnamed = config.model_copy(update={"name": UNNAMED})
    decides = {"config": unnamed.digest(), "name": UNNAMED, **engine()}
    return hashlib.sha256(canonical(decides).encode()).hexdigest()[:KEY]


def _slug(own: Mapping[str, Any]) -> str:
    """`panic-0_5-seed-1`: the last word of each key with its value."""
    words = (f"{key.split('.')[-1]}-{value}" for key, value in own.items())
    text = re.sub(r"[^A-Za-z0-9-]+", "_", "-".join(words))[:SLUG].strip("_-")
    return text or UNNAMED
