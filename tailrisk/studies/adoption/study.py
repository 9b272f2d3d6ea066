"""`tailrisk adoption`: a policy followed by ever more managers; a folder with its page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...config import Config
from ...core import InputError, disk
from ...record import provenance
from ...record.estimates import mean, odds_change, shortfall, shortfall_change
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...report import study as of_study
from ...simulate.tape import CHUNK
from ...tail import probability
from . import page, picture
from .funds import books, funds, losses, net_alpha
from .market import Simulated, When, adopted, managers, simulated
from .wanted import POLICIES, wanted

QUESTION = "What is a policy worth to those who follow it, once many do?"

Tell = Callable[[float, str], None]
Array = NDArray[np.float64]
Pair = tuple[Array, Array]
"""Losses of holders and of followers [fund, path]."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a config."""

    policies: tuple[str, ...]
    shares: tuple[float, ...]
    products: tuple[str, ...]
    cohorts: tuple[str, ...]
    level: str
    when: When
    assets: tuple[float, ...]  # billions, of a manager's own; empty leaves capacity out
    alpha: float
    turnover: float


def check(config: Config, asked: Asked) -> tuple[str, ...]:
    """The cohorts that may follow.

    InputError: no crowd or no accounts, a policy, product, cohort or share that there is not, thin tails.
    """
    found = managers(config, asked.cohorts)
    if config.attached.accounts is None:
        raise InputError("config", "has no [accounts]", "terms of the funds that follow: accounts.terms")
    for name in asked.policies:
        if name not in POLICIES:
            raise InputError("--policy", repr(name), ", ".join(POLICIES))
    for name in asked.products:
        if name not in config.products:
            raise InputError("--product", repr(name), ", ".join(config.products))
        if config.products[name].family == "cta":
            raise InputError("--product", f"{name} holds no stocks", "a product with a book of stocks")
    for share in asked.shares:
        if not 0 <= share <= 1:
            raise InputError("--shares", f"{share:g}", "fractions of the managers, 0 to 1")
    for size in asked.assets:
        if not 0 < size <= 1e4:
            raise InputError("--assets", f"{size:g}", "billions of yuan, above 0")
    if (1 - float(asked.level)) * config.run.paths < 20:
        raise InputError("--level", f"{asked.level} of {config.run.paths:,} paths", "20 paths beyond it")
    if config.run.paths % CHUNK or config.run.paths > 65_536:
        raise InputError("run.paths", f"{config.run.paths:,}", f"a multiple of {CHUNK}, at most 65,536")
    have, _ = books(funds(config, asked.products), config)
    for kind in asked.policies:
        wanted(kind, have, config.names)
        adopted(config, kind, found, 0.5, asked.when)
    return found


def adoption(
    config: Config, asked: Asked, *, source: str, output: Path, force: bool, command: str, progress: Tell
) -> Path:
    """Simulate every share, compare, write and return the folder `output`.

    InputError: what `check` refuses, a folder in the way.
    """
    cohorts = check(config, asked)
    shares = tuple(sorted({0.0, *asked.shares}))
    params = funds(config, asked.products)
    with replacing(output, force=force) as folder:
        worlds, rows = [], []
        steps, done = 1 + len(asked.policies) * (len(shares) - 1), 0
        progress(0.0, "nobody")
        nobody = simulated(
            config, adopted(config, "", cohorts, 0.0, asked.when), config.run.paths, asked.when
        )
        capacity = _capacity(config, asked, nobody)
        for kind in asked.policies:
            before = losses(config, params, kind, nobody, asked.when.lasting)
            for share in shares:
                now, mine = nobody, before
                if share:
                    progress((1 + done) / steps, f"{kind}, {share:.0%}")
                    done += 1
                    world = adopted(config, kind, cohorts, share, asked.when)
                    now = simulated(config, world, config.run.paths, asked.when)
                    mine = losses(config, params, kind, now, asked.when.lasting)
                worlds.append({"policy": kind, "share": share} | odds(config, now, nobody))
                rows += [
                    {"policy": kind, "share": share, "product": name}
                    | worth(config, asked, tuple(x[k] for x in mine), tuple(x[k] for x in before))
                    for k, name in enumerate(asked.products)
                ]
        tables = pd.DataFrame(worlds), pd.DataFrame(rows), capacity
        facts = _facts(config, asked, cohorts, source, output.name, command)
        _write(folder, facts, tables)
    return output


