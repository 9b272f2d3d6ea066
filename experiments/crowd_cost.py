"""What the crowd costs: a day with it against one without, through the kernel of `tailrisk run`, and of what.

    python -m experiments.crowd_cost [--paths 2048] [--repeats 5]

Every row is configs/crowd_feb2024.toml with its products, without events (no warm-up) on one thread of a CPU:
whole, without its crowd, with one mechanism put out of the program (its functions return nothing or what they
were given), and with half the rounds. Times are of CPU, the least of interleaved repeats. Operations are
counted in the traced program with dead code removed, one for each element that an arithmetic primitive makes
(an exp or a log counts as one, data movement as none), times the rounds and days. `bound_ns` is what they
take at one vector of 256 bits a cycle: a yardstick, since a core can start two or three. What a mechanism
costs is the difference from the whole. XLA aborts on the program without some mechanism; that is found out in
a process of its own, and the table says which. About ten minutes, nearly all of it compilation.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import click
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.interpreters import partial_eval

from tailrisk.crowd import (
    followers,
    intervention,
    ledger,
    margin,
    panic,
    redemption,
    snowball,
    speculators,
    substitution,
    triggers,
)
from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate import blocks, path
from tailrisk.simulate.world import World
from tailrisk.studies.crowd import runs

WIDE = 4096
"""Chunk without a crowd, the default of `run.chunk`."""
LANES = 8
"""float32 in a vector of 256 bits, which XLA prefers on a CPU."""
MOVES = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose", "rev", "copy", "iota", "pad"}
MOVES |= {"slice", "dynamic_slice", "dynamic_update_slice", "gather", "concatenate", "split"}
MOVES |= {"convert_element_type", "bitcast_convert_type", "optimization_barrier"}
"""Primitives that move data and compute nothing."""


def _kept(position: int) -> Callable[..., Any]:
    """A stub that returns its argument at `position`."""
    return lambda *given: given[position]


def _none(position: int) -> Callable[..., Any]:
    """A stub that returns zeros in the shape of its argument at `position`."""
    return lambda *given: 0 * given[position]  # not a constant: XLA refuses to compile some of those


def _both(kept: int, none: int) -> Callable[..., Any]:
    """A stub that returns one argument, and zeros in the shape of another."""
    return lambda *given: (given[kept], 0 * given[none])


STUBS: dict[str, dict[Any, dict[str, Callable[..., Any]]]] = {
    "margin": {margin: {"demand": _none(4), "close": lambda *given: given[1:3]}},
    "triggers": {triggers: {"signal": _kept(3), "stop": _none(1)}},
    "redemption": {redemption: {"pay": lambda queue: (queue, queue[0]), "notice": _kept(1)}},
    "substitution": {substitution: {"out": _none(1), "home": _none(1), "stock": _none(2)}},
    "panic": {panic: {"open": _kept(1), "step": _none(1)}},
    "followers": {followers: {"open": _kept(1), "step": _both(1, 2), "attention": lambda _, s: s.seen}},
    "state": {intervention: {"step": _both(1, 3), "fill": _kept(0), "close": _kept(1)}},
    "snowballs": {
        snowball: {
            "near": _none(2),
            "step": lambda p, today, state, price: (state, SimpleNamespace(flow=0 * price)),
            "close": _kept(2),
        }
    },
    "speculators": {speculators: {"step": _none(2), "settle": _kept(0)}},
    "ledger": {
        ledger: {
            **{name: _kept(0) for name in ("mark", "trade", "settle", "pay")},
            "residual": lambda state, *_: ledger.Residual(
                **dict.fromkeys(("stock", "orders", "futures", "cash"), 0 * state.cash)
            ),
        }
    },
}
"""Functions of each mechanism that are put out, and what stands in for them."""


@dataclass(frozen=True)
class Kernel:
    """One compiled program over some paths."""

    world: World
    call: Callable[..., Any]
    compiled: float  # seconds of CPU to trace and compile
    operations: float  # per path-day
    cpu: list[float]  # seconds of each repeat


@click.command()
@click.option("--config", default=runs.CONFIG, show_default=True)
@click.option("--paths", default=2048, show_default=True, help="In each call.")
@click.option("--repeats", default=5, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(tuple(STUBS)), help="These mechanisms alone.")
@click.option("--set", "overrides", multiple=True, help="As in `tailrisk run`.")
@click.option("-o", "--output", default="results/crowd_cost", show_default=True, type=Path)
def main(
    config: str, paths: int, repeats: int, only: Sequence[str], overrides: Sequence[str], output: Path
) -> None:
    """Write the table of times, operations and compilations."""
    settings = ("event=[]", *overrides)
    said, world = runs.world_of(settings, config)
    half = runs.world_of((*settings, f"crowd.rounds={world.crowd.rounds // 2}"), config)[1]
    built = {"no crowd": built_of(replace(world, crowd=None), max(paths, WIDE), WIDE)}
    built["whole"] = built_of(world, paths, blocks.NARROW)
    built["half the rounds"] = built_of(half, paths, blocks.NARROW)
    refused = [name for name in only or STUBS if not compiles(name, settings, config, paths)]
    for name in only or STUBS:
        if name not in refused:
            with without(name):
                built[f"without {name}"] = built_of(world, paths, blocks.NARROW)
            click.echo(f"without {name}: {built[f'without {name}'].compiled:.1f} s to compile", err=True)
    for repeat in range(repeats + 1):  # the first warms up
        for kernel in built.values():
            taken = timed(kernel)
            kernel.cpu.extend([taken] if repeat else [])
    jax.clear_caches()
    seed = runs.world_of((*settings, "run.seed=3"), config)[1]
    other = runs.world_of((*settings, "crowd.kappa_crisis=0.5", "crowd.edges.panic=0.5"), config)[1]
    traced, ghz = traces(world, seed, other), clock()
    table = pd.DataFrame([row(name, kernel, built["whole"], ghz) for name, kernel in built.items()])
    said_only = "".join(f" --only {name}" for name in only)
    command = f"python -m experiments.crowd_cost --paths {paths} --repeats {repeats}{said_only}"
    text = page(table, paths, world.crowd.rounds, traced, ghz, command, refused)
    made = {"command": command, "ghz": ghz}
    counts = {"paths": paths, "traces_new_seed": traced[0], "traces_new_parameters": traced[1]}
    publish(output, "crowd_cost", {"table": table}, text, {**made, **counts, "config_sha256": said.digest()})
    click.echo(text)


@contextmanager
def without(mechanism: str) -> Iterator[None]:
    """Programs traced within have no such mechanism."""
    with ExitStack() as stack:
        for module, stubs in STUBS[mechanism].items():
            for name, stub in stubs.items():
                stack.enter_context(mock.patch.object(module, name, stub))
        yield


def compiles(mechanism: str, settings: Sequence[str], config: str, paths: int) -> bool:
    """Whether the program without a mechanism gets through the compiler, which may abort."""
    said = json.dumps([mechanism, list(settings), config, paths])
    child = [sys.executable, "-c", f"from experiments import crowd_cost; crowd_cost.trial(*{said})"]
    done = subprocess.run(child, capture_output=True, text=True, check=False)
    if done.returncode > 0:
        raise RuntimeError(done.stderr)
    if done.returncode < 0:  # killed by a signal: XLA aborts
        click.echo(f"without {mechanism}: the compiler aborts", err=True)
    return done.returncode == 0


def trial(mechanism: str, settings: Sequence[str], config: str, paths: int) -> None:
    """Compile the program without a mechanism, in a process that may die of it."""
    world = runs.world_of(tuple(settings), config)[1]
    with without(mechanism):
        built_of(world, paths, blocks.NARROW)


def built_of(world: World, paths: int, chunk: int) -> Kernel:
    """The program of a block, cut to `paths`, as `tailrisk run` compiles it."""
    jax.clear_caches()
    chunk = min(chunk, paths)
    started = time.process_time()
    call = blocks._block.lower(
        blocks.plain, world, np.uint32(0), None, chunk=chunk, calls=paths // chunk
    ).compile()
    seconds = time.process_time() - started
    return Kernel(world, call, seconds, operations(world, chunk) / (chunk * world.days), [])


def timed(kernel: Kernel) -> float:
    """Seconds of CPU of one call, per path-day."""
    started = time.process_time()
    loss = jax.block_until_ready(kernel.call(kernel.world, np.uint32(0), None)).loss
    taken = time.process_time() - started
    return taken / (loss.shape[0] * loss.shape[-1] * kernel.world.days)


def operations(world: World, chunk: int) -> float:
    """Elements made by arithmetic in one chunk's program."""
    numbers = jnp.arange(chunk, dtype=jnp.uint32)
    closed = jax.make_jaxpr(lambda world, path_numbers: path.outcome(world, path_numbers))(world, numbers)
    alive, _ = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.out_avals))
    return counted(alive)


