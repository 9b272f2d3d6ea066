"""What a run costs besides its paths: the first run of a config and the second, CPU seconds by phase.

    python -m experiments.first_run [--config crowd_feb2024.toml --backend rows ...]

Every run is a process of its own; the first begins with nothing compiled, the second with what the first
stored. Both must write the same tables and pages, byte for byte. Beside them is what `tailrisk check` tells,
on one core, and its ratio to what was taken. With `run.backend = "rows"` (a C++ compiler is needed) the paths
are those of another arithmetic, and are compared with themselves alone. Writes results/first_run. CPU seconds
grow by a tenth or two on a machine that others use; about four minutes of one core.
"""

import compileall
import filecmp
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import pandas as pd

import tailrisk
from tailrisk.config import effort, load
from tailrisk.core import Fault
from tailrisk.record import provenance
from tailrisk.record.publishing import markdown, publish

from .phases import NAMES

CONFIGS = {
    "feb2024.toml": ("run.paths=40000",),
    "crowd_feb2024.toml": (),
    "funds_feb2024.toml": ("run.paths=8192", "accounts.paths=256"),
    "smoke.toml": (),
}
"""What is run, and what is set."""
BACKENDS = {"xla": tuple(CONFIGS), "rows": ("crowd_feb2024.toml",)}
"""What computes the paths, xla where nothing is said, and the configs it is measured with."""
COMMAND = "python -m experiments.first_run"
PHASES = "experiments.first_run.phases"
COLUMNS = ["config", "backend", "run", "commit", *NAMES, "total", "told", "told_over_taken"]
VOLATILE = {"record.json", "report.html", "page.md", "SHA256SUMS"}
"""Files that say when and how fast a run was made, or hold the digest of one that does."""
WITHIN = 2.0
"""The estimate of `check` and what was taken differ by this factor at most."""


@click.command()
@click.option(
    "--config",
    "configs",
    multiple=True,
    type=click.Choice(tuple(CONFIGS)),
    help="Measure these; others stay.",
)
@click.option(
    "--backend",
    "backends",
    multiple=True,
    type=click.Choice(tuple(BACKENDS)),
    help="Measure with these; others stay.",
)
@click.option("--page-only", is_flag=True, help="Run nothing: write the page of what is published again.")
@click.option("-o", "--output", default="results/first_run", show_default=True, type=Path)
def main(configs: Sequence[str], backends: Sequence[str], page_only: bool, output: Path) -> None:
    """Run each config twice and write the table of phases."""
    compileall.compile_dir(Path(tailrisk.__file__).parent, quiet=1)  # as an installer leaves a package
    asked = [(name, by) for by in backends or BACKENDS for name in configs or CONFIGS if name in BACKENDS[by]]
    rows = [] if page_only else [row for name, by in asked for row in measured(name, by, CONFIGS[name])]
    table = with_others(pd.DataFrame(rows, columns=COLUMNS), output / "table.csv")
    facts = {"command": COMMAND, "load": os.getloadavg(), "configs": {n: list(s) for n, s in CONFIGS.items()}}
    publish(output, "first_run", {"table": table}, page(table), facts)
    click.echo(page(table))


def with_others(table: pd.DataFrame, published: Path) -> pd.DataFrame:
    """The rows measured, and those of other configs and backends that are published."""
    if not published.exists():
        return table
    old = pd.read_csv(published, dtype={"commit": str})
    if "backend" not in old:
        old["backend"] = "xla"
    measured = old["config"].isin(table["config"]) & old["backend"].isin(table["backend"])
    return pd.concat([old[~measured], table], ignore_index=True)[COLUMNS]


def measured(name: str, backend: str, settings: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A row for the first run of a config and one for the second. Fault: they differ in a table or figure."""
    settings = (*settings, f"run.backend={backend}")
    with tempfile.TemporaryDirectory() as scratch:
        folders, head = [], str(provenance.commit()[0])[:10]
        for number, estimate in zip(("first", "second"), estimates(name, settings), strict=True):
            folder = Path(scratch) / number
            seconds = run(name, settings, folder, Path(scratch) / "store")
            folders.append(next(path for path in folder.iterdir() if path.is_dir()))
            total = sum(seconds.values())
            row = {"config": name, "backend": backend, "run": number, "commit": head}
            row |= seconds | {"total": total}
            click.echo(f"{name}, {backend}, {number}: {total:.1f} s, told {estimate:.1f}", err=True)
            yield row | {"told": estimate, "told_over_taken": estimate / total}
        alike(*folders)


def estimates(name: str, settings: Sequence[str]) -> tuple[float, float]:
    """CPU seconds that `tailrisk check` reckons with, where nothing is compiled and where all is."""
    config = load(name, settings)
    work = effort.serial(config) + effort.parallel(config)
    return effort.once(config) + work, effort.START + work


def run(name: str, settings: Sequence[str], folder: Path, store: Path) -> dict[str, float]:
    """CPU seconds by phase of `tailrisk run` in a process of its own with this store of programs."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JAX_", "TAILRISK_"))}
    environment = kept | {"TAILRISK_COMPILED": str(store), "JAX_PLATFORMS": "cpu"}
    folder.mkdir()
    out = folder / "seconds.json"
    sets = [word for one in settings for word in ("--set", one)]
    words = [sys.executable, "-m", PHASES, str(out), name, *sets, "-o", str(folder), "--quiet"]
    subprocess.run(words, env=environment, check=True)
    seconds: dict[str, float] = json.loads(out.read_text(encoding="utf-8"))
    return seconds


def alike(one: Path, other: Path) -> None:
    """Raises Fault where two results differ in a file that says nothing of the run itself."""
    files = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
    names = [str(file) for file in files if file.name not in VOLATILE]
    _, differ, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    if differ or missing:
        raise Fault(f"the second run differs from the first: {', '.join([*differ, *missing])}")


def page(table: pd.DataFrame) -> str:
    """The table in words: a row a phase, a column a run."""
    columns = {_head(row): row for row in table.to_dict("records")}
    shown = [
        {"phase": name, **{head: _cell(row[name]) for head, row in columns.items()}}
        for name in (*NAMES, "total", "told", "told_over_taken", "commit")
    ]
    xla = table[table["backend"] == "xla"]
    worst = max(max(x, 1 / x) for x in xla["told_over_taken"])
    holds = "holds" if worst <= WITHIN else "does not hold"
    return "\n".join(
        [
            "# The first run and the second",
            "",
            "CPU seconds by phase of `tailrisk run`, each in a process of its own: first with nothing "
            "compiled, then with what the first stored. Tables and figures of both are the same to the byte.",
            "",
            markdown(pd.DataFrame(shown)),
            "",
            'By rows: `run.backend = "rows"`, one kernel by your own C++ compiler, whose CPU seconds are '
            "compiling. Its text is made in the second run too, its bits are its own; XLA is the default.",
            "",
            f"Told: what `tailrisk check` reckons with on one core, by XLA. The worst is off by a factor of "
            f"{worst:.2f}; that it is within {WITHIN:g} {holds}.",
            "",
            f"Made by `{COMMAND}`; see record.json.",
            "",
        ]
    )


def _head(row: dict[str, Any]) -> str:
    by = "" if row["backend"] == "xla" else f" by {row['backend']}"
    return f"{row['config']}{by} {row['run']}"


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.2f}"


if __name__ == "__main__":
    main()
