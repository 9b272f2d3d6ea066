"""On paper: what 1e12 path-days would take on a hundred GPUs, from compiled programs and a measured host.

    python -m experiments.paper_plan [--path-days 1e12] [--cards 100] [--launch 5]

What a card takes comes from three times: bytes over its bandwidth (results/gpu_compiled), launches at so many
microseconds each (assumed), and what one thread of the host does with every path that a card has reduced
(`record.reduced`, measured here by blocks of `feb2024.toml`). Nothing was run on a card.
Writes results/paper_plan.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import jax
import numpy as np
import pandas as pd

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core import InputError
from tailrisk.record import collect
from tailrisk.record.publishing import markdown, publish
from tailrisk.simulate.blocks import BLOCK, WIDE, blocks

COMPILED = Path("results/gpu_compiled/table.csv")
PROGRAMS = {"exogenous": "regimes, ten products", "memory": "memory, ten products", "crowd": "with the crowd"}
WATTS = {"NVIDIA H100": 700, "NVIDIA A100": 400, "NVIDIA RTX 4090": 450}
"""Of a card, by its data sheet."""
NUMBERS = 2**32
"""Paths of one seed: their numbers have 32 bits."""


def host() -> tuple[float, int]:
    """(CPU seconds a path of the host behind an accelerator, bytes a loss sent takes over all columns)."""
    paths = 16 * BLOCK
    config = load("feb2024.toml", ["event=[]", "market.process=regimes", f"run.paths={paths}"])
    world = assemble(config, None)
    sampled, seconds = collect._empty(config, world), 0.0
    by = replace(collect.reduction(sampled, config), on_device=True)
    for first, outcome in blocks(world, paths, chunk=4096):
        arrived = jax.device_get(by.begin(outcome))
        started = time.process_time()
        for one in by.end(first, arrived):
            collect._keep(sampled, config, one)
        seconds += time.process_time() - started
    return seconds / paths, sampled.tails.columns * 8


def plan(table: pd.DataFrame, path_days: float, cards: int, launch: float, reduce: float) -> pd.DataFrame:
    """A row a card and program [row, column]: minutes by what binds, and the energy."""
    rows: list[dict[str, Any]] = []
    for _, one in table[table["program"].isin(PROGRAMS)].iterrows():
        days = load("feb2024.toml").run.days
        own = path_days / cards
        paths = own / days
        moved = own / one["path_days_per_second"]
        launched = paths / (WIDE * BLOCK) * one["launches"] * launch * 1e-6
        times = {"memory": moved, "launches": launched, "host, 1 thread": paths * reduce}
        longest = max(times.values())
        binds = max(times, key=lambda name: times[name])
        rows.append(
            {
                "card": one["card"],
                "program": PROGRAMS[one["program"]],
                **{f"{name}, min": seconds / 60 for name, seconds in times.items()},
                "binds": binds,
                "min in all": longest / 60,
                "kWh of cards": cards * WATTS[one["card"]] * longest / 3.6e6,
            }
        )
    return pd.DataFrame(rows)


PAGE = """# On paper: what 1e12 path-days would take on a hundred GPUs

{path_days:.0e} path-days are {paths:.2e} paths of {days} days, {each:.2e} a card on {cards} cards. Path numbers have
32 bits, so this is {seeds} runs of as many seeds, each divided by `tailrisk run --coordinator`. Nothing was run on
a card.

{table}

Memory: bytes over bandwidth, from the compiled programs (`results/gpu_compiled`). Launches: {launch:g} us each,
assumed; a card takes the longer of the two. Host: {reduce_us:.2g} us of one CPU thread a path, measured here: the choice of
the worst losses and the adding up, while the card computes the next call, so that the longest of the three times is what
a run takes. Counts and sums are made on the card (`record/on_device.py`); what that takes there is in no column.

At the end each process sends its worst losses: at 99 % and 80 columns of losses eight bytes for each of {tail:.1e}
losses a column, {sent:.2g} GB over all processes of a run, received column by column by the first.

Made by `{command}`; see record.json.
"""  # noqa: E501


def page(table: pd.DataFrame, asked: dict[str, Any]) -> str:
    """The plan in words."""
    shown = table.map(lambda x: f"{x:.2g}" if isinstance(x, float) else x)
    more = {"each": asked["paths"] / asked["cards"], "reduce_us": 1e6 * asked["reduce"]}
    return PAGE.format(**asked, **more, table=markdown(shown))


@click.command()
@click.option("--path-days", default=1e12, show_default=True)
@click.option("--cards", default=100, show_default=True)
@click.option("--launch", default=5.0, show_default=True, help="Microseconds of one launch, assumed.")
@click.option(
    "-o", "--output", default="results/paper_plan", show_default=True, type=click.Path(path_type=Path)
)
def main(path_days: float, cards: int, launch: float, output: Path) -> None:
    """Work the plan out and write it."""
    if not COMPILED.is_file():
        raise InputError(str(COMPILED), "is not there", "python -m experiments.gpu")
    reduce, column = host()
    days = load("feb2024.toml").run.days
    paths = path_days / days
    seeds = int(np.ceil(paths / NUMBERS))
    tail = 0.01 * paths / seeds
    asked = {
        "question": "What would 1e12 path-days take on a hundred GPUs?",
        "command": f"python -m experiments.paper_plan --path-days {path_days:g} --cards {cards}"
        f" --launch {launch:g}",
        "path_days": path_days,
        "cards": cards,
        "launch": launch,
        "reduce": reduce,
        "days": days,
        "paths": paths,
        "seeds": seeds,
        "tail": tail,
        "sent": tail * column / 1e9,
    }
    table = plan(pd.read_csv(COMPILED), path_days, cards, launch, reduce)
    publish(output, "paper_plan", {"table": table}, page(table, asked), asked)
    click.echo(page(table, asked))


if __name__ == "__main__":
    main()
