"""`tailrisk sensitivities`: a run, every field up and down, actors by coalitions; a folder with its page."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...config import Config
from ...core import InputError, disk
from ...record import provenance
from ...record.estimates import pulls
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...report import study as of_study
from ...simulate.world import World
from . import page, picture
from .actors import Actors, actors
from .fields import POINT, POINT_A_YEAR, Field, fields
from .sample import Base, affordable, chosen, losses, simulated
from .scores import alone, score
from .shapley import Shares, shares
from .slopes import Slope, Worlds, differences, half_width, least, pathwise, ratio, smooth

QUESTION = "Which numbers of the config move the tail, by how much, and which actors make it?"

Tell = Callable[[float, str], None]
UNIT = {POINT: 0.01, POINT_A_YEAR: 0.01}
"""How much of the number one unit of a field is; of the rest a hundredth of itself."""
SCORED = 65_536
"""Paths of the run whose scores are taken, at most."""
EXACT = 8
"""Actors up to which every coalition is valued."""
ORDERS = 24
MOST = 6
"""Products at once: strata are by whose tail a path is in."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a config."""

    products: tuple[str, ...]
    level: str
    only: tuple[str, ...]  # patterns of fields; none is all
    step: float
    times: float  # the run's paths that all fields may cost
    actor_paths: int  # of each coalition; zero leaves actors out


def check(config: Config, asked: Asked) -> None:
    """InputError: a product or pattern the config has not, too many, weighted paths, tails too thin."""
    for name in asked.products:
        if name not in config.products:
            raise InputError("--product", repr(name), ", ".join(config.products))
    if len(asked.products) > MOST:
        raise InputError("--product", f"{len(asked.products)} products", f"at most {MOST} at once")
    if config.sampling is not None and config.sampling.method != "plain":
        raise InputError("sampling.method", "weighted paths", "plain: derivatives are of a plain run")
    beyond = (1 - float(asked.level)) * config.run.paths
    if beyond < 20:
        raise InputError("--level", f"{asked.level} of {config.run.paths:,} paths", "20 paths beyond it")
    known = [one.name for one in fields(config, asked.products, asked.step)]
    for pattern in asked.only:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise InputError("--field", repr(pattern), f"a pattern of {', '.join(known[:6])}, ...")


def sensitivities(
    config: Config, asked: Asked, *, source: str, output: Path, force: bool, command: str, progress: Tell
) -> Path:
    """Simulate, differentiate, share out, write and return the folder `output`.

    InputError: what `check` refuses, a folder in the way.
    """
    check(config, asked)
    with replacing(output, force=force) as folder:
        seconds: dict[str, float] = {}
        progress(0.0, "run")
        with _timed(seconds, "run"):
            world = assemble(config)
            base = simulated(world, config.run.paths, config.run.chunk, asked.level)
        with _timed(seconds, "fields"):
            table, still, moving, paths = slopes(config, world, base, asked, progress)
        found = None
        if config.crowd is not None and asked.actor_paths:
            with _timed(seconds, "actors"):
                found = shared(config, world, asked, progress)
        facts = _facts(config, asked, source, output.name, command, base, (still, moving, paths), seconds)
        if found is not None:
            facts["actors"] = {"coalitions": found[1].coalitions, "orders": found[1].orders}
        _write(folder, config, asked, facts, table, found)
    return output


class _timed:
    """CPU seconds of a part, into a table."""

    def __init__(self, seconds: dict[str, float], part: str):
        self.seconds, self.part = seconds, part

    def __enter__(self) -> None:
        self.began = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.part] = round(time.process_time() - self.began, 2)


def slopes(
    config: Config, world: World, base: Base, asked: Asked, progress: Tell
) -> tuple[pd.DataFrame, list[str], int, int]:
    """A row a product, field and method; the fields that move nothing; how many do, and paths of each."""
    every = [
        one
        for one in fields(config, asked.products, asked.step)
        if not asked.only or any(fnmatchcase(one.name, pattern) for pattern in asked.only)
    ]
    places = [list(config.products).index(name) for name in asked.products]
    moving = 0
    count = affordable(base.paths, len(every), asked.times)
    some = chosen(base, places, count, config.run.seed)
    rows: list[dict[str, Any]] = []
    still: list[str] = []
    for k, field in enumerate(every):
        progress(0.15 + 0.55 * k / len(every), field.name)
        found = moved(config, field)
        if found.still:
            still.append(field.name)
            continue
        moving += 1
        owners = [p for name, p in zip(asked.products, places, strict=True) if field.of(name)]
        ways = differences(found, base, some, owners)
        if smooth(world, found):
            ways += pathwise(world, found, base, some, owners)
        if alone(found.down, found.up):
            weight = score(world, found.down, found.up, found.step, min(base.paths, SCORED))
            ways += ratio(weight, base, owners)
        for place in owners:
            rows += _rows(config, field, found.step, ways, base, place)
    return pd.DataFrame(rows), still, moving, count


