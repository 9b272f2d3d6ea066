"""A sweep: a config over lists, zipped lists, quasi-random points or members of a matched ensemble."""

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from .options import OUTPUT, QUIET, numerics, overriding, say


@click.command()
@click.argument("config")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE,VALUE",
    help="Values of a field, separated by commas: the grid is all combinations. One value is fixed.",
)
@click.option(
    "--zip", "zipped", multiple=True, metavar="KEY=VALUE,VALUE", help="Values of fields that go side by side."
)
@click.option(
    "--draw",
    "drawn",
    multiple=True,
    metavar="KEY=LOW:HIGH",
    help="A field of a quasi-random design; LOW:HIGH:log or LOW:HIGH:whole too.",
)
@click.option("--points", default=64, show_default=True, help="Points of the design.")
@click.option("--method", default="sobol", show_default=True, type=click.Choice(["sobol", "halton", "latin"]))
@click.option("--members", metavar="N|all", help="The N best sets of the crowd's matched ensemble, or all.")
@click.option("--name", help="Of the sweep; by default the config's, and _sweep.")
@OUTPUT
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 4096), help="Local processes.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.1:8786.")
@click.option("--scheduler-file", type=click.Path(path_type=Path), help="As `dask scheduler` writes it.")
@click.option("--pages/--no-pages", default=True, help="A page for every cell; `tailrisk report` adds one.")
@click.option("--force", is_flag=True, help="Run cells again that are there already.")
@QUIET
def sweep(
    config: str,
    overrides: tuple[str, ...],
    zipped: tuple[str, ...],
    drawn: tuple[str, ...],
    points: int,
    method: str,
    members: str | None,
    name: str | None,
    output: Path,
    jobs: int,
    scheduler: str | None,
    scheduler_file: Path | None,
    pages: bool,
    force: bool,
    quiet: bool,
) -> int:
    """Run a config over many settings; compare the cells.

    Each cell is a run with a folder of its own in results/<name>, as `tailrisk run` writes it. sweep.csv
    holds every cell's tail table, cells.csv what became of each, index.html compares them. A sweep that was
    stopped goes on where it was, by the same command: a cell is known by a digest of its config, data and
    engine, and is not run again if this sweep or another in the same folder of results has it, whatever the
    order of values. A cell that fails is recorded and the others go on; the exit code is 1 then. All cells
    have the same seed unless it is swept, so they meet the same shocks and differ by their settings alone.

    CONFIG is a config, or a sweep file: TOML with `config`, a [grid] of lists, a [zip] of lists side by
    side, a [design] of ranges, an [ensemble] of members and, if wanted, [fixed], name and question. Commas
    inside brackets or quotes belong to a value: tail.levels=[0.95,0.99] is one value. `tailrisk guide scale`
    has more, and many machines.

    \b
    Examples:
      tailrisk sweep crowd_feb2024.toml --set crowd.edges.panic=0,0.5,1 --set run.paths=8192
      tailrisk sweep feb2024.toml --set market.states=2,3,4 --set market.shocks=gaussian,student
      tailrisk sweep feb2024.toml --zip market.states=2,3 --zip market.shocks=gaussian,student --jobs 2
      tailrisk sweep crowd_feb2024.toml --draw crowd.edges.panic=0.1:2:log --points 16 --members 4
      tailrisk sweep my_sweep.toml --name states --scheduler-file scheduler.json

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
    from ..studies.sweep.cluster import Where, checked
    from ..studies.sweep.config import expand

    where = checked(Where(jobs, scheduler, scheduler_file))
    wanted = expand(
        config,
        overrides,
        name,
        zipped=zipped,
        drawn=drawn,
        points=points,
        method=method,
        members=int(members) if members and members.isdecimal() else members,
    )
    seconds = together([fits(plan(cell.config)) for cell in wanted.cells])
    tell: Callable[[str], None] = (lambda line: None) if quiet else partial(say, err=True)
    tell(f"{wanted.name}: {len(wanted.cells)} cells, about {duration(seconds)}, by {where.words()}")

    numerics(x64=wanted.cells[0].config.run.precision == "float64")
    from ..report import page
    from ..studies.sweep import page as compared
    from ..studies.sweep.run import sweep as simulate

    folder = simulate(
        wanted,
        output,
        force=force,
        command=lambda cell: cell_command(wanted.source, cell.overrides, output / wanted.name),
        progress=not quiet,
        tell=tell,
        finish=compared.write,
        finish_cell=page.write if pages else None,
        where=where,
    )
    errors = compared.Grid.read(folder).errors
    if not quiet:
        say(compared.show(folder))
        say(f"report: {folder / 'index.html'}")
    elif errors:
        say(
            f"tailrisk: {len(errors)} of {len(wanted.cells)} cells failed: see {folder / 'cells.csv'}",
            err=True,
        )
    return 1 if errors else 0


def cell_command(config: str, overrides: Sequence[str], output: Path) -> str:
    """The `tailrisk run` that gives one cell of a sweep, for its record."""
    from ..config.schema import portable

    words = ["tailrisk", "run", portable(config), *overriding(overrides)]
    return shlex.join([*words, "--output", portable(str(output))])
