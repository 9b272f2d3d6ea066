"""Where a config comes from: files of the library, products somebody wrote, replays it names."""

import os
from pathlib import Path

from tailrisk.core.errors import InputError

from . import library
from .explain import shown
from .layers import Layers, Mark
from .named import named
from .schema import Config


def shipped(config: Config, layers: Layers) -> tuple[str, ...]:
    """Names of the files of the library that this config extends or names, its own among them."""
    fields = [("market", "calibrated", config.market.calibrated)]
    if config.accounts is not None:
        fields.append(("accounts", "terms", config.accounts.terms))
    if config.crowd is not None:
        names = ("parameters", "snowballs", "market", *(["ensemble"] if config.crowd.ensemble else []))
        fields += [("crowd", name, getattr(config.crowd, name)) for name in names]
    files = [named((block, field), name, layers) for block, field, name in fields]
    served = {library.shipped(path) for path in [*map(Path, layers.files), *files]}
    return tuple(sorted(name for name in served if name is not None))


def own(config: Config, layers: Layers) -> tuple[str, ...]:
    """Products that a file outside the library, or an override, says something of."""
    marks = layers.marks.below.get("products")
    if marks is None:
        return ()
    return tuple(name for name in config.products if name in marks.below and _touched(marks.below[name]))


def _touched(mark: Mark) -> bool:
    """Whether anything at a place, or below it, was set by somebody other than the library."""
    if mark.below:
        return any(_touched(each) for each in mark.below.values())
    return library.shipped(Path(mark.latest.label)) is None


def episodes(config: Config, layers: Layers) -> dict[str, Path]:
    """The folders of replays that [scenarios] names: beside the file that names them, or from here."""
    if config.scenarios is None:
        return {}
    field, found = ("scenarios", "episodes"), {}
    source = layers.source(field)
    for name in config.scenarios.episodes:
        beside = Path(os.path.normpath(source.folder / name))
        folder = next((at for at in (beside, Path(name)) if (at / "daily.csv").is_file()), None)
        if folder is None:
            allowed = f"a folder that `tailrisk replay` made from your own prices; looked for {beside}"
            raise InputError(f"{source.label}: {'.'.join(field)}", f"{shown(name)}: no such replay", allowed)
        found[name] = folder
    return found
