"""Simulating: a run, a sweep of runs, and their tables and pages."""

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from ..core.errors import InputError
from .options import FORCE, OUTPUT, OVERRIDE, QUIET, numerics, overriding, repeated, say, words


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
@click.argument("config")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE,VALUE",
    help="Values of a field, separated by commas: the grid is all combinations. One value is fixed.",
)
@click.option("--name", help="Of the sweep; by default the config's, and _sweep.")
@OUTPUT
@click.option("--force", is_flag=True, help="Run cells again that are there already.")
@QUIET
def sweep(
    config: str, overrides: tuple[str, ...], name: str | None, output: Path, force: bool, quiet: bool
) -> None:
    """Run a config over a grid of settings; compare the cells.

    Each cell is a run with a folder of its own in results/<name>, as `tailrisk run` writes it. sweep.csv
    holds every cell's tail table, index.html compares them. A sweep that was stopped goes on where it was:
    a cell whose folder is complete and whose config has the same digest is not run again. All cells have
    the same seed unless it is swept, so they meet the same shocks and differ by their settings alone.

    CONFIG is a config, or a sweep file: TOML with `config`, a [grid] of lists and, if wanted, [fixed], name
    and question. Commas inside brackets or quotes belong to a value: tail.levels=[0.95,0.99] is one value.

    \b
    Examples:
      tailrisk sweep crowd_feb2024.toml --set crowd.edges.panic=0,0.5,1 --set run.paths=8192
      tailrisk sweep feb2024.toml --set market.states=2,3,4 --set market.shocks=gaussian,student
      tailrisk sweep my_sweep.toml --name states

    \b
    my_sweep.toml:
      config = "feb2024.toml"
      [fixed]
      run.paths = 50_000
      [grid]
      market.states = [2, 3, 4]
      market.start = ["calm", "crisis"]
    """
    from ..config.plan import duration, fits, plan, together
    from ..studies.sweep.config import expand

    wanted = expand(config, overrides, name)
    seconds = together([fits(plan(cell.config)) for cell in wanted.cells])
    tell: Callable[[str], None] = (lambda line: None) if quiet else partial(say, err=True)
    tell(f"{wanted.name}: {len(wanted.cells)} cells, about {duration(seconds)}")

    numerics(x64=wanted.cells[0].config.run.precision == "float64")
    from ..report import page
    from ..studies.sweep import page as sweep
    from ..studies.sweep.run import sweep as simulate

    folder = simulate(
        wanted,
        output,
        force=force,
        command=lambda cell: cell_command(wanted.source, cell.overrides, output / wanted.name),
        progress=not quiet,
        tell=tell,
        finish=sweep.write,
        finish_cell=page.write,
    )
    if not quiet:
        say(sweep.show(folder))
        say(f"report: {folder / 'index.html'}")


def cell_command(config: str, overrides: Sequence[str], output: Path) -> str:
    """The `tailrisk run` that gives one cell of a sweep, for its record."""
    from ..config.schema import portable

    said = ["tailrisk", "run", portable(config), *overriding(overrides)]
    return shlex.join([*said, "--output", portable(str(output))])


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
        study.document(folder, language or "en")
        with rewriting(folder) as scratch:
            study.write(scratch, language=language or "en")
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


@click.command()
@click.argument("folder", default="results", type=click.Path(path_type=Path))
def stale(folder: Path) -> None:
    """List results whose code has changed since.

    Looks at every record below FOLDER: the modules its command imports, directly or not, against what git
    says has changed since the commit of the record. Always exits 0: whether a change matters is for a reader.

    \b
    Example:
      tailrisk stale results
    """
    from ..record.stale import ages, lines

    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        raise InputError(str(root), "is not a checkout", "a clone of the repository, with git")
    if not folder.is_dir():
        raise InputError(str(folder), "no such folder", "a folder of results")
    for text in lines(ages(root, folder)):
        say(text)
