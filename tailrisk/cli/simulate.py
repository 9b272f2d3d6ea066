"""Simulating: a run, and the tables and pages of results."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from ..core.processes import ALONE, Group
from .options import FORCE, OUTPUT, OVERRIDE, QUIET, numerics, repeated, say, words
from .together import COORDINATOR, PROCESS, PROCESSES, WAIT, asked, divided


@click.command()
@click.argument("config")
@OVERRIDE
@OUTPUT
@FORCE
@PROCESSES
@COORDINATOR
@PROCESS
@WAIT
@QUIET
def run(
    config: str,
    overrides: tuple[str, ...],
    output: Path,
    force: bool,
    processes: int | None,
    coordinator: str | None,
    process: int | None,
    wait: float,
    quiet: bool,
) -> int:
    """Simulate a config; write results/<name>.

    The folder holds the record, the tables, the figures and report.html, and appears only when complete.
    CONFIG is a TOML file, or the name of one in the library: base.toml, feb2024.toml, crowd_feb2024.toml,
    funds_feb2024.toml, memory_feb2024.toml, own_book.toml, cta_tails.toml, us_indices.toml, smoke.toml.

    With --processes N the paths are divided among N processes, here or, with --coordinator, on as many
    machines as give this command: the same bits, written by the first. `tailrisk guide scale` has recipes.

    \b
    Examples:
      tailrisk run feb2024.toml
      tailrisk run my.toml --set run.paths=1_000_000 --set name=large --force
      tailrisk run my.toml --processes 8 --process 3 --coordinator 10.0.0.1:7000
    """
    from ..config import backend, load
    from ..config.plan import duration, fits, gigabytes, plan

    wanted = asked(processes, coordinator, process, wait)
    loaded = load(config, overrides)
    planned = fits(plan(loaded))
    backend.described(loaded)
    first = wanted.groups[0].writes
    if not quiet and first:
        size = f"{planned.paths:,} paths of {planned.days + planned.burn_in:,} days"
        cost = f"{gigabytes(planned.memory)}, about {duration(planned.seconds)} on {planned.cores} cores"
        again = f"{duration(planned.seconds - planned.compiling)} where its programs are stored"
        say(f"{loaded.name}: {size}, {cost} ({again})", err=True)

    work = partial(_simulated, loaded, output, force=force, quiet=quiet, command=repeated())
    if wanted.several:
        return divided(wanted, work)
    work(ALONE)
    return 0


def _simulated(config: Any, output: Path, group: Group, *, force: bool, quiet: bool, command: str) -> None:
    """Simulate, write and show, as the process of a group that this is."""
    numerics(x64=config.run.precision == "float64")
    from ..record.run import run as simulate
    from ..report.page import write
    from ..report.terminal import show as shown

    quiet = quiet or not group.writes
    folder = simulate(
        config, output, force=force, command=command, progress=not quiet, finish=write, group=group
    )
    if not quiet:
        say(shown(folder))
        say(f"report: {folder / 'report.html'}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--excel", type=click.Path(path_type=Path), help="Write the answer and the tables here: .xlsx.")
@click.option("--force", is_flag=True, help="Replace the Excel file if it is there.")
def show(folder: Path, excel: Path | None, force: bool) -> None:
    """Print the answer and the tables of a result FOLDER, whichever command wrote it.

    \b
    Examples:
      tailrisk show results/feb2024
      tailrisk show results/feb2024 --excel feb2024.xlsx
    """
    from ..record.store import mended
    from ..report import study
    from ..report.terminal import show as shown
    from ..studies.sweep import page as sweep

    folder = mended(folder)
    told = sweep.show if sweep.is_sweep(folder) else study.show if study.is_study(folder) else shown
    text = told(folder)
    if excel is not None:
        from ..report.excel import workbook

        workbook(folder, excel, text, force=force)
        say(f"tables: {excel}")
        return
    say(text)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the page; by default the config's.")
@click.option(
    "--pictures", help="Figures besides SVG: png, pdf or png,pdf; of a run. Studies have both already."
)
def report(folder: Path, language: str | None, pictures: str | None) -> None:
    """Write the page of a result FOLDER again, whichever command wrote it.

    \b
    Examples:
      tailrisk report results/feb2024
      tailrisk report results/feb2024 --language zh --pictures png,pdf
    """
    from ..record.store import mended, rewriting
    from ..report import study
    from ..report.folder import Result
    from ..report.page import write

    kinds = None if pictures is None else words("--pictures", pictures, ("png", "pdf"))
    if study.is_study(mended(folder)):
        study.document(folder, language)
        with rewriting(folder) as scratch:
            study.write(scratch, language=language)
        say(f"report: {folder / 'report.html'}")
        return
    from ..studies.sweep import page as sweep
    from ..studies.sweep.run import rewritten

    if sweep.is_sweep(mended(folder)):
        say(f"report: {rewritten(folder)}")
        return
    Result.read(folder)
    with rewriting(folder) as scratch:
        write(scratch, language=language, pictures=kinds)
    say(f"report: {folder / 'report.html'}")
