"""The axes of a sweep: lists, zipped lists, quasi-random points, members of a matched ensemble.

The cells of a sweep are all combinations of the points of its axes; one axis may set several fields at once.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tailrisk.core.errors import InputError

from ...config.explain import shown
from ...config.load import load

WORD = re.compile(r"^(?!(true|false|inf|nan)$)[A-Za-z_][\w.-]*$")
"""Text that TOML cannot take for anything else, and `load` takes bare."""
METHODS = ("sobol", "halton", "latin")
SCALES = ("linear", "log", "whole")
MEMBER = "crowd.member"
CELLS = 10_000
"""More is a slip of the keyboard."""

Point = tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """Points of one or more fields that are set together, each value as TOML."""

    keys: tuple[str, ...]
    points: tuple[Point, ...]

    def without(self, key: str) -> "Axis | None":
        """The axis with one field less, each point once; None where it had no other."""
        stay = [k for k, name in enumerate(self.keys) if name != key]
        points = dict.fromkeys(tuple(point[k] for k in stay) for point in self.points)
        return Axis(tuple(self.keys[k] for k in stay), tuple(points)) if stay else None


@dataclass(frozen=True)
class Range:
    """Where a field of a quasi-random design lies: low to high, even in itself or its logarithm, or whole."""

    key: str
    low: float
    high: float
    scale: str = "linear"

    def text(self, unit: float) -> str:
        """The value at a point of [0, 1)."""
        if self.scale == "whole":
            return str(min(int(self.low + unit * (self.high - self.low + 1)), int(self.high)))
        if self.scale == "log":
            return f"{self.low * (self.high / self.low) ** unit:.6g}"
        return f"{self.low + unit * (self.high - self.low):.6g}"


def grid(table: Mapping[str, Sequence[str]]) -> list[Axis]:
    """An axis a field: the grid is all combinations."""
    return [Axis((key,), tuple((value,) for value in values)) for key, values in table.items()]


def zipped(place: str, table: Mapping[str, Sequence[str]]) -> Axis:
    """Lists that run side by side. Raises InputError where their lengths differ."""
    lengths = {key: len(values) for key, values in table.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise InputError(place, listed, "lists of one length, their values side by side")
    return Axis(tuple(table), tuple(zip(*table.values(), strict=True)))


def design(place: str, ranges: Sequence[Range], points: int, *, method: str = "sobol", seed: int = 0) -> Axis:
    """Quasi-random points of several fields.

    Scrambled Sobol', Owen (1998); scrambled Halton; Latin hypercube, McKay et al. (1979). InputError: a
    method there is not, no points, or a number of Sobol' points that is no power of two.
    """
    if method not in METHODS:
        raise InputError(f"{place}: method", shown(method), ", ".join(METHODS))
    if not 1 <= points <= CELLS:
        raise InputError(f"{place}: points", shown(points), f"1 to {CELLS:,}")
    if method == "sobol" and points & (points - 1):
        allowed = f"a power of two, such as {2 ** points.bit_length()}, for sobol; any for halton, latin"
        raise InputError(f"{place}: points", shown(points), allowed)
    units = _units(len(ranges), points, method, seed)
    rows = (tuple(r.text(float(u)) for r, u in zip(ranges, row, strict=True)) for row in units)
    return Axis(tuple(r.key for r in ranges), tuple(dict.fromkeys(rows)))


def _units(dimension: int, points: int, method: str, seed: int) -> NDArray[np.float64]:
    """Points of the unit cube [point, field]."""
    from scipy.stats import qmc

    makers = {"sobol": qmc.Sobol, "halton": qmc.Halton, "latin": qmc.LatinHypercube}
    found: NDArray[np.float64] = makers[method](dimension, rng=np.random.default_rng(seed)).random(points)
    return found


def spread(place: str, key: str, value: Any) -> Range:
    """[low, high] or [low, high, "log" or "whole"] as a range. Raises InputError for what is none."""
    allowed = '[low, high], or with a third of "log" (low above 0) or "whole"'
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise InputError(f"{place}.{key}", shown(value), allowed)
    low, high, scale = (*value, "linear")[:3]
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (low, high))
    if not numbers or scale not in SCALES or not -1e300 < low < high < 1e300:
        raise InputError(f"{place}.{key}", shown(value), allowed)
    if (scale == "log" and low <= 0) or (scale == "whole" and (low % 1 or high % 1)):
        raise InputError(f"{place}.{key}", shown(value), allowed)
    return Range(key, low, high, scale)


def members(place: str, source: str | os.PathLike[str], fixed: Sequence[str], wanted: Any) -> Axis:
    """The best sets of the crowd's ensemble, or "all". Raises InputError where the config has none."""
    config = load(source, [*fixed, "name=cell"])
    crowd = config.attached.crowd
    there = 0 if crowd is None else crowd.members
    if there == 0:
        raise InputError(place, "the config has no ensemble", "a config with crowd.ensemble")
    count = there if wanted == "all" else wanted
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= there:
        raise InputError(place, shown(wanted), f'1 to {there}, or "all"')
    return Axis((MEMBER,), tuple((str(k),) for k in range(count)))


def text(place: str, key: str, value: Any) -> str:
    """A value as TOML, a word bare. Raises InputError where it is none of number, flag, text, list."""
    if isinstance(value, str) and WORD.match(value):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        allowed = "numbers, true, false, text, lists of these"
        raise InputError(f"{place}: {key}", shown(value), allowed) from None


def flat(place: str | Path, name: str, table: Any, above: str = "") -> list[tuple[str, Any]]:
    """Nested tables as (dotted key, value). Raises InputError for what is no table."""
    if not isinstance(table, Mapping):
        raise InputError(f"{place}: {name}", shown(table), "a table of fields")
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        inner = isinstance(value, Mapping)
        pairs += flat(place, name, value, f"{above}{key}.") if inner else [(f"{above}{key}", value)]
    return pairs
