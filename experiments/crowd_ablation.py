"""What each edge of the crowd does: each off, each alone, in a rout, under the same shocks.

    python -m experiments.crowd_ablation [--paths 8192]

Twenty days from the crisis regime in which fear has taken hold, as on 29 January 2024. Differences are paired
path by path; then the same in 4, 8 and 16 rounds a day.
"""

from pathlib import Path

import click
import jax.numpy as jnp
import numpy as np
import pandas as pd

from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.crowd import runs
from tailrisk.studies.crowd.edges import PLACES, ROUT_START, off

WATCHED = ("ie500", "ie1000", "neutral", "dma")
ROUNDS = (4, 8, 16)


@click.command()
@click.option("--config", default=runs.CONFIG, show_default=True)
@click.option("--paths", default=8192, show_default=True)
@click.option("--set", "overrides", multiple=True, help="As in `tailrisk run`.")
@click.option("-o", "--output", default="results/crowd_ablation", show_default=True, type=Path)
def main(config: str, paths: int, overrides: tuple[str, ...], output: Path) -> None:
    """Write the table of ablations and the table of rounds."""
    said, world = runs.world_of([*ROUT_START, *overrides], config)
    names = list(said.products)
    world = runs.edited(world, "panic.hold", jnp.ones_like)
    base = measured(runs.simulated(world, paths), names)
    rows = [row("everything", base, None)]
    nothing = off(world, tuple(PLACES))
    for edge in PLACES:
        rows.append(row(f"without {edge}", measured(runs.simulated(off(world, (edge,)), paths), names), base))
        click.echo(rows[-1], err=True)
    bare = measured(runs.simulated(nothing, paths), names)
    rows.append(row("nothing", bare, base))
    for edge in PLACES:
        alone = off(world, tuple(other for other in PLACES if other != edge))
        rows.append(row(f"{edge} alone", measured(runs.simulated(alone, paths), names), bare))
        click.echo(rows[-1], err=True)
    table = pd.DataFrame(rows)
    rounds = converged(config, overrides, min(paths, 2048), names)
    text = page(table, rounds, paths)
    made = {"command": f"python -m experiments.crowd_ablation --paths {paths}", "paths": paths}
    tables = {"table": table, "rounds": rounds}
    publish(output, "crowd_ablation", tables, text, {**made, "config_sha256": said.digest()})


def measured(kept: runs.Paths, names: list[str]) -> dict[str, np.ndarray]:
    """What is compared, path by path [path]."""
    crowd = kept.outcome.crowd
    seen = {
        "P(stampede) %": 100 * kept.stampede,
        "P(z <= -7) %": 100 * (np.asarray(kept.outcome.z[0]) <= -7).any(axis=0).astype(float),
        "worst 3 days of micro %": -100 * np.asarray(crowd.worst_3_days, float),
        "peak IM discount %": 100 * np.asarray(crowd.peak_discount, float),
    }
    loss = np.asarray(kept.outcome.loss[0, 0], float)
    return seen | {f"loss of {name} %": 100 * loss[names.index(name)] for name in WATCHED if name in names}


def row(label: str, values: dict[str, np.ndarray], base: dict[str, np.ndarray] | None) -> dict[str, str]:
    """Means, or mean differences from a base, with 95 % intervals."""
    said: dict[str, str] = {"edges": label}
    said["against"] = "" if base is None else ("everything" if "alone" not in label else "nothing")
    for name, value in values.items():
        said[name] = runs.mean(value) if base is None else runs.paired(value, base[name])
    return said


def converged(config: str, overrides: tuple[str, ...], paths: int, names: list[str]) -> pd.DataFrame:
    """The same paths in more rounds a day: means, and the mean absolute difference from the most."""
    found: dict[int, dict[str, np.ndarray]] = {}
    for rounds in ROUNDS:
        _, world = runs.world_of([*ROUT_START, f"crowd.rounds={rounds}", "run.days=10", *overrides], config)
        world = runs.edited(world, "panic.hold", jnp.ones_like)
        still = runs.edited(world, "basis.noise", jnp.zeros_like)
        found[rounds] = measured(runs.simulated(still, paths), names)
    finest = found[max(ROUNDS)]
    rows = []
    for rounds, values in found.items():
        apart = {name: float(np.abs(value - finest[name]).mean()) for name, value in values.items()}
        rows.append({"rounds": rounds} | {n: f"{v.mean():.3f} ({apart[n]:.3f})" for n, v in values.items()})
    return pd.DataFrame(rows)


def page(table: pd.DataFrame, rounds: pd.DataFrame, paths: int) -> str:
    """The page in words."""
    lines = [
        "# What each edge of the crowd does",
        "",
        f"{paths:,} paths of 20 days from the crisis regime with fear; 95 % intervals. The first row is a",
        "level, rows `without` differences from it, rows `alone` differences from `nothing`, path by path.",
        "",
        markdown(table.drop(columns="against")),
        "",
        "Rounds a day: means over ten such days without noise of the basis, in brackets the mean absolute",
        f"difference from {max(ROUNDS)} rounds, path by path.",
        "",
        markdown(rounds),
        "",
        "Made by `python -m experiments.crowd_ablation`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
