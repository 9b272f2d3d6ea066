"""What the crowd costs: the time of a day with it over one without, in the same process, and to compile.

    python -m experiments.crowd_cost [--paths 4096] [--repeats 5]

Both kernels are the whole path of configs/crowd_feb2024.toml, products and events included; the ratio is of
medians over interleaved repeats on one device. Targets of issue 3: 8 times at most, 30 s to compile.
"""

import time
from dataclasses import replace
from typing import Any

import click
import jax
import jax.numpy as jnp
import numpy as np

from tailrisk.assemble import assemble
from tailrisk.config import load
from tailrisk.simulate import path


@click.command()
@click.option("--config", default="configs/crowd_feb2024.toml", show_default=True)
@click.option("--paths", default=4096, show_default=True, help="Side by side, as in one chunk.")
@click.option("--repeats", default=5, show_default=True)
@click.option("--set", "overrides", multiple=True, help="As in `tailrisk run`.")
def main(config: str, paths: int, repeats: int, overrides: tuple[str, ...]) -> None:
    """Print seconds to compile, microseconds per path-day and their ratio."""
    world = assemble(load(config, overrides))
    numbers = jnp.arange(paths, dtype=jnp.uint32)
    worlds = {"exogenous": replace(world, crowd=None), "crowd": world}
    kernels: dict[str, Any] = {}
    for name, it in worlds.items():
        started = time.perf_counter()
        kernels[name] = jax.jit(path.outcome).lower(it, numbers).compile()
        click.echo(f"{name:<10} compiled in {time.perf_counter() - started:6.1f} s")
    seconds: dict[str, list[float]] = {name: [] for name in worlds}
    for _ in range(repeats + 1):  # the first warms up
        for name, it in worlds.items():
            started = time.perf_counter()
            jax.block_until_ready(kernels[name](it, numbers))
            seconds[name].append(time.perf_counter() - started)
    median = {name: float(np.median(times[1:])) for name, times in seconds.items()}
    for name, taken in median.items():
        click.echo(f"{name:<10} {taken / (paths * world.days) * 1e6:8.3f} us per path-day")
    days = world.days + world.warmup
    click.echo(f"ratio      {median['crowd'] / median['exogenous']:8.1f}   of whole runs, {days} days each")
    each = (median["crowd"] - median["exogenous"]) / (paths * world.days)
    alone = median["exogenous"] / (paths * days)
    click.echo(f"day's ratio {1 + each / alone:7.1f}   of one day; the warm-up's are exogenous")


if __name__ == "__main__":
    main()
