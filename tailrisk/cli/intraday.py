"""Inside the day: the minute of 19 February 2024, and getting out of a book."""

from pathlib import Path

import click

from ..core.errors import InputError
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


@click.command()
@click.argument("book", required=False, type=click.Path(path_type=Path))
@click.option("--terms", default="liquidity.toml", show_default=True, help="Deadline, rules, costs, paths.")
@click.option(
    "--cohorts", is_flag=True, help="The micro-cap book of every cohort of the crowd, not a file's."
)
@click.option("--value", type=float, help="Billions of yuan of the book, where the file has weights only.")
@click.option(
    "--universe", type=click.Path(path_type=Path), help="File of stocks that knows the codes' buckets."
)
@click.option("--deadline", type=click.IntRange(1, 60), help="Trading days, in place of the terms'.")
@OUTPUT
@FORCE
@QUIET
def liquidity(
    book: Path | None,
    terms: str,
    cohorts: bool,
    value: float | None,
    universe: Path | None,
    deadline: int | None,
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """What getting out of BOOK costs, and how many days it takes.

    The schedule by slice and bucket that minimises cost plus expected shortfall under participation caps,
    price limits, T+1, the order rate and a hedge in index futures; beside it TWAP, VWAP, selling at the cap
    and all at once, on paths of the crowd, with the sell restriction and without. BOOK is a file of holdings
    as for products (`tailrisk guide book`) with value or quantity and price, or weights and --value.

    \b
    Examples:
      tailrisk liquidity book.csv --value 2 --deadline 20
      tailrisk liquidity --cohorts --terms configs/liquidation_5feb.toml
    """
    numerics(x64=True)
    from ..config import load
    from ..studies.liquidity import study as out
    from ..studies.liquidity.config import load_terms
    from ..studies.liquidity.page import summary

    said = load_terms(terms)
    if deadline is not None:
        if deadline > said.paths.window:
            raise InputError(
                "--deadline", str(deadline), f"at most the terms' paths.window, {said.paths.window}"
            )
        said = said.model_copy(update={"deadline": deadline})
    if cohorts == (book is not None):
        raise InputError("BOOK", "a file and --cohorts" if cohorts else "missing", "a file, or --cohorts")
    if book is None:
        books = out.cohorts(said)
    else:
        names = load(said.paths.config, said.paths.overrides).names
        books = {book.stem: out.read_book(book, names, value, universe)}
    with bar(quiet) as tell:
        folder, table = out.study(said, books, output, force=force, command=repeated(), tell=tell)
    if not quiet:
        say(summary(table))
        say(f"wrote {folder}")