def counted(jaxpr: Any) -> float:
    """Elements made by the arithmetic primitives of a program, scans times their length."""
    total = 0.0
    for line in jaxpr.eqns:
        parts = [getattr(part, "jaxpr", part) for part in line.params.values()]
        inner = [part for part in parts if hasattr(part, "eqns")]
        if "branches" in line.params:  # the costliest; a fence's others are never run
            total += max(counted(branch.jaxpr) for branch in line.params["branches"])
        elif inner:
            total += line.params.get("length", 1) * sum(map(counted, inner))
        elif line.primitive.name not in MOVES:
            shapes = line.invars if line.primitive.name.startswith("reduce") else line.outvars
            total += float(np.prod(shapes[0].aval.shape))
    return total


def traces(world: World, *others: World) -> list[int]:
    """How often a program traced for `world` is traced again for each of the others."""
    seen = 0

    def counting(world: World, path_numbers: jax.Array) -> Any:
        nonlocal seen
        seen += 1
        return path.outcome(world, path_numbers)

    program, again = jax.jit(counting), []
    for it in (world, *others):
        before = seen
        program.trace(it, jnp.arange(blocks.NARROW, dtype=jnp.uint32))
        again.append(seen - before)
    return again[1:]


def clock() -> float:
    """Clock of the first core in GHz, as Linux says."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")) / 1000


def row(name: str, kernel: Kernel, whole: Kernel, ghz: float) -> dict[str, Any]:
    """A program's time, operations and what it saves against the whole."""
    ns, all_ns = 1e9 * min(kernel.cpu), 1e9 * min(whole.cpu)
    return {
        "program": name,
        "cpu_ns": round(ns, 1),
        "of_whole": round(ns / all_ns, 3),
        "saved_ns": round(all_ns - ns, 1),
        "operations": round(kernel.operations),
        "saved_operations": round(whole.operations - kernel.operations),
        "bound_ns": round(kernel.operations / LANES / ghz, 1),
        "compile_cpu_s": round(kernel.compiled, 1),
    }


