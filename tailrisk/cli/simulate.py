"""Simulating: a run, and the tables and pages of results."""

from pathlib import Path

import click

from .options import FORCE, OUTPUT, OVERRIDE, QUIET, numerics, repeated, say


@click.command()
@click.argument("config")
@OVERRIDE
@OUTPUT
@FORCE
@QUIET
def run(config: str, overrides: tuple[str, ...], output: Path, force: bool, quiet: bool) -> None:
    """Simulate a config; write results/<name>.

    The folder holds the record, the tables, the figures and report.html, and appears only when complete.
    CONFIG is a TOML file, or the name of one in the library: base.toml, feb2024.toml, crowd_feb2024.toml,
    funds_feb2024.toml, memory_feb2024.toml, own_book.toml, cta_tails.toml, us_indices.toml, smoke.toml.

    \b
    Examples:
      tailrisk run feb2024.toml
      tailrisk run my.toml --set run.paths=1_000_000 --set name=large --force
    """
    from ..config import load
    from ..config.plan import duration, fits, gigabytes, plan

    loaded = load(config, overrides)
    planned = fits(plan(loaded))
    if not quiet:
        size = f"{planned.paths:,} paths of {planned.days + planned.burn_in:,} days"
        cost = f"{gigabytes(planned.memory)}, about {duration(planned.seconds)} on {planned.cores} cores"
        say(f"{loaded.name}: {size}, {cost}", err=True)

    numerics(x64=loaded.run.precision == "float64")
    from ..record.run import run as simulate
    from ..report.page import write
    from ..report.terminal import show as shown

    command = repeated()
    folder = simulate(loaded, output, force=force, command=command, progress=not quiet, finish=write)
    if not quiet:
        say(shown(folder))
        say(f"report: {folder / 'report.html'}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def show(folder: Path) -> None:
    """Print the tables of a result FOLDER, of a run or a sweep.

    \b
    Example:
      tailrisk show results/feb2024
    """
    from ..record.store import mended
    from ..report.terminal import show as shown
    from ..studies.sweep import page as sweep

    folder = mended(folder)
    say(sweep.show(folder) if sweep.is_sweep(folder) else shown(folder))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def report(folder: Path) -> None:
    """Write the page of a result FOLDER again, of a run or a sweep.

    \b
    Example:
      tailrisk report results/feb2024
    """
    from ..record.store import mended, rewriting
    from ..report.folder import Result
    from ..report.page import write
    from ..studies.sweep import page as sweep
    from ..studies.sweep.run import rewritten

    if sweep.is_sweep(mended(folder)):
        say(f"report: {rewritten(folder)}")
        return
    Result.read(folder)
    with rewriting(folder) as scratch:
        write(scratch)
    say(f"report: {folder / 'report.html'}")
