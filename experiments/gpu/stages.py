"""What is measured on a card, in order of what it is worth: each stage a list of items, an item a row."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import jax
import numpy as np

from tailrisk.record import collect
from tailrisk.simulate import blocks

from . import apart
from .launch import Driver, Kernel, visible
from .programs import PROGRAMS
from .reference import ROOT
from .rows import Written
from .session import Session, Timed, timed
from .tools import Assembled, assembled, translated

Row = dict[str, Any]
Item = tuple[str, Callable[[], list[Row]]]


class Stage(NamedTuple):
    """A table and how it is filled."""

    name: str
    budget: float  # seconds after which no item of it is begun
    items: Callable[[Session], list[Item]]


def draws(session: Session) -> list[Item]:
    """Random words, uniforms and normals against NumPy's."""
    return [("draws", lambda: apart.draws(session.sizes.draws))]


def losses(session: Session) -> list[Item]:
    """Every program compiled cold, its first paths against the CPU's."""

    def one(name: str) -> list[Row]:
        it, paths = session.ready(name), session.sizes.paths
        found = blocks._gather(jax.device_get(it.call(0)), paths)
        leaves = session.outcome(name, 150.0)
        known = jax.tree.unflatten(jax.tree.structure(found), leaves)
        row = {"program": name, "paths": paths, **apart.outcomes(found, known)}
        return [row | {"trace_seconds": it.trace, "compile_seconds": it.compile}]

    return [(name, partial(one, name)) for name in session.names]


def speed(session: Session) -> list[Item]:
    """Every program at the width of a run."""
    return [(name, lambda name=name: [_speed(session, name, session.sizes.width)]) for name in session.names]


def widths(session: Session) -> list[Item]:
    """Some programs at other widths."""
    pairs = [(name, w) for name, all_ in session.sizes.widths.items() for w in all_ if name in session.names]
    return [(f"{name}, {w:,} paths", lambda n=name, w=w: [_speed(session, n, w)]) for name, w in pairs]


def _speed(session: Session, name: str, width: int) -> Row:
    it, found = session.ready(name, width), session.timed(name, width)
    path_days = width * it.world.days
    rate, moved = path_days / found.best, it.cost.bytes / path_days
    work = session.operations(name)
    return {
        "program": name,
        "paths": width,
        "ms": 1e3 * found.median,
        "path_days_per_second": rate,
        "host_cpu": found.host,
        "launches": it.cost.launches,
        "us_a_launch": 1e6 * found.best / max(it.cost.launches, 1),
        "bytes_path_day": moved,
        "operations_path_day": work,
        **session.used(rate, moved, work),
        "temporary_mb": it.temporary / 1e6,
        "peak_mb": _peak(),
        **_board(found, path_days),
    }


def _board(found: Timed, path_days: int) -> Row:
    """What the card said of itself over the calls of a row."""
    seen = found.seen
    return {
        "watts": seen.joules / seen.seconds,
        "joules_1e9_path_days": 1e9 * seen.joules / (found.calls * path_days),
        "clock_mhz": seen.mean("clock"),
        "degrees": max(seen.values("degrees"), default=math.nan),
    }


def _peak() -> float:
    """The most of the card's memory that was in use since the start, MB; NaN where JAX does not count."""
    counted = jax.devices()[0].memory_stats() or {}
    return counted.get("peak_bytes_in_use", math.nan) / 1e6


def runs(session: Session) -> list[Item]:
    """Whole runs, tails and histograms included, and how much of their time the host takes."""

    def one(name: str, paths: int) -> list[Row]:
        main, sets = PROGRAMS[name], session.sizes.sets
        world = main.world(*sets)
        first = min(paths, max(session.sizes.width, blocks.BLOCK))
        collect.sample(main.read(*sets, f"run.paths={first}"), world, progress=False)  # compiles
        config = main.read(*sets, f"run.paths={paths}")
        with session.board.window() as seen:
            collect.sample(config, world, progress=False)
        call = session.best.get(name) or session.timed(name)
        device = paths / session.sizes.width * call.best
        row = {"program": name, "paths": paths, "seconds": seen.seconds, "device_seconds": device}
        row["path_days_per_second"] = paths * world.days / seen.seconds
        row["host_share"] = max(0.0, 1 - device / seen.seconds)
        row["host_ns_a_path"] = 1e9 * max(0.0, seen.seconds - device) / paths
        return [row | {"joules_1e9_path_days": 1e9 * seen.joules / (paths * world.days)}]

    return [(n, partial(one, n, paths)) for n, paths in session.sizes.runs.items() if n in session.names]


