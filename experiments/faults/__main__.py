"""Faults on purpose, at every operation of the store: `python -m experiments.faults`.

A run, a sweep, a calibration, a tuning and a match are written again and again, over an old result and over
none, while one operation on the disk (each in turn) fails, or every one from there on, the disk is full, or
the process is killed with half of a file written; real commands are killed at random times; two processes
write the same result; every file is flipped, cut and deleted. Asked each time: does a reader see the old
result, the new one or a refusal; is the old one lost; does the same command again give the undisturbed result
and leave nothing over. What is simulated is computed once: the faults are in the writing. Writes
results/faults.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np
import pandas as pd

from experiments.faults.cluster import cluster
from experiments.faults.commands import Command, commands
from experiments.faults.disk import FAULTS, at_random, disturbed, flips, killed, operations, two_writers
from tailrisk.record.publishing import markdown, publish

ORDER = ("trials", "old", "new", "none", "refused", "wrong", "lost", "differs after", "left over")


def rows(command: Command, work: Path, every: int) -> Iterable[dict[str, object]]:
    """A row a fault: what was seen, added up over the operations."""
    for there in (False, True):
        total = operations(command, work, there)
        for fault in FAULTS:
            seen = [disturbed(command, work, fault, at, there) for at in range(1, total + 1, every)]
            over = "an old result" if there else "nothing"
            yield {"command": command.name, "fault": f"{fault}, over {over}", **summed(seen)}


def summed(seen: list[str]) -> dict[str, int]:
    """How many trials, and how often each thing was seen."""
    words = [word for text in seen for word in text.split(", ")]
    return {"trials": len(seen), **{name: words.count(name) for name in ORDER[1:]}}


def drill(
    work: Path, data: Path | None, only: str, *, every: int, pairs: int, kills: int, random: int, bits: int
) -> pd.DataFrame:
    """The whole table."""
    found: list[dict[str, object]] = []
    times = np.random.default_rng(0)
    for command in commands(work, data, only.split(",")):
        step = every * (4 if command.name == "sweep" else 1)
        found += rows(command, work, step)
        seen = [two_writers(command, work) for _ in range(pairs)]
        found.append({"command": command.name, "fault": "two writers at once", **summed(seen)})
        if command.line and kills:
            seen = [killed(command, work, (k + float(times.random())) / kills) for k in range(kills)]
            found.append({"command": command.name, "fault": "real command killed", **summed(seen)})
        if random:
            seen = at_random(command, work, random)
            found.append({"command": command.name, "fault": "writer killed at a random time", **summed(seen)})
        if command.folder:
            seen = flips(command, work, bits)
            found.append({"command": command.name, "fault": "a file flipped, cut or gone", **summed(seen)})
    return pd.DataFrame(found)


def killings(table: pd.DataFrame) -> int:
    """How many faults were a process killed."""
    return int(table.loc[table["fault"].str.contains("kill"), "trials"].sum())


def page(table: pd.DataFrame, seconds: float) -> str:
    """The README."""
    trials, bad = int(table["trials"].sum()), table[["wrong", "lost", "differs after", "left over"]].sum()
    said = ", ".join(f"{name}: {int(count)}" for name, count in bad.items())
    return "\n".join(
        [
            "# Faults on purpose: what a disk that fails and a process that dies leave behind",
            "",
            f"{trials:,} faults, {killings(table):,} of them a SIGKILL. {said}. ({seconds:.0f} CPU seconds.)",
            "",
            "`old`, `new`, `none`: what a reader finds after it; `refused`: he is told what is damaged",
            "or not finished; `wrong`: something else is shown; `lost`: an old result is gone and no new one",
            "is there; `differs after`: the same command again gives other bytes than an undisturbed one",
            "(times aside); `left over`: a file stays that belongs to no result.",
            "",
            markdown(table[["command", "fault", *ORDER]]),
            "",
            "A real command killed is the command itself, from its start; a writer killed writes what was",
            "simulated before. Of the cluster the first row has what was compared after each of its sweeps,",
            "whichever part was killed.",
            "",
            "A calibrated file is an input: it has no seal, and its digest is in the record of every run.",
            "",
            "Made by `python -m experiments.faults`.",
            "",
        ]
    )


@click.command()
@click.option("--every", default=1, show_default=True, help="Disturb each k-th operation.")
@click.option("--pairs", default=12, show_default=True, help="Of writers at once.")
@click.option("--kills", default=12, show_default=True, help="Of each real command.")
@click.option("--random", default=40, show_default=True, help="Kills of each writer at random times.")
@click.option("--lost", default=30, show_default=True, help="Kills of a cluster's worker, scheduler, client.")
@click.option("--bits", default=12, show_default=True, help="Flipped in every file.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of market data, for a match.")
@click.option(
    "--only", default="run,sweep,calibrate,tune,match", show_default=True, help="Commands disturbed."
)
@click.option("--work", type=click.Path(path_type=Path), required=True, help="A folder for the trials.")
@click.option("-o", "--output", default="results/faults", type=click.Path(path_type=Path), show_default=True)
def main(
    every: int,
    pairs: int,
    kills: int,
    random: int,
    lost: int,
    bits: int,
    data: Path | None,
    only: str,
    work: Path,
    output: Path,
) -> None:
    """Disturb, count, publish."""
    begun = sum(os.times()[:4])
    table = drill(work, data, only, every=every, pairs=pairs, kills=kills, random=random, bits=bits)
    if lost:
        table = pd.concat([table, pd.DataFrame(cluster(work / "cluster", lost))], ignore_index=True)
    command = f"python -m experiments.faults --every {every} --pairs {pairs} --kills {kills}"
    command += f" --random {random} --lost {lost} --bits {bits} --only {only}"
    command += " --data ../shared/data" if data else ""
    seconds = sum(os.times()[:4]) - begun  # those of the commands that were killed too
    publish(
        output, "faults", {"table": table}, page(table, seconds), {"command": f"{command} --work /tmp/faults"}
    )
    click.echo(page(table, seconds))


if __name__ == "__main__":
    main()