def moved(config: Config, field: Field) -> Worlds:
    """The worlds of a field a step down and a step up."""
    step = field.most
    return Worlds(field, assemble(field.move(config, -step)), assemble(field.move(config, step)), step)


def _rows(
    config: Config, field: Field, step: float, ways: list[Slope], base: Base, place: int
) -> Iterator[dict[str, Any]]:
    """Every method of a field, the one with the least error marked; effects in points of NAV."""
    best, unit = least(ways, place), UNIT.get(field.unit, 0.01)
    for one in ways:
        if one.product != place:
            continue
        half = 100 * unit * half_width(one, config.tail.confidence)
        effect, product = 100 * unit * one.value, list(config.products)[place]
        yield {
            "product": product,
            "field": field.name.replace("*", product, 1) if field.owners else field.name,
            "group": field.group,
            "value": dict(field.owners).get(product, field.value),
            "unit": field.unit,
            "method": one.method,
            "taken": one is best,
            "effect": effect,
            "effect_low": effect - half,
            "effect_high": effect + half,
            "elasticity": one.value / base.shortfall(place) if field.part else np.nan,
            "step": step,
        }


def shared(config: Config, world: World, asked: Asked, progress: Tell) -> tuple[Actors, Shares]:
    """Shares of each product's ES among the actors, on the run's first paths."""
    who = actors(config, world)
    number = np.arange(asked.actor_paths, dtype=np.uint32)
    places = [list(config.products).index(name) for name in asked.products]
    orders = 0 if len(who.names) <= EXACT else ORDERS
    total = 2 ** len(who.names) if not orders else ORDERS * len(who.names)
    done = 0

    def value(coalition: frozenset[str]) -> np.ndarray:
        nonlocal done
        progress(0.7 + 0.3 * min(done / total, 1.0), "actors")
        done += 1
        absent = [name for name in who.names if name not in coalition]
        loss = losses(who.without(world, absent), number)
        return np.stack([pulls(loss[p], asked.level) for p in places])

    return who, shares(who.names, value, orders=orders, seed=config.run.seed)


def _facts(
    config: Config,
    asked: Asked,
    source: str,
    name: str,
    command: str,
    base: Base,
    done: tuple[list[str], int, int],
    seconds: dict[str, float],
) -> dict[str, Any]:
    places = {product: list(config.products).index(product) for product in asked.products}
    return {
        **provenance.study(name, QUESTION, command, config, source),
        **config.report.recorded,
        "paths": base.paths,
        "level": float(asked.level),
        "confidence": 100 * config.tail.confidence,
        "member": config.crowd.member if config.crowd and config.crowd.ensemble else None,
        "es": {product: 100 * base.shortfall(place) for product, place in places.items()},
        "answers": len(asked.products),
        "labels": {product: config.products[product].label for product in asked.products},
        "fields": len(done[0]) + done[1],
        "without_effect": done[0],
        "paths_again": done[2],
        "cost": {
            "paths": round(1 + 2 * done[1] * done[2] / base.paths, 2),
            "cpu": round((seconds["run"] + seconds["fields"]) / seconds["run"], 2),
        },
        "actor_paths": asked.actor_paths if config.crowd is not None else 0,
        "only": list(asked.only),
        "cpu_seconds": seconds,
    }


def _write(
    folder: Path,
    config: Config,
    asked: Asked,
    facts: dict[str, Any],
    table: pd.DataFrame,
    found: tuple[Actors, Shares] | None,
) -> None:
    taken = table[table["taken"]]
    write_csv(table, folder / "sensitivities.csv", digits="%.6g", missing="")
    for product in asked.products:
        own = taken[taken["product"] == product]
        disk.write(folder / f"{product}.svg", picture.tornado(own, product, facts))
    split = None
    if found is not None:
        split = page.split(found[0], found[1], asked.products, config.tail.confidence)
        write_csv(split, folder / "actors.csv", digits="%.6g", missing="")
        disk.write(folder / "actors.svg", picture.actors(split, facts))
    disk.write(folder / "README.md", page.page(facts, taken, split))
    write_record(folder, {**facts, **provenance.stamp()})
    of_study.write(folder)


def products_of(config: Config, named: Sequence[str]) -> tuple[str, ...]:
    """Those named, or the config's leading one, or its first."""
    if named:
        return tuple(dict.fromkeys(named))
    return (config.report.product or next(iter(config.products)),)
