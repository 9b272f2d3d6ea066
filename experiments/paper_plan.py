"""On paper: what 1e12 path-days would take on a hundred GPUs, from compiled programs and a measured host.

    python -m experiments.paper_plan [--path-days 1e12] [--cards 100] [--launch 5]

What a card takes comes from three times: bytes over its bandwidth (results/gpu_compiled), launches at so many
microseconds each (assumed), and what the host does with every path (`record.collect`, measured here by a
block of `feb2024.toml`), by one thread a card as it is today and by sixteen. Nothing was run on a card.
Writes results/paper_plan.
"""

import time
from pathlib import Path
from typing import Any

import click
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
THREADS = 16
WATTS = {"NVIDIA H100": 700, "NVIDIA A100": 400, "NVIDIA RTX 4090": 450}
"""Of a card, by its data sheet."""
NUMBERS = 2**32
"""Paths of one seed: their numbers have 32 bits."""


def host() -> tuple[float, int]:
    """(CPU seconds a path that the host takes to reduce it, bytes that a process sends at the end)."""
    config = load("feb2024.toml", ["event=[]", "market.process=regimes", f"run.paths={8 * BLOCK}"])
    world = assemble(config, None)
    (_, outcome) = next(blocks(world, BLOCK, chunk=4096))
    sampled = collect._empty(config, world)
    collect._keep(sampled, config, 0, outcome)
    started = time.process_time()
    for k in range(1, 8):
        collect._keep(sampled, config, k * BLOCK, outcome)
    seconds = (time.process_time() - started) / (7 * BLOCK)
    return seconds, sampled.tails.columns * 8


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
        wide = max(moved, launched, paths * reduce / THREADS)
        binds = max(times, key=lambda name: times[name])
        rows.append(
            {
                "card": one["card"],
                "program": PROGRAMS[one["program"]],
                **{f"{name}, min": seconds / 60 for name, seconds in times.items()},
                "binds": binds,
                "min as it is": (max(moved, launched) + paths * reduce) / 60,
                f"min, {THREADS} threads": wide / 60,
                "kWh of cards": cards * WATTS[one["card"]] * wide / 3.6e6,
            }
        )
    return pd.DataFrame(rows)


PAGE = """# On paper: what 1e12 path-days would take on a hundred GPUs

{path_days:.0e} path-days are {paths:.2e} paths of {days} days, {each:.2e} a card on {cards} cards. Path numbers have
32 bits, so this is {seeds} runs of as many seeds, each divided by `tailrisk run --coordinator`. Nothing was run on
a card.

{table}

Memory: bytes over bandwidth, from the compiled programs (`results/gpu_compiled`). Launches: {launch:g} us each,
assumed; a card takes the longer of the two. Host: {reduce_us:.2g} us of one CPU thread a path, measured here. Today
one thread a process reduces what its card computes, after it, so the two times add up; the last two columns are what
{threads} threads a card, at work while it computes, would bring.

At the end each process sends its worst losses: at 99 % and 80 columns of losses eight bytes for each of {tail:.1e}
losses a column, {sent:.2g} GB over all processes of a run, received column by column by the first.

Made by `{command}`; see record.json.
"""  # noqa: E501


def page(table: pd.DataFrame, asked: dict[str, Any]) -> str:
    """The plan in words."""
    shown = table.map(lambda x: f"{x:.2g}" if isinstance(x, float) else x)
    more = {"each": asked["paths"] / asked["cards"], "reduce_us": 1e6 * asked["reduce"], "threads": THREADS}
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
