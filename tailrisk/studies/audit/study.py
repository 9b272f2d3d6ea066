"""`tailrisk audit`: the same paths under the rule book as it was, under every rule alone, and under all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...assemble.world import assemble
from ...config import Config, library, load
from ...core import InputError, disk
from ...core.names import MEASURES
from ...record import provenance
from ...record.estimates import pulls
from ...record.files import write_csv
from ...record.store import replacing, write_record
from ...report import study as report
from ...simulate.path import Outcome
from ...simulate.world import World
from ...tail.sample import normal_quantile
from ..crowd.runs import ROUT, edited, simulated
from .config import Audit, Edit, Rule
from .page import page

HALF = normal_quantile(0.95)
"""Half a 95 % interval, in standard errors."""

Array = np.ndarray
Tell = Callable[[float, str], None]
LEVEL = "0.975"
"""Of ES: Basel's."""


@dataclass(frozen=True)
class Figures:
    """What is compared: one number a path of each, whose mean is the figure or moves as it does, [path]."""

    values: dict[str, Array]
    means: dict[str, float]


def audit(
    plan: Audit,
    path: Path,
    *,
    overrides: Sequence[str],
    members: Sequence[int],
    output: Path,
    force: bool,
    command: str,
    progress: Tell,
) -> Path:
    """Simulate, compare, write and return the folder `output`.

    members: of the crowd's ensemble, the config's own if none is named. InputError: a config without a crowd,
    a cohort or product it has not, a folder in the way.
    """
    source = library.beside(path.parent, plan.config)
    config = load(source, list(overrides))
    if config.crowd is None:
        raise InputError(f"{path}: config", plan.config, "a config with a [crowd]")
    if members and config.crowd.ensemble is None:
        raise InputError("--member", ", ".join(map(str, members)), "a config whose crowd has an ensemble")
    check(plan, config, path)
    chosen = list(members) or [config.crowd.member]
    books = [("none", ()), *((rule.name, (rule,)) for rule in plan.rule), ("all", plan.rule)]
    with replacing(output, force=force) as folder:
        rows, done = [], 0
        for member in chosen:
            base: Figures | None = None
            for name, rules in books:
                progress(done / (len(chosen) * len(books)), f"member {member}, {name}")
                own = [*overrides, f"crowd.member={member}"] if config.crowd.ensemble else list(overrides)
                found = figures(*ruled(source, own, rules))
                base = base or found
                rows += [{"member": member, "rules": name} | row for row in compared(found, base)]
                done += 1
        table = pd.DataFrame(rows)
        facts: dict[str, Any] = {
            **provenance.study(output.name, plan.question, command, config, source),
            "members": chosen,
            "rules": plan.model_dump(mode="json")["rule"],
            **config.report.recorded,
        }
        write_csv(table, folder / "table.csv", digits="%.6g", missing="")
        disk.write(folder / "README.md", page(table, plan, facts, labels(config)))
        write_record(folder, {**facts, **provenance.stamp()})
        report.write(folder)
    return output


def check(plan: Audit, config: Config, path: Path) -> None:
    """InputError: a cohort of an edit or a product of a rule that the config has not."""
    files = config.attached.crowd
    cohorts = [] if files is None else list(files.participants.cohorts)
    for rule in plan.rule:
        for name in rule.products:
            if name not in config.products:
                raise InputError(f"{path}: {rule.name}.products", repr(name), ", ".join(config.products))
        for edit in rule.edits:
            for name in (*edit.cohorts, *edit.but):
                if name not in cohorts or not edit.place.startswith("cohorts."):
                    raise InputError(f"{path}: {rule.name}.{edit.place}", repr(name), ", ".join(cohorts))


def ruled(source: str, overrides: Sequence[str], rules: Sequence[Rule]) -> tuple[Config, World]:
    """The config and its world under some rules."""
    products = [
        f"products.{product}.{field}={value:g}"
        for rule in rules
        for product, fields in rule.products.items()
        for field, value in fields.items()
    ]
    config = load(source, [*overrides, *products])
    world = assemble(config)
    files = config.attached.crowd
    names = [] if files is None else list(files.participants.cohorts)
    for rule in rules:
        for edit in rule.edits:
            world = edited(world, edit.place, partial(times, edit=edit, names=names))
    return config, world


def times(old: Any, edit: Edit, names: Sequence[str]) -> Any:
    """The array [cohort, ...] or any other, multiplied where the edit says."""
    if not edit.place.startswith("cohorts."):
        return old * edit.times
    meant = [name in edit.cohorts if edit.cohorts else name not in edit.but for name in names]
    factor = jnp.asarray(np.where(meant, edit.times, 1.0), old.dtype)
    return old * factor.reshape((-1,) + (1,) * (old.ndim - 1))


def figures(config: Config, world: World) -> Figures:
    """The paths' numbers under one rule book."""
    paths = simulated(world, config.run.paths)
    found: Outcome = paths.outcome
    assert found.crowd is not None
    values = {
        "P(rout)": paths.stampede,
        "owed to brokers": np.asarray(found.crowd.shortfall, np.float64).sum(axis=0),
        "state's purchases": np.asarray(found.crowd.state_spent, np.float64),
    }
    loss = np.asarray(found.loss[0, MEASURES.index("terminal")], np.float64)
    values |= {f"ES {name}": pulls(loss[k], LEVEL) for k, name in enumerate(config.products)}
    return Figures(values, {name: float(each.mean()) for name, each in values.items()})


def compared(figures: Figures, base: Figures) -> list[dict[str, Any]]:
    """Every figure, and its change from the base path by path with a 95 % interval."""
    rows = []
    for name, values in figures.values.items():
        gap = values - base.values[name]
        half = HALF * float(gap.std(ddof=1)) / np.sqrt(len(gap))
        rows.append(
            {
                "figure": name,
                "value": figures.means[name],
                "change": float(gap.mean()),
                "change_low": float(gap.mean()) - half,
                "change_high": float(gap.mean()) + half,
            }
        )
    return rows


def labels(config: Config) -> dict[str, str]:
    """Title and unit of every figure."""
    named = {f"ES {name}": f"ES 97.5 % of {one.label}, % of NAV" for name, one in config.products.items()}
    return {
        "P(rout)": f"P(micro-caps fall by {100 * ROUT:g} % in three days), %",
        "owed to brokers": "owed to brokers by wiped-out accounts, mean, bn yuan",
        "state's purchases": "bought by the state, mean, bn yuan",
    } | named
