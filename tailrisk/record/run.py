"""One run: a config in, a result folder out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import pandas as pd

from ..assemble.world import assemble
from ..config import Config
from ..core import InputError, disk, figures, processes
from ..core.processes import ALONE, Group
from ..simulate.world import World
from . import accounts, columns, contributions, crowd, provenance, sampling, tables, world_error
from .collect import Sample, Watch, sample
from .files import as_json, write_arrays, write_csv, write_parquet
from .history import spreads
from .scenarios import Scenarios, scenarios
from .store import replacing, write_record
from .uncertainty import Repeats, repeats


class Own(Protocol):
    """Parts of the user's own, put into the world that a config describes."""

    @property
    def names(self) -> list[str]:
        """What the record calls them."""
        ...

    def into(self, world: World) -> World:
        """The world with them in the place of the config's."""
        ...


Finish = Callable[[Path], object]
"""What is added to a folder before it is sealed: its page."""

EXOGENOUS = (
    "Prices are exogenous: no forced selling, no snowball hedging, no price impact, limits or state buying.",
    "Futures move with their index: the basis, its collapse and the roll are not in any product's loss.",
)
PRIOR = "The crowd's parameters are priors (grades in the config): they are matched to no episode."
MATCHED = "The crowd's parameters are one set (crowd.member) of an ensemble matched to a single episode."
APART = "The warm-up days of the events' windows are simulated without the crowd."
AS_BOOKS = (
    "Books are bought and held; no margin call, redemption, stop line or manager's decision acts on a path."
)
SOME_ACCOUNTS = (
    "Tails and events are of books bought and held; margin calls, lines, redemptions and fees act in the "
    "table of funds alone, and no manager decides."
)
AS_ACCOUNTS = (
    "Products are simulated as accounts on every path: margin calls, stop lines, redemptions, costs and fees "
    "are in every figure; what a fund trades moves no price, and no manager decides."
)
LIMITATIONS = (
    "Stocks earn their bucket's return and its style's; the specific risk of single names is left out.",
    "Price indices without dividends.",
)
MEMORYLESS = "Days are independent given the regime: no memory of volatility, no trends."


def run(
    config: Config,
    output: Path,
    *,
    force: bool,
    command: str,
    progress: bool,
    finish: Finish | None = None,
    own: Own | None = None,
    watch: Watch | None = None,
    group: Group = ALONE,
) -> Path:
    """Simulate `config`, write `output`/<name> and return it; the folder appears when complete and sealed.

    Raises InputError, before anything is simulated, when the folder is there (without `force`) or cannot be
    written, or when the config cannot be recorded or the history used; Fault when a path is not finite.
    Tables are CSV (and Parquet for the tail), curves.npz redraws every figure; `finish` writes the page.
    `own` puts a process or a mechanism of the user's into the world, and the record names it. `watch` sees
    the losses [path] of every block as it is done. The processes of a `group` that have joined divide the
    paths among them and part when the last is simulated; the first writes, and raises InputError, as all do,
    where another would simulate something else.
    """
    folder = output / config.name
    if own is not None and config.uncertainty is not None:
        raise InputError("uncertainty", "asked for with a part of one's own", "draws of fitted laws alone")
    if own is not None and config.scenarios is not None:
        raise InputError("scenarios", "asked for with a part of one's own", "parts of the config alone")
    _recordable(config)
    if not group.writes:
        _simulated(config, own, group)
        return folder
    with replacing(folder, force=force) as scratch:
        history, world, sampled, again = _simulated(config, own, group, progress=progress, watch=watch)
        worst = scenarios(config, world, sampled)
        parts = contributions.table(config, world, sampled)
        if parts is not None:
            write_csv(parts, scratch / "contributions.csv")
        stands = columns.table(config, world, history)
        if stands is not None:
            write_csv(stands, scratch / figures.SCENARIOS.file)
        funds = accounts.outcomes(config, world, sampled)
        more: dict[str, Any] = {} if own is None else {"own": own.names}
        more |= {"processes": group.count, "device": provenance.devices(config.run.paths, group)}
        write(
            config, sampled, worst, scratch, command, funds=funds, again=again, progress=progress, more=more
        )
        if finish is not None:
            finish(scratch)
    return folder


