"""A sweep: one config, a grid of settings over it, every cell a config of its own."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tailrisk.core.errors import InputError

from ...config.explain import shown
from ...config.load import load, read_toml
from ...config.schema import Config, canonical
from ...record.provenance import engine

CELLS = 1000
"""More is a slip of the keyboard."""
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
WORD = re.compile(r"^(?!(true|false|inf|nan)$)[A-Za-z_][\w.-]*$")
"""Text that TOML cannot take for anything else, and `load` takes bare."""
FIELDS = ("name", "question", "config", "fixed", "grid")
SLUG = 48
"""Characters of a cell's name that its settings may take."""
KEY = 10
"""Characters of a cell's digest in its name."""
UNNAMED = "cell"


@dataclass(frozen=True)
class Cell:
    """One point of the grid: its folder's name, its settings, and the config they make.

    The name ends with a digest of all that decides the result, so that a cell is found again wherever its
    values stand in the grid.
    """

    name: str
    settings: tuple[str, ...]  # of each key of the sweep, as TOML
    overrides: tuple[str, ...]  # everything set over the config, name included
    config: Config


@dataclass(frozen=True)
class Sweep:
    """Every cell, in the order of the grid: the last key runs fastest."""

    name: str
    question: str
    source: str  # the config swept over
    keys: tuple[str, ...]
    cells: tuple[Cell, ...]


def expand(path: str | os.PathLike[str], said: Sequence[str] = (), name: str | None = None) -> Sweep:
    """The sweep of a sweep file, or of a config and `a.b=1,2` settings; every cell is checked.

    A sweep file is TOML: config, and [grid] with a list of values a field; name, question and [fixed] if
    wanted. Settings come over the file's; one value is fixed, several are swept.
    Raises InputError where there is nothing to sweep, a cell is not valid, or precision differs among cells.
    """
    source, fixed, grid, title, question = _file(path)
    for setting in said:
        key, values = _setting(setting)
        fixed.pop(key, None)
        grid.pop(key, None)
        if len(values) > 1:
            grid[key] = values
        else:
            fixed[key] = values[0]
    if not grid:
        raise InputError(os.fspath(path), "has nothing to sweep", "--set KEY=VALUE,VALUE or a [grid] table")
    title = name or title or f"{load(source, _assigned(fixed)).name}_sweep"
    if not NAME.match(title):
        raise InputError("--name", repr(title), "letters, digits, - and _")
    cells = _cells(source, fixed, grid)
    question = question or f"What moves with {', '.join(grid)}?"
    return Sweep(title, question, source, tuple(grid), cells)


def is_sweep(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a sweep file: one with a [grid]."""
    return os.path.isfile(path) and "grid" in read_toml(Path(path))


def _file(path: str | os.PathLike[str]) -> tuple[str, dict[str, str], dict[str, list[str]], str, str]:
    """(config, fixed, grid, name, question) of a sweep file; a config alone has only itself."""
    if not is_sweep(path):
        return os.fspath(path), {}, {}, "", ""
    said = read_toml(Path(path))
    for field in said:
        if field not in FIELDS:
            raise InputError(f"{path}: {shown(field)}", "unknown field", ", ".join(FIELDS))
    config = said.get("config")
    if not isinstance(config, str):
        raise InputError(f"{path}: config", shown(config), "the name of a config file")
    beside = Path(path).parent / config
    fixed = {key: _text(path, key, value) for key, value in _flat(path, "fixed", said.get("fixed", {}))}
    grid: dict[str, list[str]] = {}
    for key, values in _flat(path, "grid", said["grid"]):
        if not isinstance(values, list) or not values:
            raise InputError(f"{path}: grid.{key}", shown(values), "a list of values")
        grid[key] = [_text(path, key, value) for value in values]
    source = os.fspath(beside) if beside.is_file() else config
    return source, fixed, grid, str(said.get("name", "")), str(said.get("question", ""))


def _flat(path: Any, place: str, table: Any, above: str = "") -> list[tuple[str, Any]]:
    """Nested tables as (dotted key, value)."""
    if not isinstance(table, Mapping):
        raise InputError(f"{path}: {place}", shown(table), "a table of fields")
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        inner = isinstance(value, Mapping)
        found += _flat(path, place, value, f"{above}{key}.") if inner else [(f"{above}{key}", value)]
    return found


def _text(path: Any, key: str, value: Any) -> str:
    """A value as TOML, a word bare. Raises InputError where it is none of number, flag, text, list."""
    if isinstance(value, str) and WORD.match(value):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        allowed = "numbers, true, false, text, lists of these"
        raise InputError(f"{path}: {key}", shown(value), allowed) from None


def _setting(setting: str) -> tuple[str, list[str]]:
    """`a.b=1,2` as a key and its values; commas inside brackets, braces or quotes do not separate."""
    key, equals, text = setting.partition("=")
    if not equals:
        raise InputError(f"--set {shown(setting)}", "is not an assignment", "KEY=VALUE or KEY=VALUE,VALUE")
    values, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        depth += (character in "[{") - (character in "]}") if not quote else 0
        if character == "," and depth == 0 and not quote:
            values.append("")
        else:
            values[-1] += character
    values = [value.strip() for value in values]
    if not all(values) or len(set(values)) < len(values):
        raise InputError(f"--set {shown(setting)}", "a value is empty or there twice", "VALUE,VALUE,...")
    return key.strip(), values


def _cells(source: str, fixed: dict[str, str], grid: dict[str, list[str]]) -> tuple[Cell, ...]:
    points = list(product(*grid.values()))
    if len(points) > CELLS:
        raise InputError("grid", f"{len(points):,} cells", f"at most {CELLS:,}")
    cells = []
    for point in points:
        overrides = (*_assigned(fixed), *_assigned(dict(zip(grid, point, strict=True))))
        config = load(source, (*overrides, f"name={UNNAMED}"))
        name = f"{_slug(grid, point)}-{_key(config)}"
        config = config.model_copy(update={"name": name})
        cells.append(Cell(name, point, (*overrides, f"name={name}"), config))
    if len({cell.name[-KEY:] for cell in cells}) < len(cells):
        raise InputError("grid", "two values of a field are the same", "every value once")
    if len({cell.config.run.precision for cell in cells}) > 1:
        raise InputError("run.precision", "differs among cells", "one precision for a whole sweep")
    return tuple(cells)


def _assigned(settings: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in settings.items())


def _key(config: Config) -> str:
    """Of what decides a cell's result: its config but for the name, its files, the engine and its numbers."""
    said = {"config": config.digest(), "name": UNNAMED, **engine()}
    return hashlib.sha256(canonical(said).encode()).hexdigest()[:KEY]


def _slug(grid: Mapping[str, Any], point: Sequence[str]) -> str:
    """`panic-0_5-seed-1`: the last word of each key with its value."""
    words = (f"{key.split('.')[-1]}-{value}" for key, value in zip(grid, point, strict=True))
    text = re.sub(r"[^A-Za-z0-9-]+", "_", "-".join(words))[:SLUG].strip("_-")
    return text or UNNAMED
