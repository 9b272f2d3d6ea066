"""What a demo says: a run without the crowd, one with it on the same paths, and a tuning of one product."""

import os
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from ...config import library
from ...config.layers import Layers, Source
from ...config.load import load, located, parsed, read_toml, valid
from ...config.model import Model
from ...config.plan import fits, plan
from ...config.report import LanguageBlock
from ...config.schema import Config
from ...core.errors import InputError
from ...universe import Universe
from ..tune.config import Loaded as Tuning
from ..tune.config import load_tune, universe_of
from ..tune.time import seconds as tuning_time

PARTS = {"run": "without", "crowd": "with", "tune": "bounds"}
"""Part of the config -> its folder on the page."""
SHARED = ("run.seed", "run.paths", "run.days", "run.precision", "tail.losses", "tail.excess")
"""Fields that the two runs must agree on for their paths to be pairs."""


class Part(Model):
    """A config and what is set over it, as by --set."""

    config: str = Field(min_length=1, description="a file, beside this one or of the library")
    set: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="KEY=VALUE, as for --set"
    )


class Demo(Model):
    """One demo; results go to results/<name>."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    question: str = Field(min_length=1, max_length=300)
    product: str = Field(description="the product tuned, by its name in the runs")
    level: float = Field(default=0.95, ge=0.5, lt=1, description="of the losses side by side")
    run: Part = Field(description="without the crowd")
    crowd: Part = Field(description="with the crowd in its paths")
    tune: Part = Field(description="a config of `tailrisk tune`")
    report: LanguageBlock | None = Field(
        default=None, description="of its page and its parts'; by default each as its config has it"
    )


class Loaded(NamedTuple):
    """A demo and its parts, each checked, and what is set over each."""

    demo: Demo
    run: Config
    crowd: Config
    tune: Tuning
    universe: Universe
    files: dict[str, str]  # of each part
    overrides: dict[str, tuple[str, ...]]  # of each part, its name included

    @property
    def seconds(self) -> float:
        """A guess of the time of all three, from their own."""
        runs = plan(self.run).seconds + plan(self.crowd).seconds
        return runs + tuning_time(self.tune, len(self.universe.ids))


def load_demo(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Loaded:
    """Read a demo and its parts; `run.a.b=value`, `crowd...` and `tune...` are set over a part.

    Raises InputError listing what is wrong, of a part by its own file, and where the two runs' paths would
    be no pairs.
    """
    place = located(path)
    own = [text for text in overrides if _part_of(text) is None]
    layers = Layers.of(Source(str(place), place.parent), read_toml(place))
    for text in own:
        layers = layers.over(*parsed(text))
    demo = valid(Demo, layers)
    settings = {part: _settings(demo, part, overrides) for part in PARTS}
    files = {part: library.beside(place.parent, getattr(demo, part).config) for part in PARTS}
    universe = universe_of(located(files["tune"]), settings["tune"])
    loaded = Loaded(
        demo,
        load(files["run"], settings["run"]),
        load(files["crowd"], settings["crowd"]),
        load_tune(located(files["tune"]), universe.styles, settings["tune"]),
        universe,
        files,
        settings,
    )
    _paired(loaded, str(place))
    for config in (loaded.run, loaded.crowd):
        fits(plan(config))
    return loaded


def _part_of(text: str) -> str | None:
    """The part that an override is set over, None for one of the demo's own."""
    part, _, rest = text.partition("=")[0].strip().partition(".")
    return part if part in PARTS and rest not in ("", "config", "set") else None


def _settings(demo: Demo, part: str, overrides: Sequence[str]) -> tuple[str, ...]:
    told = () if demo.report is None else (f"report.language={demo.report.language}",)
    over = [text.strip().removeprefix(f"{part}.") for text in overrides if _part_of(text) == part]
    return (*told, *getattr(demo, part).set, *over, f"name={PARTS[part]}")


def _paired(loaded: Loaded, place: str) -> None:
    """Raises InputError unless path by path the two runs differ by the crowd's part of the config alone."""
    one, other = loaded.run, loaded.crowd
    if one.crowd is not None:
        raise InputError(f"{place}: run.config", "has a crowd in it", "a config without [crowd]")
    if other.crowd is None:
        raise InputError(f"{place}: crowd.config", "has no crowd in it", "a config with [crowd]")
    for field in SHARED:
        pair = [_value(config, field) for config in (one, other)]
        if pair[0] != pair[1]:
            raise InputError(f"{place}: crowd", f"{field} is {pair[1]}", f"{pair[0]}, as in run")
    _alike(place, "products", list(one.products), list(other.products))
    _alike(place, "events", [e.name for e in one.event], [e.name for e in other.event])
    for part, config in (("run", one), ("crowd", other)):
        if config.sampling is not None:
            raise InputError(f"{place}: {part}", "draws paths from another law", "no [sampling]")
        if loaded.demo.level not in config.tail.levels or "terminal" not in config.tail.losses:
            allowed = f"one of {', '.join(map(str, config.tail.levels))}, of terminal losses"
            raise InputError(f"{place}: level", f"{loaded.demo.level} is not in tail of {part}", allowed)
    if loaded.demo.product not in one.products:
        raise InputError(f"{place}: product", repr(loaded.demo.product), ", ".join(one.products))
    if loaded.tune.market.run.precision != one.run.precision:
        raise InputError(f"{place}: tune", "another precision than the runs'", one.run.precision)


def _alike(place: str, what: str, one: list[str], other: list[str]) -> None:
    if one != other:
        raise InputError(f"{place}: crowd", f"{what} {', '.join(other)}", f"those of run: {', '.join(one)}")


def _value(config: Config, field: str) -> Any:
    section, name = field.split(".")
    return getattr(getattr(config, section), name)
