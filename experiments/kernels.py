"""One kernel of rows against XLA: time a path-day, time to compile, and how far the figures lie apart.

    python -m experiments.kernels [--programs prices,events] [--repeat 5] [-o results/kernels]

Both compute the same paths in one process, in turn, in CPU time, so that a ratio holds on a busy machine.
Losses are compared as NAVs, path by path; `otherwise` is the share of paths with any flag (a margin met, a
stop, a call, an event) that falls the other way, because rounding moved it over a threshold. Writes
results/kernels.
"""

import os

os.environ["TAILRISK_COMPILED"] = "off"  # what is timed is compiled here
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import jax
import numpy as np
import pandas as pd

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import compiler
from tailrisk.core.units import Count
from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate import blocks, path, rows
from tailrisk.simulate.path import Outcome
from tailrisk.simulate.world import World

REGIMES, NO_EVENTS = "market.process=regimes", "event=[]"


def prices(world: World, law: None, number: Count) -> Any:
    """Prices alone."""
    return path.prices(world, number)


PROGRAMS: dict[str, tuple[Any, str, list[str], int]] = {
    "prices": (prices, "feb2024.toml", [NO_EVENTS, REGIMES], 65_536),
    "products": (blocks.plain, "feb2024.toml", [NO_EVENTS, REGIMES], 32_768),
    "products, memory": (blocks.plain, "feb2024.toml", [NO_EVENTS], 32_768),
    "products, memory, events": (blocks.plain, "feb2024.toml", ["market.warmup=simulated"], 8_192),
    "accounts": (blocks.plain, "crowd_feb2024.toml", [NO_EVENTS, "accounts.every_path=true"], 16_384),
    "crowd, books": (blocks.plain, "crowd_feb2024.toml", [NO_EVENTS, "accounts.every_path=false"], 2_048),
    "crowd, accounts": (blocks.plain, "crowd_feb2024.toml", [NO_EVENTS], 2_048),
}
"""What is timed: the program, its config, what is set, paths."""
ALONE = {"accounts"}
"""Programs whose config's crowd is left out."""


@click.command()
@click.option("--programs", default=";".join(PROGRAMS), show_default=True, help="Separated by semicolons.")
@click.option("--repeat", default=5, show_default=True)
@click.option("-o", "--output", default="results/kernels", show_default=True, type=click.Path(path_type=Path))
def main(programs: str, repeat: int, output: Path) -> None:
    """Time every program both ways and write the table."""
    table = []
    for name in programs.split(";"):
        table.append({"program": name, **both(name, *PROGRAMS[name], repeat)})
        click.echo(table[-1], err=True)
    frame = pd.DataFrame(table)
    command = f'python -m experiments.kernels --programs "{programs}" --repeat {repeat}'
    record = {"command": command, "compiler": compiler.wanted().version, "load": os.getloadavg()}
    publish(output, "kernels", {"table": frame}, page(frame), record)
    click.echo(page(frame))


def both(name: str, program: Any, config: str, sets: list[str], paths: int, repeat: int) -> dict[str, Any]:
    """One program by XLA and by rows."""
    world = assemble(load(config, sets))
    if name in ALONE:
        world = _without_crowd(world)
    chunk = 4096 if world.crowd is None and world.funds is None else blocks.NARROW
    calls, numbers = paths // chunk, np.arange(paths, dtype=np.uint32)

    def xla() -> Any:
        parts = blocks._block(program, world, np.uint32(0), None, chunk=chunk, calls=calls)
        return blocks._gather(jax.device_get(parts), paths)

    compiling, first = _spent(xla)
    building, kernel = _spent(lambda: rows.kernel(program, world, None))
    second = kernel((world, None), numbers)
    unit = 1e9 / (paths * (world.days + world.warmup))
    times = [
        (_spent(xla)[0] * unit, _spent(lambda: kernel((world, None), numbers))[0] * unit)
        for _ in range(repeat)
    ]
    return {
        "xla_ns": round(min(a for a, _ in times), 1),
        "rows_ns": round(min(b for _, b in times), 1),
        "ratio": round(float(np.median([a / b for a, b in times])), 2),
        "xla_compile": round(compiling - min(a for a, _ in times) / unit, 1),
        "rows_compile": round(building, 1),
        **apart(first, second),
    }


def apart(first: Any, second: Any) -> dict[str, float]:
    """How far two outcomes of the same paths lie apart."""
    if not isinstance(first, Outcome):
        return {"largest": float(np.abs(np.expm1(first - second)).max()), "beyond": 0.0, "otherwise": 0.0}
    off = np.abs((1 - first.loss) - (1 - second.loss)) / np.maximum(np.abs(1 - first.loss), 0.01)
    leaves = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    flags = [(np.asarray(a) != np.asarray(b)) for a, b in leaves if np.asarray(a).dtype == bool]
    flags += [((first.z <= at) != (second.z <= at)).any(axis=1) for at in (-7.0, -5.0)]
    otherwise = np.concatenate([flag.reshape(-1, flag.shape[-1]) for flag in flags]).any(axis=0)
    return {
        "largest": float(off.max()),
        "beyond": float((off > 1e-5).any(axis=(0, 1, 2)).mean()),
        "otherwise": float(otherwise.mean()),
    }


def page(table: pd.DataFrame) -> str:
    """The table in words."""
    shown = table.assign(
        **{name: table[name].map("{:.1e}".format) for name in ("largest", "beyond", "otherwise")}
    )
    lines = [
        "# One kernel of rows against XLA",
        "",
        "CPU nanoseconds a path-day (warm-up days count), the best of the repeats; the ratio is the median "
        "of pairs timed in turn. Compiling in CPU seconds, nothing stored before. Apart: the largest "
        "relative difference of a NAV, the share of paths with one beyond 1e-5, and the share with a flag "
        "that falls the other way.",
        "",
        markdown(shown),
        "",
        "Made by `python -m experiments.kernels`; see record.json.",
        "",
    ]
    return "\n".join(lines)


def _without_crowd(world: World) -> World:
    from dataclasses import replace

    return replace(world, crowd=None)


def _spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process and of those it waited for, and what came out."""
    before = os.times()
    started = time.process_time()
    made = work()
    after = os.times()
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return time.process_time() - started + children, made


if __name__ == "__main__":
    main()
