"""The layers of a config: what a file extends, itself, and `a.b=value` on top."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from tailrisk.core.errors import InputError

from . import library
from .explain import shown, suggestion
from .layers import Layers, Source
from .toml_file import NUMBERS, read_toml, refuse_huge

DEPTH = 8


def located(path: str | os.PathLike[str]) -> Path:
    """The file itself, or the library's file of that name."""
    here = Path(path)
    return here if os.path.exists(here) else library.find(os.fspath(path)) or here


def chain(path: Path, above: tuple[Path, ...]) -> Layers:
    """The layers of a file: what it extends, then itself. Raises InputError on a cycle or a long chain."""
    met = (*above, path)
    if os.path.realpath(path) in map(os.path.realpath, above):
        raise InputError(str(path), "extends itself: " + " -> ".join(map(str, met)), "a chain that ends")
    if len(met) > DEPTH:
        raise InputError(str(met[0]), f"extends more than {DEPTH} files deep", f"a chain of at most {DEPTH}")
    return extended(read_toml(path), Source(str(path), path.parent), met)


def extended(content: dict[str, Any], source: Source, met: tuple[Path, ...]) -> Layers:
    """The layers of a table: what it extends, then itself; `met` are the files that led to it."""
    without = content.pop("without", None)
    if "extends" not in content:
        if without is not None:
            raise InputError(f"{source.label}: without", "of a config that extends none", "extends beside it")
        return Layers.of(source, content)
    parent = content.pop("extends")
    place, beside_it = f"{source.label}: extends", Path(source.label).name
    if not isinstance(parent, str) or not parent:
        raise InputError(place, shown(parent), "the name of a TOML file, relative to this one")
    beside = Path(os.path.normpath(source.folder / parent))
    target = beside if os.path.exists(beside) else library.find(parent)
    if target is None:
        raise InputError(place, f"{shown(parent)}: no such file", f"a file beside {beside_it}")
    return _dropped(chain(target, met), without, source)._replace(top=source).over(content, source)


def _dropped(layers: Layers, without: Any, source: Source) -> Layers:
    """The layers of a parent without the products named, or without `"all"`. Raises InputError for others."""
    products = layers.values.get("products", {})
    if without is None or not isinstance(products, dict):
        return layers
    names = list(products) if without == "all" else without
    place, allowed = f"{source.label}: without", f'"all", or some of {", ".join(products)}'
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(place, shown(without), allowed)
    for name in names:
        if name not in products:
            raise InputError(place, f"{shown(name)} is no product{suggestion(name, products)}", allowed)
    kept = {name: product for name, product in products.items() if name not in names}
    return layers._replace(values=layers.values | {"products": kept})


def parsed(override: str) -> tuple[dict[str, Any], Source]:
    """`a.b=value` as a nested table; the value is TOML, or a bare word taken as text."""
    place = f"--set {override if len(override) <= 60 else override[:57] + '...'}"
    allowed = "KEY=VALUE, such as run.paths=10000 or market.start=calm"
    key, equals, text = override.partition("=")
    steps = [step.strip() for step in key.split(".")]
    if not override.isprintable() or not equals or not all(re.fullmatch(r"[\w-]+", s) for s in steps):
        raise InputError(f"--set {shown(override)}", "is not an assignment", allowed)
    if steps[0] == "extends":
        raise InputError(place, "extends cannot be overridden", "a config file that extends another")
    said: Any = _value(place, text.strip())
    for step in reversed(steps):
        said = {step: said}
    return said, Source(place, Path())


def _value(place: str, text: str) -> Any:
    try:
        said = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        said = {}
    except ValueError:
        raise InputError(place, "a whole number of thousands of digits", NUMBERS) from None
    if list(said) == ["value"]:
        refuse_huge(place, said["value"])
        return said["value"]
    if not text or text[0] in "\"'[{":
        raise InputError(place, "the value is not TOML", 'a number, true, false, a word, "text" or [a, list]')
    return text
