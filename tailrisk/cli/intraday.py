"""Inside the day: the minute of 19 February 2024, and getting out of a book."""

from pathlib import Path

import click

from .options import FORCE, OUTPUT, QUIET, bar, numerics, repeated, say


@click.command()
@click.argument("config", default="minute_20240219.toml", type=click.Path(path_type=Path))
@OUTPUT
@FORCE
@QUIET
def minute(config: Path, output: Path, force: bool, quiet: bool) -> None:
    """How much of a minute's fall is one seller's: the set of answers.

    CONFIG has the order, the index and what is not known of either as ranges; the library's is the minute
    of 19 February 2024. The folder gets the share of the fall by law of impact (sets.csv), by seller
    (sellers.csv), what would have been without the order or with it spread (counterfactuals.csv), what a halt
    cost (halt.csv), every point (points.csv), a picture, and a README with the findings.

    \b
    Example:
      tailrisk minute configs/minute_20240219.toml
    """
    numerics(x64=True)
    from ..studies.minute.config import load_minute
    from ..studies.minute.page import summary
    from ..studies.minute.study import study

    said = load_minute(config)
    with bar(quiet) as tell:
        folder, tables = study(said, output, force=force, command=repeated(), tell=tell)
    if not quiet:
        say(summary(said, tables))
        say(f"wrote {folder}")
