"""What a run will cost, known before it starts: paths, days, memory, time."""

import math
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from tailrisk.core.errors import InputError
from tailrisk.core.machine import cores
from tailrisk.core.machine import memory as machine_memory
from tailrisk.core.names import VIEWS

from . import backend, effort
from .schema import Config

SORTED = 5
"""Copies of one column of stored losses, eight bytes each, while its statistics are taken."""
COPIES = 8
"""Bytes of one stored loss, with its path number."""
ROOM = 98_304
"""Losses a column takes in, at least, before it is cut back (tail/stream.py)."""
SPREAD = 6.0
"""Standard deviations of the number of losses beyond a level that are stored beside those expected."""
SHIPPED = "shipped with tailrisk, no files of your own"


class Plan(NamedTuple):
    """The size of a run."""

    paths: int
    days: int
    burn_in: int
    path_days: int
    columns: int  # losses of a path: [view, measure, product], and numbers of the crowd
    level: float  # the lowest
    simulating: int  # bytes of the blocks in work
    drawing: int  # bytes of the paths whose course is drawn, simulated again, or traded by funds
    program: float  # bytes before any path
    seconds: float  # estimated, starting and compiling included
    once: float  # of these, what a process pays once
    compiling: float  # of those, what a process pays whose programs are not stored
    cores: int
    allowed: float  # bytes, run.memory_gb
    machine: float | None  # bytes of memory this process may use, None where the system does not say

    @property
    def stored(self) -> int:
        """Worst losses stored of each column, and the room it has to take in more."""
        expected = (1 - self.level) * self.paths
        reserve = math.ceil(expected + SPREAD * math.sqrt(expected) + expected ** (2 / 3)) + 10
        return min(self.paths, reserve + max(ROOM, reserve // 4))

    @property
    def losses(self) -> int:
        """Bytes of the losses stored to the end."""
        return COPIES * self.columns * self.stored

    @property
    def working(self) -> int:
        """Bytes of the blocks in work or of the paths drawn, and of one column while it is sorted."""
        return max(self.simulating, self.drawing) + 8 * SORTED * self.stored

    @property
    def memory(self) -> float:
        """Bytes needed at the peak."""
        return self.losses + self.working + self.program

    @property
    def limit(self) -> float:
        """Bytes that may be used: what the config allows, and no more than the machine has."""
        return min(self.allowed, self.machine or self.allowed)


def plan(config: Config, machine: float | None = None) -> Plan:
    """The plan of a config on a machine with so many bytes, by default what this process may use here."""
    count = cores()
    once = effort.once(config)
    return Plan(
        paths=config.run.paths,
        days=config.run.days,
        burn_in=config.burn_in,
        path_days=config.path_days,
        columns=_columns(config),
        level=config.tail.lowest,
        simulating=effort.simulating(config, count),
        drawing=effort.drawing(config) + effort.funds(config),
        program=effort.program(config),
        seconds=once + effort.serial(config) + effort.parallel(config) / count,
        once=once,
        compiling=effort.compiling(config),
        cores=count,
        allowed=config.run.memory_gb * 1e9,
        machine=machine or machine_memory(),
    )


def together(plans: list[Plan]) -> float:
    """Seconds of several runs in one process."""
    return max(it.once for it in plans) + sum(it.seconds - it.once for it in plans)


def _spared(config: Config) -> int:
    """Paths beside those of the run, which choose how it is drawn or split."""
    return 0 if config.sampling is None else config.sampling.spared


def _columns(config: Config) -> int:
    losses = len(VIEWS) * len(config.tail.losses) * len(config.products)
    files = config.attached.crowd
    if files is None:
        return losses
    return losses + 3 + len(files.snowballs.book) + 2 * len(files.participants.cohorts)


def fits(planned: Plan) -> Plan:
    """The plan itself. Raises InputError, with the paths that would fit, when memory is too small."""
    if planned.memory <= planned.limit:
        return planned
    paths = (
        bisect_right(range(planned.paths), planned.limit, key=lambda n: planned._replace(paths=n).memory) - 1
    )
    machine = f", this process may have {gigabytes(planned.machine)}" if planned.machine else ""
    advice = (
        f"run.paths of at most {paths:,}" if paths > 0 else "a smaller run.chunk or shorter event windows"
    )
    raise InputError(
        "run.paths",
        f"{planned.paths:,} paths need {gigabytes(planned.memory)}",
        f"{gigabytes(planned.limit)}: run.memory_gb = {planned.allowed / 1e9:g}{machine}",
        f"{advice}; tail.levels from a higher one; fewer products or losses; or more "
        "run.memory_gb where there is more",
    )


def _process(config: Config) -> str:
    """The law of returns; what market.states and shocks say counts for regimes alone."""
    market, memory = config.market, config.calibrated.memory
    if market.process == "regimes" or memory is None:
        return f"{market.states} regimes, {market.shocks} shocks"
    if market.process == "days":
        return f"memory of volatility and trends, days of {market.residuals} in blocks of {market.block:g}"
    family = "Gaussian" if memory.residuals.nu is None else "Student"
    return f"memory of volatility and trends, {memory.residuals.states} regimes of {family} shocks"


def table(config: Config, planned: Plan) -> list[tuple[str, str]]:
    """The plan in rows of name and text."""
    market, tail = config.market, config.tail
    machine = f", {gigabytes(planned.machine)} for this process" if planned.machine else ""
    return [
        ("question", config.question),
        ("paths", f"{planned.paths:,} from seed {config.run.seed}, in {config.run.precision}"),
        *([("sampling", _sampled(config))] if _spared(config) else []),
        *([("uncertainty", _repeated(config))] if config.uncertainty else []),
        ("days", f"{planned.days:,}, after {planned.burn_in:,} of warm-up ({market.warmup})"),
        ("market", f"{_process(config)}, start {market.start}"),
        ("calibrated", f"{market.calibrated}, data {_window(config)}"),
        ("events", ", ".join(event.name for event in config.event) or "none"),
        ("products", ", ".join(config.products) + (", as accounts" if config.as_accounts else "")),
        *(("holdings", _held(config, name)) for name in config.attached.holdings),
        ("tail", f"{', '.join(tail.losses)} at {', '.join(map(str, tail.levels))}"),
        ("risks", ", ".join(tail.risks)),
        *([("scenarios", _scenarios(config))] if config.scenarios else []),
        ("memory", f"{gigabytes(planned.memory)} of {gigabytes(planned.allowed)} allowed{machine}"),
        (
            "",
            f"{gigabytes(planned.losses)} for the worst {planned.stored:,} of the losses in each of "
            f"{planned.columns} columns, {gigabytes(planned.working)} of working space",
        ),
        (
            "time",
            f"about {duration(planned.seconds)} for {planned.path_days:,} path-days on {planned.cores} "
            f"cores, {duration(planned.once)} of it starting and compiling; about "
            f"{duration(planned.seconds - planned.compiling)} where its programs are stored from another run",
        ),
        *(
            [("library", f"{', '.join(config.attached.library)}: {SHIPPED}")]
            if config.attached.library
            else []
        ),
        *([("backend", backend.described(config))] if config.run.backend != "xla" else []),
        ("config", f"sha256 {config.digest()[:16]}"),
    ]


def _window(config: Config) -> str:
    window = config.calibrated.fit.get("window")
    return (
        " to ".join(map(str, window)) if isinstance(window, list | tuple) and window else "window not stated"
    )


def _library(config: Config) -> list[tuple[str, str]]:
    """Which files came from the library, or nothing."""
    names = ", ".join(config.attached.library)
    return [("library", f"{names}: {SHIPPED}")] if names else []


def _sampled(config: Config) -> str:
    assert config.sampling is not None
    return f"{config.sampling.method}, {_spared(config):,} paths more or less for pilots and splitting"


def _scenarios(config: Config) -> str:
    """What [scenarios] asks for: shocks, the paths they are followed on, episodes."""
    said = config.scenarios
    assert said is not None
    ways = "without a crowd and with it" if config.crowd else "without a crowd"
    shocks = ", ".join(shock.name for shock in said.shock)
    told = [f"{shocks} on {effort.shocked(config):,} paths {ways}"] if said.shock else []
    episodes = ", ".join(Path(name).name for name in said.episodes)
    return "; ".join([*told, *([f"episodes {episodes}"] if episodes else [])])


def _repeated(config: Config) -> str:
    """What [uncertainty] repeats, and what it lacks."""
    drawn = f"{config.draws} draws" if config.draws else "parameters fixed (the fit has no draws)"
    laws = ", ".join(config.other_laws) or "no other law"
    return f"{drawn}; {laws}; {config.repeats:,} paths more"


def _held(config: Config, name: str) -> str:
    product = config.resolved()["products"][name]
    shares = ", ".join(f"{bucket} {share:.1%}" for bucket, share in product["weights"].items())
    return f"{name} from {product['holdings']}, sha256 {product['holdings_sha256'][:16]}: {shares}"


def gigabytes(size: float) -> str:
    """A number of bytes in words."""
    return f"{size / 1e9:,.2f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"


def duration(seconds: float) -> str:
    """A number of seconds in words."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.1f} {name}" if seconds < 10 * unit else f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86400:,.0f} days"
