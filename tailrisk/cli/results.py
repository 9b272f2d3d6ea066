"""Results already there: a list, a table over all, two compared, one run again, one for others, the index."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import InputError
from .options import QUIET, numerics, say

if TYPE_CHECKING:
    from ..config import Config

RESULTS = click.argument("results", default="results", type=click.Path(path_type=Path))
TABLE = click.option("--csv", "file", type=click.Path(path_type=Path), help="Write the table to a file too.")


@click.command("list")
@RESULTS
@click.option("--cells", is_flag=True, help="Cells of sweeps too.")
def listed(results: Path, cells: bool) -> None:
    """List the results in a folder.

    A line a result: its kind, whether its seal is whole, when and by which code it was made, its question.

    \b
    Example:
      tailrisk list results
    """
    from ..studies.results.catalogue import entries

    found = entries(results, cells=cells)
    wide = max((len(one.name) for one in found), default=0)
    for one in found:
        made = f"{str(one.record.get('created') or '')[:10]:<10} {str(one.record.get('commit') or '')[:8]:<8}"
        say(f"{one.name:<{wide}}  {one.kind:<5} {one.state:<12} {made} {one.question}".rstrip())
    say(f"{len(found)} results")


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--unpaired", is_flag=True, help="Read the tables alone; simulate nothing.")
@TABLE
@QUIET
def compare(first: Path, second: Path, unpaired: bool, file: Path | None, quiet: bool) -> None:
    """Compare two runs, FIRST less SECOND, with intervals.

    Runs of the same seed, paths and days meet the same shocks: both are simulated again from their records
    and their expected shortfalls compared path by path, so that what they have in common leaves the interval.
    Other runs, and other figures, are compared as independent samples.

    \b
    Example:
      tailrisk compare results/panic_on results/panic_off
    """
    from ..studies.results.compare import compare as compared
    from ..studies.results.compare import show

    found = compared(first, second, pair=not unpaired, progress=not quiet, start=_precision)
    if file is not None:
        _write(found.table, file)
    if not quiet:
        say(show(found))


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@QUIET
def verify(result: Path, quiet: bool) -> int:
    """Run a result again from its record; say whether it is the same.

    The promise that applies is named: bit for bit under the same versions, platform and kind of device,
    expected shortfall within 1e-6 on other hardware, within 5 standard errors under other versions. Nothing
    is written. The exit code is 1 where the promise does not hold.

    \b
    Example:
      tailrisk verify results/feb2024
    """
    from ..studies.results.verify import verify as again

    verdict = again(result, progress=not quiet, start=_precision)
    if not quiet or not verdict.holds:
        say(f"{result}\n{verdict.text()}")
    return 0 if verdict.holds else 1


@click.command()
@click.argument("conditions", nargs=-1, metavar="[FIELD=VALUE]...")
@click.option("--results", default="results", show_default=True, type=click.Path(path_type=Path))
@click.option("--rows", default=50, show_default=True, type=click.IntRange(1), help="Most rows printed.")
@TABLE
def query(conditions: tuple[str, ...], results: Path, rows: int, file: Path | None) -> None:
    """Print figures of all runs as one table.

    A row is a figure: result, product, view, loss, measure (VaR, ES, drift), level, value, low, high. A
    condition is FIELD=VALUE, or with != < <= > >= ~ (contains); quote < and >. A dotted FIELD is one of the
    config, such as market.states. All conditions must hold; several values are separated by commas.

    \b
    Examples:
      tailrisk query measure=ES level=0.99 product=dma
      tailrisk query measure=ES view=absolute loss=terminal "value>0.3" market.states=3,4 --csv worst.csv
    """
    from ..studies.results.query import query as asked

    table = asked(results, conditions)
    if file is not None:
        _write(table, file)
    say(table.head(rows).to_string(index=False) if len(table) else "no figure")
    if len(table) > rows:
        say(f"{len(table) - rows:,} more rows: --rows, --csv")


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The zip; by default RESULT.zip here.")
@click.option("--ro-crate", "crate", is_flag=True, help="With metadata as an RO-Crate.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def export(result: Path, output: Path | None, crate: bool, force: bool) -> None:
    """Pack a result as a zip.

    Every sealed file goes in, checked against the seal; the same result gives the same bytes.

    \b
    Example:
      tailrisk export results/feb2024 --ro-crate -o feb2024.zip
    """
    from ..studies.results.export import export as packed

    say(f"wrote {packed(result, output or Path(f'{result.resolve().name}.zip'), crate=crate, force=force)}")


@click.command()
@RESULTS
def publish(results: Path) -> None:
    """Write an index of the results in a folder.

    index.html has search and a filter, and needs no server; INDEX.md is the same table.

    \b
    Example:
      tailrisk publish results
    """
    from ..studies.results.index import publish as indexed

    for path in indexed(results):
        say(f"wrote {path}")


def _precision(config: "Config") -> None:
    numerics(x64=config.run.precision == "float64")


def _write(table: object, file: Path) -> None:
    from ..record.files import write_csv

    write_csv(table, file, replace=True)  # type: ignore[arg-type]


@click.command()
@click.argument("folder", default="results", type=click.Path(path_type=Path))
@click.option("--commands", is_flag=True, help="Print only the commands that make them again.")
def stale(folder: Path, commands: bool) -> None:
    """List results whose code has changed since.

    Looks at every record below FOLDER: the modules its command imports, directly or not, against what git
    says has changed since the commit of the record. Always exits 0: whether a change matters is for a reader.

    \b
    Examples:
      tailrisk stale results
      tailrisk stale results --commands
    """
    from ..record.stale import ages, lines
    from ..record.stale import commands as again

    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        raise InputError(str(root), "is not a checkout", "a clone of the repository, with git")
    if not folder.is_dir():
        raise InputError(str(folder), "no such folder", "a folder of results")
    found = ages(root, folder)
    for text in again(found, _replacing()) if commands else lines(found):
        say(text)


def _replacing() -> list[str]:
    """Names of the commands that have --force."""
    group = click.get_current_context().find_root().command
    every = group.commands if isinstance(group, click.Group) else {}
    return [name for name, one in every.items() if any(option.name == "force" for option in one.params)]
