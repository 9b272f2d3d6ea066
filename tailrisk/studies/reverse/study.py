"""`tailrisk reverse`: from a config and a loss to a folder with the likeliest ways to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...assemble.world import assemble, detector
from ...config import Config, load
from ...core import InputError, disk, random
from ...core.names import MEASURES
from ...rare.score import Fall, Loss
from ...record import provenance
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...report import study as report
from ...report.figures.prints import BOTH, printing
from ...report.language import Say
from ...simulate.world import World
from ...tail import Interval, probability, return_period
from . import picture, tell
from .draw import Drawn, Target, drawn
from .history import Evening, histories
from .page import page
from .ways import YEAR, Way, course, ways

QUESTION = "Which are the likeliest ways to these losses, who sells first, what does the state do?"

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Case:
    """A loss or an event that is asked about."""

    name: str
    title: str
    target: Target
    product: int | None  # whose loss, or None for an event


def cases(
    config: Config, world: World, products: Sequence[str], losses: Sequence[float], events: Sequence[str]
) -> list[Case]:
    """Every product with every loss over the horizon, then the events.

    InputError: a product or an event that the config has not, a loss outside (0, 1), nothing asked.
    """
    found = []
    names = list(config.products)
    for product in products:
        if product not in names:
            raise InputError("--product", repr(product), ", ".join(names))
        for loss in losses:
            if not 0 < loss < 1:
                raise InputError("--loss", f"{loss:g}", "a fraction of NAV, 0 < loss < 1, such as 0.3")
            place = names.index(product)
            target = Loss(f"{product}.terminal", 0, MEASURES.index("terminal"), place, 0.99, loss)
            title = f"{config.products[product].label} loses {100 * loss:g} % of NAV over {world.days} days"
            found.append(Case(f"{product}_{100 * loss:g}".replace(".", "_"), title, target, place))
    known = {event.name: event for event in config.event}
    for name in events:
        if name not in known:
            raise InputError("--event", repr(name), ", ".join(known) or "the config has no [[event]]")
        sign = 1.0 if known[name].threshold > 0 else -1.0
        place = world.detectors.index(detector(known[name], config.names))
        found.append(Case(name, name, Fall(name, place, sign, sign * known[name].threshold), None))
    if not found:
        raise InputError("--loss", "nothing is asked", "--product with --loss, or --event")
    return found


def reverse(
    config: Config,
    *,
    source: str,
    overrides: Sequence[str],
    products: Sequence[str],
    losses: Sequence[float],
    events: Sequence[str],
    most: int,
    members: Sequence[int],
    method: str,
    output: Path,
    force: bool,
    command: str,
    progress: Tell,
) -> Path:
    """Draw, group, tell; write and return the folder `output`.

    most: ways to a loss; members: others of the crowd's ensemble, under which P is found too.
    InputError: what `cases` refuses, members without a crowd, a folder in the way.
    """
    world = assemble(config)
    asked = cases(config, world, products, losses, events)
    others = [_member(source, overrides, number, config) for number in members]
    with replacing(output, force=force) as folder:
        steps = 1 + len(asked) + len(others)
        progress(0.0, "paths")
        found = _drawn(config, world, asked, method)
        told, rows, sold, curves = [], [], [], []
        for k, (case, one) in enumerate(zip(asked, found, strict=True)):
            progress((1 + k) / steps, case.name)
            history = histories(world, one.law, one.number[one.hit])
            groups = grouped(world, case, one, history, most, config.run.seed, config.tail.confidence)
            told.append(whole(case, one, world, config.tail.confidence))
            for number, way in enumerate(groups, 1):
                front = {"case": case.name, "way": number}
                rows.append(front | tell.row(config, way, history, case.product))
                sold += [front | seller for seller in tell.sellers(config, way, history)]
                curves += [front | row for row in tell.curves(config, way, history, case.product)]
        moved = []
        if others:
            moved.append(_odds(config.crowd.member if config.crowd else 0, asked, found, config))
        for k, (number, other) in enumerate(zip(members, others, strict=True)):
            progress((1 + len(asked) + k) / steps, f"member {number}")
            again = _drawn(other, assemble(other), asked, method)
            moved.append(_odds(number, asked, again, other))
        facts = _facts(config, source, most, command, output.name, told, moved)
        _write(
            folder, config, facts, asked, told, (pd.DataFrame(rows), pd.DataFrame(sold), pd.DataFrame(curves))
        )
    return output


def _drawn(config: Config, world: World, asked: list[Case], method: str) -> list[Drawn]:
    stream = random.stream(config.run.seed, "reverse")
    targets = [case.target for case in asked]
    return drawn(world, targets, stream, paths=config.run.paths, chunk=config.run.chunk, method=method)


def _member(source: str, overrides: Sequence[str], number: int, config: Config) -> Config:
    if config.crowd is None or config.crowd.ensemble is None:
        raise InputError("--member", f"{number}", "a config whose crowd has an ensemble")
    return load(source, [*overrides, f"crowd.member={number}"])


def grouped(
    world: World, case: Case, one: Drawn, history: Evening, most: int, seed: int, confidence: float
) -> list[Way]:
    """The ways of one case, the likeliest first."""
    parts = [np.asarray(history.price)]
    if case.product is not None:
        parts.append(np.asarray(history.nav)[:, [case.product]])
    if history.state is not None:
        parts.append(np.asarray(history.state)[:, None])
    courses = course(parts)
    return ways(courses, one.hit, one.weight, most=most, days=world.days, confidence=confidence, seed=seed)


def whole(case: Case, one: Drawn, world: World, confidence: float) -> dict[str, Any]:
    """The odds of the loss by any way."""
    odds = probability(one.hit, one.weight, confidence=confidence)
    years = return_period(odds, years=world.days / YEAR)
    return {
        "case": case.name,
        "title": case.title,
        **_interval("probability", odds),
        **_interval("years", years),
        "hits": int(one.hit.sum()),
        "paths": len(one.hit),
        "drawn": one.method,
    }


def _interval(name: str, found: Interval) -> dict[str, float]:
    return {name: float(found.estimate), f"{name}_low": float(found.low), f"{name}_high": float(found.high)}


def _odds(number: int, asked: list[Case], found: list[Drawn], config: Config) -> dict[str, Any]:
    """P of every case under one member, as text with its interval."""
    row: dict[str, Any] = {"member": number}
    for case, one in zip(asked, found, strict=True):
        p = probability(one.hit, one.weight, confidence=config.tail.confidence)
        row[case.name] = f"{100 * p.estimate:.3g} ({100 * p.low:.3g} to {100 * p.high:.3g})"
    return row


def _facts(
    config: Config,
    source: str,
    most: int,
    command: str,
    name: str,
    told: list[dict[str, Any]],
    moved: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        **provenance.study(name, QUESTION, command, config, source),
        "ways": most,
        "confidence": 100 * config.tail.confidence,
        "member": config.crowd.member if config.crowd and config.crowd.ensemble else None,
        "losses": told,
        "members": moved,
        **config.report.recorded,
    }


def _write(
    folder: Path,
    config: Config,
    facts: dict[str, Any],
    asked: list[Case],
    told: list[dict[str, Any]],
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    rows, sold, curves = tables
    for column in ("loss", "half_of_loss_day"):
        rows[column] = rows.get(column, np.nan)
    write_csv(rows, folder / "ways.csv", digits="%.6g", missing="")
    write_csv(curves, folder / "paths.csv", digits="%.5g", missing="")
    if len(sold):
        write_csv(sold, folder / "sellers.csv", digits="%.5g", missing="")
    for case in asked:
        own = rows[rows["case"] == case.name]
        chances = [(r["way"], r["probability"]) for r in own.to_dict("records")]
        with printing(folder, BOTH):
            drawing = picture.modal(
                curves[curves["case"] == case.name],
                config.names.buckets,
                chances,
                case.name,
                case.title,
                Say.of(facts),
            )
        disk.write(folder / f"{case.name}.svg", drawing)
    disk.write(folder / "README.md", page(facts, told, rows, sold))
    write_record(folder, {**facts, **provenance.stamp()})
    report.write(folder)