def odds(config: Config, now: Simulated, nobody: Simulated) -> dict[str, Any]:
    """How often the policy fires and routs come, against the same paths with nobody following; in percent."""
    sure = config.tail.confidence
    found = probability(now.rout > 0, confidence=sure)
    change = odds_change(now.rout, nobody.rout, confidence=sure)
    crowd = now.tape.crowd
    assert crowd is not None
    return {
        "fires": 100 * float((now.fired > 0).mean()),
        "rout": 100 * float(found.estimate),
        "rout_low": 100 * float(found.low),
        "rout_high": 100 * float(found.high),
        "gained": int(((now.rout > 0) & (nobody.rout == 0)).sum()),
        "lost": int(((now.rout == 0) & (nobody.rout > 0)).sum()),
        "rout_change": 100 * change[0],
        "rout_change_low": 100 * change[1],
        "rout_change_high": 100 * change[2],
        "state_spent": float(np.asarray(crowd.state_spent, np.float64).mean()),
        "owed": float(np.asarray(crowd.shortfall, np.float64).sum(axis=0).mean()),
    }


def worth(config: Config, asked: Asked, mine: Pair, before: Pair) -> dict[str, Any]:
    """Of one product [path]: losses of both, what following saves, what the others' following costs each.

    In points of NAV; regret is what the mean loss has more than that of the better choice.
    """
    sure, (held, moved) = config.tail.confidence, mine
    row: dict[str, Any] = {}
    for who, loss, alone in (("hold", held, before[0]), ("follow", moved, before[1])):
        row[f"mean_{who}"] = 100 * float(loss.mean())
        es = shortfall(loss, level=float(asked.level), confidence=sure)
        row |= _points(f"es_{who}", (es.estimate, es.low, es.high))
        row |= _points(f"others_{who}", shortfall_change(loss, alone, level=asked.level, confidence=sure))
        row[f"regret_{who}"] = 100 * float(max(loss.mean() - min(held.mean(), moved.mean()), 0.0))
    saved = mean(held - moved, confidence=sure)
    row |= _points("saves_mean", (saved.estimate, saved.low, saved.high))
    return row | _points("saves_es", shortfall_change(held, moved, level=asked.level, confidence=sure))


def _points(name: str, ends: tuple[float, float, float]) -> dict[str, float]:
    value, low, high = ends
    return {name: 100 * value, f"{name}_low": 100 * low, f"{name}_high": 100 * high}


def _capacity(config: Config, asked: Asked, nobody: Simulated) -> pd.DataFrame:
    """Net alpha and ES of every product by a manager's own assets; nobody else follows."""
    file, rows = config.attached.accounts, []
    assert file is not None
    for size in asked.assets:
        params = funds(config, asked.products, size)
        both = {kind: losses(config, params, kind, nobody, asked.when.lasting) for kind in asked.policies}
        for k, name in enumerate(asked.products):
            alpha = net_alpha(config, file, name, size, asked.alpha, asked.turnover)
            row = {"product": name, "assets": size, "net_alpha": 100 * alpha}
            for kind, (held, moved) in both.items():
                es = shortfall(held[k], level=float(asked.level), confidence=config.tail.confidence)
                change = shortfall_change(
                    held[k], moved[k], level=asked.level, confidence=config.tail.confidence
                )
                row |= _points("es_hold", (es.estimate, es.low, es.high)) | _points(f"{kind}_saves", change)
            rows.append(row)
    return pd.DataFrame(rows)


def _facts(
    config: Config, asked: Asked, cohorts: Sequence[str], source: str, name: str, command: str
) -> dict[str, Any]:
    return {
        **provenance.study(name, QUESTION, command, config, source),
        **config.report.recorded,
        "level": float(asked.level),
        "confidence": 100 * config.tail.confidence,
        "member": config.crowd.member if config.crowd and config.crowd.ensemble else None,
        "answers": len(asked.policies),
        "policies": {kind: POLICIES[kind] for kind in asked.policies},
        "labels": {product: config.products[product].label for product in asked.products},
        "cohorts": list(cohorts),
        "trigger": asked.when.trigger if np.isfinite(asked.when.trigger) else None,
        "date": asked.when.date or None,
        "lasting": asked.when.lasting,
        "alpha": asked.alpha,
        "turnover": asked.turnover,
    }


def _write(
    folder: Path, facts: dict[str, Any], tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
) -> None:
    worlds, rows, capacity = tables
    write_csv(worlds, folder / "routs.csv", digits="%.6g", missing="")
    write_csv(rows, folder / "saved.csv", digits="%.6g", missing="")
    for kind in facts["policies"]:
        own = [table[table["policy"] == kind] for table in (worlds, rows)]
        disk.write(folder / f"{kind}.svg", picture.curves(own[0], own[1], kind, facts))
    if len(capacity):
        write_csv(capacity, folder / "capacity.csv", digits="%.6g", missing="")
        disk.write(folder / "capacity.svg", picture.capacity(capacity, facts))
    disk.write(folder / "README.md", page.page(facts, worlds, rows, capacity))
    write_record(folder, {**facts, **provenance.stamp()})
    of_study.write(folder)
