"""How fast paths are made: against the best NumPy, a numba loop by hand, and the random numbers alone.

    python -m experiments.speed [--paths 65536] [--days 250] [--repeat 5] [--parts ways,host]

ways: one model in five ways, in one run, each the best of `repeat`: 4 regimes, 5 factors, Student shocks,
float32, from start to the final log price of every bucket. The ways differ in their random numbers, so they
are checked against each other by their moments.
host: what the host does with the paths of a run, by three arithmetics in one run (studies/speed/host.py).
A part that is left out stays as it is in results/speed/. Writes results/speed/.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pandas as pd

from tailrisk.record import provenance
from tailrisk.record.publishing import markdown, publish
from tailrisk.studies.speed import host
from tailrisk.studies.speed.ways import check, every, modelled, timed

PARTS = {"ways": "table", "host": "host"}
"""The tables of the experiment, by what is timed."""


@click.command()
@click.option("--paths", default=65536, show_default=True)
@click.option("--days", default=250, show_default=True)
@click.option("--repeat", default=5, show_default=True)
@click.option("--parts", default="ways,host", show_default=True, help="What is timed; the rest stays.")
@click.option("-o", "--output", default="results/speed", show_default=True, type=click.Path(path_type=Path))
def main(paths: int, days: int, repeat: int, parts: str, output: Path) -> None:
    """Time the parts asked for and write both tables."""
    asked, made, facts = parts.split(","), {}, {}
    before = json.loads((output / "record.json").read_text()) if (output / "record.json").is_file() else {}
    command = f"python -m experiments.speed --paths {paths} --days {days} --repeat {repeat} --parts {parts}"
    for part, table in PARTS.items():
        if part in asked:
            rows = list(_ways(paths, days, repeat) if part == "ways" else host.every(repeat))
            made[table] = pd.DataFrame(rows)
            facts[part] = {
                "command": command,
                "commit": provenance.stamp()["commit"],
                "load": os.getloadavg(),
            }
        elif (output / f"{table}.csv").is_file():
            made[table] = pd.read_csv(output / f"{table}.csv")
            facts[part] = before.get(part, {name: before.get(name) for name in ("command", "commit", "load")})
    words = "\n".join([page(made["table"], facts["ways"]["command"]), host_page(made.get("host"))])
    publish(output, "speed", made, words, {"command": command, **facts})
    click.echo(words)


def _ways(paths: int, days: int, repeat: int) -> Iterator[dict[str, Any]]:
    """A row a way; the ways must agree in their moments."""
    moments = {}
    for name, run in every(*modelled(days)).items():
        moments[name] = run(0, paths)  # also compiles
        row = {"way": name, **timed(run, paths, days, repeat)}
        click.echo(row, err=True)
        yield row
    check(moments)


def page(table: pd.DataFrame, command: str) -> str:
    """The table of ways in words, given the command that timed them."""
    base = table.iloc[0]
    paths, days = (int(re.search(rf"--{name} (\d+)", command)[1]) for name in ("paths", "days"))
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
    return "\n".join([*lines, ""])


HOST = """## What the host does with every path

CPU nanoseconds a path-day, best of the repeats, in one run. Every figure of a run (losses, z, accounts, the crowd's)
by three arithmetics with the same bits: whole arrays by the thread that collects, as it was; a few rows at a time by
the threads that compute, as it is on a CPU; a program of the device, as it is on an accelerator, whose time here is
a CPU's and not a card's. Threads: what any of them does beside computing paths. Collector: what one thread does for
all of them, which bounds a run however many there are. Read: the worst losses of every column put in order, once, when
all paths are done.

{table}
"""  # noqa: E501


def host_page(table: pd.DataFrame | None) -> str:
    """The table of the host in words."""
    if table is None:
        return "Made by `python -m experiments.speed`; see record.json.\n"
    rows = []
    for _, own in table.groupby("case", sort=False):
        base = own.iloc[0]
        for row in own.to_dict("records"):
            work = row["threads_ns"] + row["collector_ns"]
            rows.append(
                {
                    "paths": f"{row['case']} (`{row['config']}`, {row['paths']:,})",
                    "way": row["way"],
                    "program": f"{row['program_ns']:.1f}" if row["way"] == host.PROGRAM else "",
                    "threads": f"{row['threads_ns']:.1f}",
                    "collector": f"{row['collector_ns']:.1f}",
                    "read": f"{row['read_ns']:.1f}" if "read_ns" in row else "",
                    "host in all": f"{work:.1f}",
                    "ratio": f"{work / (base['threads_ns'] + base['collector_ns']):.2f}",
                }
            )
    made = "Made by `python -m experiments.speed`; see record.json.\n"
    return HOST.format(table=markdown(pd.DataFrame(rows))) + "\n" + made


if __name__ == "__main__":
    main()
