"""A gradient or none? CMA-ES and Adam on the match's cost, from the same starts for the same time.

    python -m experiments.match_search [--seconds 60] [--data ../shared/data]

Adam (optax) follows the derivative of the replay through its triggers as they are, almost everywhere;
thirty-two starts side by side. CMA-ES restarts from the same points. Time to compile is stated apart.
"""

import time
from pathlib import Path

import click
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from cmaes import CMA

from tailrisk.config import load
from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.crowd import runs
from tailrisk.studies.match.config import read_terms
from tailrisk.studies.match.episode import Files
from tailrisk.studies.match.moments import fit
from tailrisk.studies.match.run import Problem, problem

STARTS, POPULATION = 32, 96
RATES = (0.02, 0.1)


@click.command()
@click.option("--data", default="../shared/data", show_default=True, type=Path)
@click.option("--seconds", default=60.0, show_default=True, help="Of each search, after compiling.")
@click.option("-o", "--output", default="results/match_search", show_default=True, type=Path)
def main(data: Path, seconds: float, output: Path) -> None:
    """Write the table of searches."""
    jax.config.update("jax_enable_x64", True)
    names = ("indices_daily.csv", "index_futures_daily.csv", "etf_daily.csv")
    posed = problem(
        load(runs.CONFIG, ["run.precision=float64"]),
        Files(*(data / name for name in names)),
        read_terms("episode_feb2024.toml"),
    )
    starts = np.random.default_rng(0).normal(size=(STARTS, len(posed.prior.names)))
    rows = [named("CMA-ES", evolved(posed, starts, seconds))]
    rows += [named(f"Adam, rate {rate}", followed(posed, starts, seconds, rate)) for rate in RATES]
    table = pd.DataFrame(rows)
    said = {"command": f"python -m experiments.match_search --seconds {seconds:g}"}
    publish(output, "match_search", {"table": table}, page(table, seconds), said)
    click.echo(page(table, seconds))


def named(search: str, found: tuple[float, int, float]) -> dict[str, object]:
    """A row of the table."""
    return dict(zip(("search", "compile, s", "replays", "least cost"), (search, *found), strict=True))


def evolved(posed: Problem, starts: np.ndarray, seconds: float) -> tuple[float, int, float]:
    """(seconds to compile, replays, least cost) of CMA-ES, restarted when it has converged."""
    began = time.perf_counter()
    posed.cost(np.repeat(starts, POPULATION // STARTS, axis=0))
    compiled = time.perf_counter() - began
    began, count, least, start = time.perf_counter(), 0, np.inf, 0
    while time.perf_counter() - began < seconds:
        inner = CMA(mean=starts[start % STARTS], sigma=1.0, population_size=POPULATION, seed=start + 1)
        start += 1
        while not inner.should_stop() and time.perf_counter() - began < seconds:
            asked = np.stack([inner.ask() for _ in range(POPULATION)])
            cost = posed.cost(asked)
            inner.tell([(x, float(value)) for x, value in zip(asked, cost, strict=True)])
            count, least = count + POPULATION, min(least, float(cost.min()))
    return round(compiled, 1), count, round(least, 1)


def followed(posed: Problem, starts: np.ndarray, seconds: float, rate: float) -> tuple[float, int, float]:
    """The same of Adam on all starts at once; a gradient that is not finite is left out."""

    def cost(z: jax.Array) -> jax.Array:
        return fit(posed.crowd, posed.record, posed.targets, z).cost

    slope = jax.jit(jax.vmap(jax.value_and_grad(cost)))
    z, adam = jnp.asarray(starts), optax.adam(rate)
    state, began = adam.init(z), time.perf_counter()
    jax.block_until_ready(slope(z))
    compiled = time.perf_counter() - began
    began, count, least = time.perf_counter(), 0, np.inf
    while time.perf_counter() - began < seconds:
        value, gradient = slope(z)
        size = jnp.linalg.norm(gradient, axis=1, keepdims=True)
        step, state = adam.update(jnp.nan_to_num(gradient / jnp.maximum(1.0, size / 20.0)), state)
        z = z + step
        count, least = count + STARTS, min(least, float(jnp.min(value)))
    return round(compiled, 1), count, round(least, 1)


def page(table: pd.DataFrame, seconds: float) -> str:
    """The page in words."""
    lines = [
        "# A gradient or none?",
        "",
        f"Least cost (-2 log posterior up to a constant) found in {seconds:g} s after compiling, from the",
        f"same {STARTS} random starts, and the number of replays it took.",
        "",
        markdown(table),
        "",
        "Made by `python -m experiments.match_search`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