def kernels(session: Session) -> list[Item]:
    """Programs as one kernel of rows, launched by the driver: correctness first, then speed."""

    def one(name: str) -> list[Row]:
        row: Row = {"program": name, "state": "not compiled"}
        try:
            it = session.rows(name, 120.0)
            started = time.perf_counter()
            ptx = visible(translated(it.text, session.architecture))
            made = assembled(ptx, session.architecture, session.scratch / "kernel.cubin")
            row |= {"state": "compiled, not run", "compile_seconds": time.perf_counter() - started}
            row |= {"registers": made.registers, "spill_bytes": made.spills, "stack_bytes": made.stack}
            row |= _launched(session, name, it, made)
        except (click.ClickException, RuntimeError, OSError) as error:
            row["state"] = f"{row['state']}: {' '.join(str(error).split())[:160]}"
        return [row]

    return [(name, partial(one, name)) for name in session.sizes.kernels if name in session.names]


def _launched(session: Session, name: str, it: Written, made: Assembled) -> Row:
    """A kernel run: how far its paths lie from the CPU's, how fast it is. OSError: no driver."""
    main, width, paths = PROGRAMS[name], session.sizes.width, session.sizes.paths
    world = main.world(*session.sizes.sets)
    given = (world, main.law(world))
    shape = jax.ShapeDtypeStruct((width,), np.uint32)
    shapes = jax.eval_shape(lambda both, numbers: main.program(*both, numbers), given, shape)
    with Kernel(Driver(), it, made.binary, jax.device_get(jax.tree.leaves(given)), width) as kernel:
        kernel.load(np.arange(width, dtype=np.uint32))
        kernel.run()
        leaves, tree = jax.tree.flatten(shapes)
        parts = [x.reshape(s.shape) for x, s in zip(kernel.outputs(), leaves, strict=True)]
        found = jax.tree.unflatten(tree, [x[..., :paths] for x in parts])
        known = jax.tree.unflatten(tree, session.outcome(name, 60.0))
        row = {"state": "run", **apart.outcomes(found, known)}
        call = timed(lambda first: kernel.run(), width, session.sizes.seconds, session.board)
    path_days = width * world.days
    rate = path_days / call.best
    row |= {"ms": 1e3 * call.median, "path_days_per_second": rate}
    return row | session.used(rate, it.bytes, it.taken.operations) | _board(call, path_days)


def starts(session: Session) -> list[Item]:
    """Commands of a user, with nothing compiled before and again."""

    def one(config: str, paths: int) -> list[Row]:
        return [_command(session, config, paths, programs) for programs in ("cold", "warm")]

    return [(f"tailrisk run {c}", partial(one, c, paths)) for c, paths in session.sizes.starts.items()]


def _command(session: Session, config: str, paths: int, programs: str) -> Row:
    name = Path(config).stem
    sets = [*session.sizes.sets, f"run.paths={paths}", f"name={name}", "tail.levels=[0.95]"]
    words = [sys.executable, "-m", "tailrisk", "run", config, "--quiet", "--force"]
    words += ["--output", str(session.scratch), *(word for one in sets for word in ("--set", one))]
    environment = {**os.environ, "TAILRISK_COMPILED": str(session.scratch / f"compiled-{name}")}
    started = time.perf_counter()
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150 * session.sizes.patience
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"tailrisk run {config}: {' '.join(done.stderr.split())[-200:]}")
    record = json.loads((session.scratch / name / "record.json").read_text(encoding="utf-8"))
    inside = record["wall_seconds"]
    row = {"command": f"tailrisk run {config}", "paths": paths, "programs": programs, "seconds": seconds}
    return row | {"simulating_seconds": inside, "device": record["device"]}


STAGES = (
    Stage("draws", 30.0, draws),
    Stage("losses", 170.0, losses),
    Stage("speed", 60.0, speed),
    Stage("runs", 90.0, runs),
    Stage("kernels", 70.0, kernels),
    Stage("widths", 50.0, widths),
    Stage("starts", 90.0, starts),
)
"""In order; what a stage leaves of its budget is there for those after it."""
