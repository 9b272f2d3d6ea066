"""A gauge of crowding, learnt where the crowd is known."""

from pathlib import Path

import click

from .options import FORCE, OVERRIDE, QUIET, bar, folder_of, numerics, reading, repeated, show_page


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("closes", type=click.Path(path_type=Path), required=False)
@click.option(
    "--futures",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Closes of contracts, for the gauge that reads a discount too; may be repeated.",
)
@click.option("--future", metavar="NAME", help="Whose discount is read; else the one the market watches.")
@click.option("--fall", default=0.2, show_default=True, help="Of micro-caps, that is a rout.")
@click.option("--over", default=3, show_default=True, help="Days within which they fall by so much.")
@click.option("--ahead", default=60, show_default=True, help="Trading days that the gauge looks ahead.")
@click.option("--years", default=16_384, show_default=True, help="Simulated years, a multiple of 128.")
@click.option("--members", default=32, show_default=True, help="Of the crowd's ensemble, the first so many.")
@click.option("--draws", default=100, show_default=True, help="Of simulated markets, for its interval.")
@click.option("--weekly", is_flag=True, help="Write the gauge of every real week, weeks.csv, too.")
@OVERRIDE
@folder_of("gauge")
@FORCE
@QUIET
def gauge(
    source: Path,
    closes: Path | None,
    futures: tuple[Path, ...],
    future: str | None,
    fall: float,
    over: int,
    ahead: int,
    years: int,
    members: int,
    draws: int,
    weekly: bool,
    overrides: tuple[str, ...],
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Give the chance of a rout in the next 60 days, week by week, from what can be seen.

    SOURCE is a config with a crowd and its matched ensemble: years are simulated whose crowd is known, half
    of the members teach the gauge, the others judge it against the base rate, against every feature alone
    and against one that is told the crowd's size. Or SOURCE is a gauge.json that was frozen so before.
    CLOSES are daily closes of the buckets; with them the frozen gauge is run on real weeks.

    \b
    Examples:
      tailrisk gauge crowd_feb2024.toml --years 8192
      tailrisk gauge crowd_feb2024.toml indices_daily.csv --futures index_futures_daily.csv --future IC
      tailrisk gauge results/gauge/gauge.json indices_daily.csv --weekly -o results/gauge_now
    """
    from ..config import load

    single = source.suffix != ".json" and load(source, overrides).run.precision == "float32"
    numerics(x64=not single)
    from ..studies.gauge.study import Event
    from ..studies.gauge.study import gauge as study

    with reading(quiet), bar(quiet) as tell:
        folder = study(
            str(source),
            overrides=overrides,
            closes=closes,
            futures=futures,
            future=future,
            event=Event(fall, over, ahead),
            years=years,
            members=members,
            draws=draws,
            weekly=weekly,
            output=output,
            force=force,
            command=repeated(),
            progress=tell,
        )
    show_page(folder, quiet)
