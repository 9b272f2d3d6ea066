"""How fast paths are made: against the best NumPy, a numba loop by hand, and the random numbers alone.

    python -m experiments.speed [--paths 65536] [--days 250] [--repeat 5]

One model in five ways, in one run, each the best of `repeat`: 4 regimes, 5 factors, Student shocks, float32,
from start to the final log price of every bucket. The ways differ in their random numbers, so they are
checked against each other by their moments. Writes results/speed/.
"""

import os
from pathlib import Path

import click
import pandas as pd

from tailrisk.record.publishing import publish
from tailrisk.studies.speed.ways import check, every, modelled, timed


@click.command()
@click.option("--paths", default=65536, show_default=True)
@click.option("--days", default=250, show_default=True)
@click.option("--repeat", default=5, show_default=True)
@click.option("-o", "--output", default="results/speed", show_default=True, type=click.Path(path_type=Path))
def main(paths: int, days: int, repeat: int, output: Path) -> None:
    """Time the five ways and write the table."""
    ways = every(*modelled(days))
    rows, moments = [], {}
    for name, run in ways.items():
        moments[name] = run(0, paths)  # also compiles
        rows.append({"way": name, **timed(run, paths, days, repeat)})
        click.echo(rows[-1], err=True)
    check(moments)
    table = pd.DataFrame(rows)
    command = f"python -m experiments.speed --paths {paths} --days {days} --repeat {repeat}"
    said = {"command": command, "load": os.getloadavg()}
    publish(output, "speed", {"table": table}, page(table, paths, days), said)
    click.echo(page(table, paths, days))


def page(table: pd.DataFrame, paths: int, days: int) -> str:
    """The table in words."""
    base = table.iloc[0]
    lines = [
        "# Speed of path simulation",
        "",
        f"{paths:,} paths of {days} days, 4 regimes, 5 factors, Student shocks, float32. Nanoseconds a "
        "path-day, best of the repeats; the ratio is against the first row. CPU: one thread of calls; wall: "
        "one thread a core.",
        "",
        "| way | CPU ns | ratio | wall ns | ratio | paths per CPU-second |",
        "|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        cpu, wall = row["cpu_ns"], row["wall_ns"]
        times = f"{cpu:.1f} | {cpu / base.cpu_ns:.2f} | {wall:.1f} | {wall / base.wall_ns:.2f}"
        lines.append(f"| {row['way']} | {times} | {row['paths_per_cpu_second']:,.0f} |")
    numpy = table[table.way.str.startswith("NumPy")].cpu_ns.min()
    cores = len(os.sched_getaffinity(0))
    lines += [
        "",
        f"Wall time on {cores} cores: {numpy / base.wall_ns:.1f} times less than the best NumPy on one.",
    ]
    return "\n".join([*lines, "", "Made by `python -m experiments.speed`; see record.json.", ""])


if __name__ == "__main__":
    main()
