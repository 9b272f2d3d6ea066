"""A config from a file, a name of the library, or a dict with frames in it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from ..config import Config
from ..config import load as read
from ..config.schema import portable
from ..core.errors import InputError

Source = str | os.PathLike[str] | Mapping[str, Any] | Config
Overrides = Mapping[str, Any] | Sequence[str]
FRAMED = (
    "holdings",
    "universe",
    "calibrated",
    "history",
    "residuals",
    "alpha",
    "book",
    "benchmark",
    "stocks",
)
"""Fields that name a file, and may hold a frame or what writes itself as one instead."""
NOTHING = {"label": "own", "family": "own", "benchmark": "cash"}
"""A product of nothing, in the place of one that has still to be asked for its positions."""


def load(config: Source, overrides: Overrides = ()) -> Config:
    """A validated, frozen config; what `tailrisk check` reads.

    config: a TOML file, the name of one in the library, a dict of its tables, or a config, which is given
    back. In a dict a product's `holdings` and `universe` may be DataFrames, `market.calibrated` what
    `calibrate` gives, and a product an object with `label`, `benchmark` and `positions(names)`.
    overrides: {"run.paths": 1000}, or what --set takes, in order. Raises InputError listing every problem.

    >>> import tailrisk as tr
    >>> config = tr.load("smoke.toml", {"run.paths": 5000})
    >>> config.run.paths, config.run.days
    (5000, 20)
    >>> tr.load({"extends": "smoke.toml", "run": {"days": 5}}).run.days
    5
    """
    if isinstance(config, Config):
        if overrides:
            raise InputError("overrides", "of a config that is loaded", "a file, a name or a dict")
        return config
    with TemporaryDirectory(prefix="tailrisk") as place, called(Path(place)):
        said = words(overrides)
        if not isinstance(config, Mapping):
            return read(config, said)
        table = plain(config, Path(place), "config")
        own = {name: one for name, one in table.get("products", {}).items() if hasattr(one, "positions")}
        if not own:
            return read(table, said)
        empty = table | {"products": table["products"] | dict.fromkeys(own, NOTHING)}
        names = read(empty, said).names
        stated = {name: product(name, one, names) for name, one in own.items()}
        return read(table | {"products": table["products"] | stated}, said)


def product(name: str, it: Any, names: Any) -> dict[str, Any]:
    """The table of a product of the user's own: his object's fields, its positions by name."""
    eve = it.positions(names)
    parts = {"long": (eve.long, names.buckets), "short": (eve.short, names.contracts)}
    for field, (values, known) in parts.items():
        if len(values) != len(known):
            place = f"products.{name}: positions.{field}"
            raise InputError(place, f"{len(values)} numbers", f"one for each of {', '.join(known)}")
    held = {
        field: {key: float(value) for key, value in zip(known, values, strict=True) if value}
        for field, (values, known) in parts.items()
    }
    told = {"futures": float(eve.futures), "cash": float(eve.cash), "financed": float(eve.financed)}
    more = ("alpha_annual", "fee_annual", "cash_annual", "financing_annual", "margin_rate", "style_exposure")
    given = {field: getattr(it, field) for field in ("label", "benchmark", *more) if hasattr(it, field)}
    return {"label": name, "benchmark": "cash", "family": "own", **given, **held, **told}


def words(overrides: Overrides) -> list[str]:
    """`a.b=value` for each; values of a mapping as TOML."""
    if isinstance(overrides, Mapping):
        return [f"{key}={toml(key, value)}" for key, value in overrides.items()]
    if isinstance(overrides, str):
        raise InputError("overrides", repr(overrides), 'a list such as ["run.paths=1000"], or a dict')
    return list(overrides)


def toml(key: str, value: Any) -> str:
    """A value as TOML. Raises InputError for what TOML has no word for."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        return "'" + text + "'" if "'" not in text and text.isprintable() else _quoted(text)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} = {toml(key, v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple | np.ndarray):
        return "[" + ", ".join(toml(key, one) for one in value) + "]"
    raise InputError(f"overrides: {key}", f"a {type(value).__name__}", "a number, text, a list or a dict")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def plain(value: Any, folder: Path, name: str) -> Any:
    """A table of TOML's own types; a frame is written into `folder` as a file, and named."""
    if isinstance(value, Mapping):
        return {str(key): _named(value, str(key), folder, name) for key in value}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, pd.Series):
        return {str(key): plain(one, folder, name) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one, folder, name) for one in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _named(table: Mapping[str, Any], key: str, folder: Path, above: str) -> Any:
    value = table[key]
    if key in FRAMED and not isinstance(value, str | os.PathLike | Mapping | int | float):
        return written(value, folder, f"{above}.{key}")
    return plain(value, folder, key if above == "products" else f"{above}.{key}".removeprefix("config."))


def written(value: Any, folder: Path, name: str) -> str:
    """The path of a file that holds a frame, or what has `write(path)`. Raises InputError for neither."""
    if isinstance(value, pd.DataFrame):
        path = folder / f"{name}.csv"
        frame_csv(value, path)
    elif hasattr(value, "write"):
        path = folder / f"{name}.toml"
        value.write(path)
    else:
        raise InputError(name, f"a {type(value).__name__}", "the name of a file, or a DataFrame")
    return str(path)


def frame_csv(frame: pd.DataFrame, path: Path) -> None:
    """A frame as CSV, its index as the first column where it says something the columns do not."""
    named = frame.index.name
    name = named or ("date" if isinstance(frame.index, pd.DatetimeIndex) else "code")
    counted = isinstance(frame.index, pd.RangeIndex) or (named is None and name in frame.columns)
    table = frame if counted else frame.rename_axis(index=str(name)).reset_index()
    table.to_csv(path, index=False, lineterminator="\n")


@contextmanager
def called(folder: Path) -> Iterator[None]:
    """Messages that name a file in `folder` name what it was made from: the folder is nobody's business."""
    try:
        yield
    except InputError as error:
        cut = [
            str(text).replace(f"{folder}{os.sep}", "")
            for text in (error.place, error.problem, error.allowed, error.hint)
        ]
        raise InputError(*cut) from None


def command(verb: str, config: Source, overrides: Overrides = ()) -> str:
    """What is recorded as the command: the one that does the same, or the call where there is none."""
    import shlex

    if isinstance(config, Mapping | Config):
        return f"tailrisk.{verb}(config)"
    told = [part for word in words(overrides) for part in ("--set", _kept(word))]
    return shlex.join(["tailrisk", verb, portable(os.fspath(config)), *told])


def _kept(word: str) -> str:
    key, _, value = word.partition("=")
    return f"{key}={portable(value)}"
