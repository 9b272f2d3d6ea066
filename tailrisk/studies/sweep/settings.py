"""Where the axes of a sweep come from: a sweep file, and settings of a command over it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailrisk.core.errors import InputError

from ...config.explain import shown
from ...config.load import read_toml
from . import axes
from .axes import Axis, Range

AXES = ("grid", "zip", "design", "ensemble")
FIELDS = ("name", "question", "config", "fixed", *AXES)
DESIGN = ("method", "points", "seed", "ranges")


@dataclass
class Asked:
    """What is swept over which config, before any cell is made."""

    source: str  # the config
    fixed: dict[str, str] = field(default_factory=dict)
    axes: list[Axis] = field(default_factory=list)
    members: Any = None  # of the ensemble, a number or "all"
    name: str = ""
    question: str = ""

    def drop(self, key: str) -> None:
        """Forget a field that is set anew."""
        self.fixed.pop(key, None)
        self.axes = [left for axis in self.axes if (left := axis.without(key) if key in axis.keys else axis)]
        self.members = None if key == axes.MEMBER else self.members


def is_sweep(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a sweep file: one with a [grid], [zip], [design] or [ensemble]."""
    return os.path.isfile(path) and not set(AXES).isdisjoint(read_toml(Path(path)))


def of_file(path: str | os.PathLike[str]) -> Asked:
    """What a sweep file asks; a config alone asks for nothing. Raises InputError for what is not allowed."""
    if not is_sweep(path):
        return Asked(os.fspath(path))
    table = read_toml(Path(path))
    for name in table:
        if name not in FIELDS:
            raise InputError(f"{path}: {shown(name)}", "unknown field", ", ".join(FIELDS))
    config = table.get("config")
    if not isinstance(config, str):
        raise InputError(f"{path}: config", shown(config), "the name of a config file")
    beside, place = Path(path).parent / config, os.fspath(path)
    fixed = axes.flat(place, "fixed", table.get("fixed", {}))
    asked = Asked(
        os.fspath(beside) if beside.is_file() else config,
        {key: axes.text(place, key, value) for key, value in fixed},
        axes.grid(_lists(place, "grid", table.get("grid", {}))),
        name=str(table.get("name", "")),
        question=str(table.get("question", "")),
    )
    if "zip" in table:
        asked.axes.append(axes.zipped(f"{place}: zip", _lists(place, "zip", table["zip"])))
    if "design" in table:
        asked.axes.append(_design(place, table["design"]))
    if "ensemble" in table:
        asked.members = _members(place, table["ensemble"])
    return asked


def _lists(path: str, name: str, table: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, values in axes.flat(path, name, table):
        if not isinstance(values, list) or not values:
            raise InputError(f"{path}: {name}.{key}", shown(values), "a list of values")
        found[key] = [axes.text(path, key, value) for value in values]
    return found


def _design(path: str, table: Any) -> Axis:
    place = f"{path}: design"
    if not isinstance(table, Mapping) or not set(table) <= set(DESIGN) or "ranges" not in table:
        raise InputError(place, shown(table), f"a table of {', '.join(DESIGN)}")
    ranges = [
        axes.spread(f"{place}.ranges", key, value)
        for key, value in axes.flat(path, "design.ranges", table["ranges"])
    ]
    points, seed = table.get("points"), table.get("seed", 0)
    for name, value in (("points", points), ("seed", seed)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InputError(f"{place}.{name}", shown(value), "a whole number")
    assert isinstance(points, int)
    return axes.design(place, ranges, points, method=table.get("method", "sobol"), seed=seed)


def _members(path: str, table: Any) -> Any:
    if not isinstance(table, Mapping) or set(table) != {"members"}:
        raise InputError(f"{path}: ensemble", shown(table), 'members = a number, or "all"')
    return table["members"]


def assign(asked: Asked, settings: Sequence[str]) -> None:
    """Put `a.b=1,2` over what is asked: one value is fixed, several are an axis of their own."""
    for setting in settings:
        key, values = listed("--set", setting)
        asked.drop(key)
        if len(values) > 1:
            asked.axes += axes.grid({key: values})
        else:
            asked.fixed[key] = values[0]


def side_by_side(asked: Asked, settings: Sequence[str]) -> None:
    """Put `a.b=1,2` and `c=3,4` over what is asked, their values side by side."""
    if not settings:
        return
    table = dict(listed("--zip", setting, twice=True) for setting in settings)
    for key in table:
        asked.drop(key)
    asked.axes.append(axes.zipped("--zip", table))


def drawn(asked: Asked, settings: Sequence[str], points: int, method: str) -> None:
    """Put `a.b=LOW:HIGH`, with `:log` or `:whole`, over what is asked, as a quasi-random design."""
    if not settings:
        return
    ranges = [_range(setting) for setting in settings]
    for one in ranges:
        asked.drop(one.key)
    asked.axes.append(axes.design("--points", ranges, points, method=method))


def _range(setting: str) -> Range:
    key, _, text = setting.partition("=")
    low, _, rest = text.partition(":")
    high, _, scale = rest.partition(":")
    try:
        value = [float(low), float(high), scale or "linear"]
    except ValueError:
        allowed = "KEY=LOW:HIGH, KEY=LOW:HIGH:log or KEY=LOW:HIGH:whole"
        raise InputError(f"--draw {shown(setting)}", "is not a range", allowed) from None
    return axes.spread("--draw", key.strip(), value)


def listed(option: str, setting: str, *, twice: bool = False) -> tuple[str, list[str]]:
    """`a.b=1,2` as a key and its values; commas inside brackets, braces or quotes do not separate.

    Raises InputError for no assignment, an empty value, or, unless `twice`, one that is there twice.
    """
    key, equals, text = setting.partition("=")
    if not equals:
        allowed = "KEY=VALUE or KEY=VALUE,VALUE"
        raise InputError(f"{option} {shown(setting)}", "is not an assignment", allowed)
    values = _split(text)
    if not all(values) or (len(set(values)) < len(values) and not twice):
        problem = "a value is empty or there twice"
        raise InputError(f"{option} {shown(setting)}", problem, "VALUE,VALUE,...")
    return key.strip(), values


def _split(text: str) -> list[str]:
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
    return [value.strip() for value in values]