def _simulated(
    config: Config,
    own: Own | None,
    group: Group,
    *,
    progress: bool = False,
    watch: Watch | None = None,
) -> tuple[Any, World, Sample, Repeats | None]:
    """(spreads before the first day, the world, what is retained of its paths, its repeats)."""
    if group.count > 1:
        processes.alike(provenance.alike(config), group)
    history = spreads(config) if config.market.warmup == "history" else None
    world = assemble(config, history)
    world = world if own is None else own.into(world)
    sampled = sample(config, world, progress=progress, watch=watch, group=group)
    again = repeats(config, world, progress=progress, group=group)
    if group.count > 1:
        processes.leave()
    return history, world, sampled, again


def _recordable(config: Config) -> None:
    """Raises InputError for what config.json or record.json could not hold."""
    parts = {"market.calibrated: [fit]": config.calibrated.fit, "config": config.resolved()}
    for place, value in parts.items():
        try:
            as_json(value)
        except (TypeError, ValueError) as error:
            raise InputError(
                place, f"cannot be written as JSON: {error}", "text and finite numbers"
            ) from None


def write(
    config: Config,
    sampled: Sample,
    worst: Scenarios | None,
    folder: Path,
    command: str,
    *,
    funds: pd.DataFrame | None = None,
    again: Repeats | None = None,
    progress: bool = False,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Every table, the curves, the resolved config and, last, the record, with `more` in it.

    funds: the table of `accounts.outcomes`, [row, column]. InputError: a level the paths cannot support.
    """
    made = {
        "tail": tables.tail(config, sampled, progress=progress),
        "events": tables.events(config, sampled),
        "accounts": tables.accounts(config, sampled),
    }
    if again is not None:
        made |= world_error.beside(config, again, made)
    for name, frame in made.items():
        write_csv(frame, folder / f"{name}.csv")
    write_parquet(made["tail"], folder / "tail.parquet")
    write_csv(tables.drift(config, sampled), folder / "drift.csv")
    if funds is not None:
        write_csv(funds, folder / "funds.csv")
    curves = tables.curves(config, sampled)
    if sampled.crowd is not None:
        it = sampled.crowd
        write_csv(crowd.table(config, it.numbers, it.flags, it.residual), folder / "crowd.csv")
        curves |= crowd.curves(it.counts)
    risky = tables.risks(config, sampled)
    if risky is not None:
        write_csv(risky, folder / "risks.csv")
    if worst is not None:
        write_csv(worst.components, folder / "components.csv")
        curves |= worst.curves()
    write_arrays(folder / "curves.npz", curves)
    disk.write(folder / "config.json", as_json(config.resolved()))
    write_record(folder, record(config, sampled, command, again) | dict(more))


def record(config: Config, sampled: Sample, command: str, again: Repeats | None = None) -> dict[str, Any]:
    """The birth certificate: what was asked, of which code and data, on which machine, how fast."""
    return {
        "name": config.name,
        "question": config.question,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "seed": config.run.seed,
        "config_sha256": config.digest(),
        "data_sha256": config.resolved()["market"].get("history_sha256"),
        "holdings_sha256": dict(config.attached.holdings),
        "own_products": list(config.attached.own),
        "calibration": config.calibrated.fit,
        "market": {
            "buckets": {name: config.names.label(name) for name in config.names.buckets},
            "futures": dict(config.names.futures),
            "roles": dict(config.names.roles),
        },
        **provenance.stamp(),
        "device": provenance.devices(config.run.paths),
        "sampling": sampling.record(sampled.choice, sampled.weight(), sampled.split),
        "uncertainty": world_error.record(config, again),
        "paths": config.run.paths,
        "days": config.run.days,
        "warmup_days": config.burn_in,
        "path_days": config.path_days,
        "wall_seconds": round(sampled.seconds, 3),
        "path_days_per_second": round(config.path_days / sampled.seconds),
        "faults": {"nonfinite": sampled.faults, "ledger": sampled.unbalanced},
        "limitations": [
            *crowded(config),
            AS_ACCOUNTS if config.as_accounts else AS_BOOKS if config.accounts is None else SOME_ACCOUNTS,
            *LIMITATIONS,
            *([MEMORYLESS] if config.market.process == "regimes" else []),
            f"Intervals hold {world_error.record(config, again)['said']}.",
        ],
    }


def crowded(config: Config) -> tuple[str, ...]:
    """What is left out of the crowd, or without one."""
    if config.attached.crowd is None:
        return EXOGENOUS
    return (MATCHED if config.attached.crowd.matched else PRIOR, APART)
