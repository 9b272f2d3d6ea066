"""How much of the tail is the crowd's, how that depends on what is not known, and where stampedes begin.

    python -m experiments.crowd_attribution [--paths 8192]

The crowd's share of a tail is one less the exogenous world's expected shortfall over the whole world's, under
the same shocks. It is asked for at every size of DMA, panic and impact the sources allow (100 to 350 bn;
mechanism 3.5, 6), and over members of the ensemble. The map is the probability of a stampede over the
cohorts' assets and DMA's leverage. Twenty days from the crisis regime, in which fear takes hold at once.
"""

from pathlib import Path

import click
import jax.numpy as jnp
import numpy as np
import pandas as pd

from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate.world import World
from tailrisk.studies.crowd import runs
from tailrisk.studies.crowd.edges import PLACES, ROUT_START, off

DMA = (100.0, 150.0, 200.0, 275.0, 350.0)
SCALES = (0.5, 0.75, 1.0, 1.5)
ASSETS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
LEVERAGE = (1.0, 2.0, 4.0, 5.0, 8.0)
LEVEL = 0.95
PRODUCTS = ("ie1000", "neutral", "dma")


@click.command()
@click.option("--config", default=runs.CONFIG, show_default=True)
@click.option("--paths", default=8192, show_default=True)
@click.option("--members", default=4, show_default=True, help="Of the ensemble.")
@click.option("-o", "--output", default="results/crowd_attribution", show_default=True, type=Path)
def main(config: str, paths: int, members: int, output: Path) -> None:
    """Write the attribution, its sensitivity and the map."""
    said, world = runs.world_of(ROUT_START, config)
    names = list(said.products)
    world = runs.edited(world, "panic.hold", jnp.ones_like)
    bare = tail(off(world, tuple(PLACES)), paths, names)
    rows = [{"varied": "none", "value": 1.0, **shares(tail(world, paths, names), bare)}]
    dma = place_of(world, "dma")
    for size in DMA:
        sized = runs.edited(world, "cohorts.assets", lambda a, to=size: a.at[dma].set(to))
        rows.append({"varied": "DMA, bn", "value": size, **shares(tail(sized, paths, names), bare)})
    for place, label in (("panic.strength", "panic"), ("impact.impact", "impact")):
        for scale in SCALES:
            moved = runs.edited(world, place, lambda x, by=scale: x * by)
            rows.append({"varied": label, "value": scale, **shares(tail(moved, paths, names), bare)})
    for member in range(1, members):
        _, other = runs.world_of([*ROUT_START, f"crowd.member={member}"], config)
        other = runs.edited(other, "panic.hold", jnp.ones_like)
        rows.append({"varied": "member", "value": member, **shares(tail(other, paths, names), bare)})
        click.echo(rows[-1], err=True)
    table, phase = pd.DataFrame(rows), phases(world, min(paths, 4096))
    tables = {"table": table, "phase": phase}
    made = {"command": f"python -m experiments.crowd_attribution --paths {paths} --members {members}"}
    text = page(table, phase)
    publish(output, "crowd_attribution", tables, text, {**made, "config_sha256": said.digest()})


def tail(world: World, paths: int, names: list[str]) -> dict[str, float]:
    """Expected shortfalls and the probability of a stampede, in percent."""
    kept = runs.simulated(world, paths)
    loss = np.asarray(kept.outcome.loss[0, 0])
    micro = runs.shortfall(-np.asarray(kept.outcome.crowd.worst_3_days), LEVEL)
    products = {name: runs.shortfall(loss[names.index(name)], LEVEL) for name in PRODUCTS if name in names}
    return {"stampede": 100 * float(kept.stampede.mean()), "micro, 3 days": micro, **products}


def shares(whole: dict[str, float], bare: dict[str, float]) -> dict[str, float]:
    """The shortfalls, and the part of each that is not there without the crowd."""
    parts = {
        f"{name}, crowd's %": 100 * (1 - bare[name] / whole[name]) for name in whole if name != "stampede"
    }
    return {**whole, **parts}


def place_of(world: World, cohort: str) -> int:
    """The row of a cohort in the crowd's arrays."""
    assert world.crowd is not None
    return world.crowd.cohort_names.index(cohort)


def phases(world: World, paths: int) -> pd.DataFrame:
    """P(stampede), in percent, over the assets of all cohorts and the leverage of DMA."""
    rows, dma = [], place_of(world, "dma")
    for leverage in LEVERAGE:
        row: dict[str, float] = {"leverage": leverage}
        levered = runs.edited(world, "cohorts.long", lambda x, to=leverage: x.at[dma].set(to))
        for scale in ASSETS:
            sized = runs.edited(levered, "cohorts.assets", lambda x, by=scale: x * by)
            row[f"assets x {scale:g}"] = 100 * float(runs.simulated(sized, paths).stampede.mean())
        rows.append(row)
        click.echo(row, err=True)
    return pd.DataFrame(rows)


def page(table: pd.DataFrame, phase: pd.DataFrame) -> str:
    """The page in words."""
    lines = [
        "# How much of the tail is the crowd's",
        "",
        "Expected shortfall at 95 %, in percent, of the worst three days of micro-caps and of products over",
        "twenty days in a rout, and the crowd's part of it: not there under the same shocks without one.",
        "",
        markdown(table.round(1)),
        "",
        f"Chance in percent of a fall of micro-caps of {100 * runs.ROUT:.0f} % in three days, by leverage",
        "of the DMA books and by the assets of all cohorts as a multiple of the config's.",
        "",
        markdown(phase.round(1)),
        "",
        "Made by `python -m experiments.crowd_attribution`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
