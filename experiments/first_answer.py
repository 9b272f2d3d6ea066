"""How long does it take a newcomer to come to an answer of his own: which commands, and how many seconds?

    python -m experiments.first_answer

Three people begin in an empty folder with files of their own (made up here): an analyst with a book of codes,
a researcher with index closes, and a manager with a budget. Every command is a process of its own with
nothing compiled before; then all is done again, as on the second day. Writes results/first_answer: table.csv
(a row a command: seconds by the wall and of the processor, first time and again) and a page. Three minutes
of one idle core. Seconds are of the machine in the record, at the time.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import numpy as np
import pandas as pd

from tailrisk.core.calendar import sessions
from tailrisk.core.machine import cores
from tailrisk.core.names import BUCKETS
from tailrisk.record.publishing import markdown, publish
from tailrisk.report import study

QUESTION = "How long does it take a newcomer to come to an answer of his own?"
BOOK = """
extends = "feb2024.toml"
without = "all"
name = "mine"
question = "How much can our fund lose in sixty days?"

[run]
paths = 20_000

[products.mine]
label = "Our fund"
family = "index_enhanced"
benchmark = "csi500"
holdings = "book.csv"
universe = "stocks.csv"
"""
CLOSES = BOOK.replace('"mine"', '"own_market"', 1).replace(
    "[products.mine]", '[market]\ncalibrated = "own.toml"\nstates = 2\n\n[products.mine]'
)
TUNE = """
name = "bounds"
question = "Which bounds keep our fund within its budget?"
market = "feb2024.toml"
paths = 4096
level = 0.95
budget = 0.1

[product]
mix = { csi500 = 0.5, csi1000 = 0.5 }
hedged = true
gross = 0.8

[bounds]
size = [0.1, 0.4, 1.0]
"""
CALIBRATED = ("--until", "2023-12-29", "--states", "1,2", "--shocks", "gaussian", "--starts", "2")
PEOPLE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "an analyst, with a book of codes": (
        ("check", "book.toml"),
        ("run", "book.toml"),
    ),
    "a researcher, with index closes": (
        ("look", "closes.csv"),
        ("calibrate", "closes.csv", *CALIBRATED, "-o", "own.toml"),
        ("run", "closes.toml"),
    ),
    "a manager, with a budget": (("tune", "tune.toml"),),
}
"""Who, and the commands to his first answer."""


@click.command()
@click.option(
    "-o", "--output", default="results/first_answer", show_default=True, type=click.Path(path_type=Path)
)
def main(output: Path) -> None:
    """Every command of every person, cold and warm."""
    with tempfile.TemporaryDirectory(prefix="tailrisk") as name:
        table = pd.DataFrame(measured(Path(name)))
    facts = {"question": QUESTION, "command": "python -m experiments.first_answer", "cores": cores()}
    publish(output, "first_answer", {"table": table}, page(table), facts, finish=study.write)
    click.echo(f"wrote {output}")


def files(folder: Path) -> None:
    """What they have: 40 stocks and their buckets, four years of closes, and the configs they write."""
    draw = np.random.default_rng(1)
    days = pd.DatetimeIndex(sessions()).as_unit("ns")
    days = days[(days >= "2020-01-02") & (days <= "2023-12-29")]
    calm = 0.006 + 0.012 * (draw.random((len(days) // 20 + 1, 1)) < 0.2).repeat(20, axis=0)[: len(days)]
    moves = calm * draw.standard_normal((len(days), 1)) + 0.006 * draw.standard_normal((len(days), 5))
    prices = (3000 * np.exp(np.cumsum(moves, axis=0))).round(2)
    pd.DataFrame(prices, days.rename("date"), list(BUCKETS)).to_csv(folder / "closes.csv")
    codes = [f"{600000 + k}" for k in range(40)]
    stocks = pd.DataFrame({"code": codes, "bucket": [BUCKETS[k % len(BUCKETS)] for k in range(40)]})
    stocks.to_csv(folder / "stocks.csv", index=False)
    value = 1e6 * (1 + np.arange(40) % 3)
    pd.DataFrame({"证券代码": codes, "市值": value}).to_csv(folder / "book.csv", index=False)
    for name, text in (("book", BOOK), ("closes", CLOSES), ("tune", TUNE)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def measured(folder: Path) -> Iterator[dict[str, object]]:
    """A row a command: seconds the first time and again."""
    files(folder)
    told = {**os.environ, "TAILRISK_COMPILED": str(folder / "compiled"), "JAX_COMPILATION_CACHE_DIR": ""}
    rows = {
        (who, command): timed(command, folder, told)
        for who, commands in PEOPLE.items()
        for command in commands
    }
    for (who, command), (wall, cpu) in rows.items():
        more = () if command[0] in ("look", "check") else ("--force",) if command[0] != "calibrate" else ()
        again = timed((*command, *more), folder, told)
        row: dict[str, object] = {"who": who, "command": " ".join(["tailrisk", *command])}
        row |= {"seconds": wall, "cpu_seconds": cpu}
        yield row | {"seconds_again": again[0], "cpu_seconds_again": again[1]}


def timed(command: tuple[str, ...], folder: Path, told: Mapping[str, str]) -> tuple[float, float]:
    """Seconds by the wall and of the processor of a command in a process of its own; it must end well."""
    wall, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-m", "tailrisk", *command], cwd=folder, env=told, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - wall, cpu


PAGE = """\
# {question}

{answer}

Every command is a process of its own in an empty folder with made-up files: 40 stocks by code, four years of
closes of five indices, a budget of expected shortfall. Nothing is compiled before the first time; programs
are kept for the next. Writing the config is not in the seconds. {cores} cores, which other work may share.

{table}

Made by `python -m experiments.first_answer`.
"""


def page(table: pd.DataFrame) -> str:
    """The page in words; every number is from the table."""
    told = []
    for who, rows in table.groupby("who", sort=False):
        first, again = rows["cpu_seconds"].sum(), rows["cpu_seconds_again"].sum()
        many = f"{len(rows)} command{'s' * (len(rows) > 1)}"
        told.append(f"{who}: {many}, {first:.0f} CPU seconds, {again:.0f} the second time")
    shown = table.drop(columns="who").rename(
        columns={
            "cpu_seconds": "CPU seconds",
            "seconds_again": "again, seconds",
            "cpu_seconds_again": "again, CPU seconds",
        }
    )
    figures = shown.map(lambda cell: f"{cell:.1f}" if isinstance(cell, float) else f"`{cell}`")
    answer = f"{'; '.join(told)}."
    answer = answer[0].upper() + answer[1:]
    return PAGE.format(question=QUESTION, answer=answer, cores=cores(), table=markdown(figures))


if __name__ == "__main__":
    main()