def page(
    table: pd.DataFrame,
    paths: int,
    rounds: int,
    traced: list[int],
    ghz: float,
    command: str,
    refused: Sequence[str],
) -> str:
    """The page in words."""
    by = table.set_index("program")
    crowd, bare = by.loc["whole"], by.loc["no crowd"]
    lines = [
        "# What the crowd costs",
        "",
        f"A day with a crowd takes {crowd.cpu_ns:,.0f} ns of CPU a path, one without {bare.cpu_ns:,.0f} ns:",
        f"{crowd.cpu_ns / bare.cpu_ns:.1f} times, in the same run, at {rounds} rounds a day. The program",
        f"compiles in {crowd.compile_cpu_s:.0f} s of CPU, the one without in {bare.compile_cpu_s:.0f} s. A",
        f"new seed traces it again {traced[0]} times, new parameters {traced[1]} times.",
        "",
        f"The arithmetic alone, one vector of {LANES} floats a cycle at {ghz:.2f} GHz, would take",
        f"{crowd.bound_ns:,.0f} ns with a crowd and {bare.bound_ns:,.0f} ns without; the programs take",
        f"{crowd.cpu_ns / crowd.bound_ns:.1f} and {bare.cpu_ns / bare.bound_ns:.1f} times that.",
        "",
        f"Per path-day, least of the repeats, {paths:,} paths a call; `saved` is against the whole. Parts",
        "overlap and the compiler fuses anew without each, so savings do not add up.",
        "",
        markdown(table),
        *([f"\nXLA aborts on the program without {' and without '.join(refused)}."] if refused else []),
        "",
        f"Made by `{command}`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
