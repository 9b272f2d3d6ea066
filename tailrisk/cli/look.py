"""What is run: a starter config, and the plan of a config."""

import shlex
from pathlib import Path

import click

from ..core import compiled
from ..core.terminal import line
from .options import MARKET, OVERRIDE, say


@click.command()
@click.argument("path", default="tailrisk.toml", type=click.Path(path_type=Path))
@click.option(
    "--with",
    "parts",
    multiple=True,
    type=click.Choice(["crowd", "accounts", "tune", "replay"]),
    help="Also [crowd] or [accounts]; or the config of `tune` or of `replay` instead. May be repeated.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def init(path: Path, parts: tuple[str, ...], force: bool) -> None:
    """Write a commented starter config.

    It goes to PATH (tailrisk.toml) and holds every field, its unit, its default and what is allowed. A short
    config that extends one of the library is enough too: see `tailrisk guide quickstart`, and
    `tailrisk check --help` for the library's names.

    \b
    Examples:
      tailrisk init my.toml
      tailrisk init my_crowd.toml --with crowd --with accounts
      tailrisk init my_tune.toml --with tune
    """
    from ..config.starter import QUESTIONS, write

    made = write(path, parts=parts, force=force)
    verb = next((part for part in parts if part in QUESTIONS), "check")
    say(f"wrote {made}; next: tailrisk {verb} {shlex.quote(str(path))}")


@click.command()
@click.argument("path", default="us_closes.csv", type=click.Path(path_type=Path))
def sample(path: Path) -> None:
    """Write daily closes to try calibrate on.

    They are the S&P 500's and the Nasdaq Composite's, 1999 to 2018, and come with a package; the market file
    markets/us_indices.toml and the config us_indices.toml go with them.

    \b
    Example:
      tailrisk sample us_closes.csv
      tailrisk calibrate us_closes.csv --market markets/us_indices.toml --until 2018-12-31 \\
          --states 1,2,3 -o us_2018.toml
      tailrisk run us_indices.toml --set market.calibrated=us_2018.toml
    """
    from ..data.sample import write_sample

    closes = write_sample(path)
    first, last = (f"{day:%Y-%m-%d}" for day in (closes.index[0], closes.index[-1]))
    click.echo(f"wrote {path}: {len(closes):,} days, {first} to {last}, of {', '.join(closes.columns)}")


@click.command()
@click.argument("config")
@OVERRIDE
def check(config: str, overrides: tuple[str, ...]) -> None:
    """Validate a config; print the plan of its run.

    CONFIG is a TOML file, or the name of one in the library: base.toml, feb2024.toml, crowd_feb2024.toml,
    funds_feb2024.toml, memory_feb2024.toml, own_book.toml, cta_tails.toml, us_indices.toml, smoke.toml.

    \b
    Examples:
      tailrisk check feb2024.toml
      tailrisk check my.toml --set run.paths=1_000_000 --set market.states=3
    """
    from ..config import load
    from ..config.plan import fits, plan, table

    loaded = load(config, overrides)
    planned = plan(loaded)
    rows = table(loaded, planned)
    say(loaded.name)
    for name, text in rows:
        say(f"  {name:<11} {line(text)}")
    say(f"  {'compiled':<11} {line(compiled.described())}")
    fits(planned)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["prices", "holdings", "futures", "commodities", "styles", "panel", "turnover"]),
    help="What the files are; by default what their columns say.",
)
@MARKET
def look(files: tuple[Path, ...], kind: str | None, market: str) -> int:
    """Show what data files would be read as, and what is wrong.

    Several files of prices, or of a stock panel, are read as one table. The exit code is 2 where a file would
    be refused.

    \b
    Examples:
      tailrisk look 000300.xlsx 000905.csv
      tailrisk look book.csv --as holdings
      tailrisk look stocks_us.csv --market markets/us_indices.toml
    """
    from ..config.load import read_market
    from ..data.look import KINDS
    from ..data.look import look as seen

    looks = seen(files, kind, read_market(market))
    for one in looks:
        click.echo(f"{one.files}: {KINDS[one.kind]}")
        for name, lines in (("read", one.notes), ("odd", one.odd), ("refused", one.wrong)):
            for text in lines:
                click.echo(f"  {name:<8} " + text.replace("\n", "\n           "))
    return 2 if any(one.wrong for one in looks) else 0
