"""From a stock panel, or from futures, to a file of what was measured: the universe, a CTA's law."""

from pathlib import Path

import click

from ..core.errors import InputError
from .options import ACCEPT, MARKET, QUIET, bar, day, numerics, reading, repeated, say


@click.command()
@click.argument("panels", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PANEL...")
@click.option(
    "--date", "until", metavar="DATE", help="Day to describe, YYYY-MM-DD; by default the last there is."
)
@click.option(
    "--styles", type=click.Path(path_type=Path), help="Published daily style returns, to measure gains on."
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The TOML file of moments to write.",
)
@click.option(
    "--stocks",
    type=click.Path(path_type=Path),
    help="A CSV of each stock's bucket and styles to write too, for the holdings of a product.",
)
@MARKET
@ACCEPT
@QUIET
def universe(
    panels: tuple[Path, ...],
    until: str | None,
    styles: Path | None,
    output: Path,
    stocks: Path | None,
    market: str,
    accept: tuple[str, ...],
    quiet: bool,
) -> None:
    """Measure a stock panel; write the moments of its universe.

    Index membership by the ranks of the market file (at home CSI 300, 500, 1000, 2000 with buffers in June
    and December, the smallest 400 daily), style exposures, factor and specific returns, specific risk. The
    file holds moments only, from which synthetic universes are drawn: no stock's own figures, which --stocks
    writes. Days after DATE are not used; at least 313 days and as many A-shares of Shanghai and Shenzhen as
    the indices have places (at home 4,200) are needed. Three years of 5,000 stocks take half a minute and
    1.5 GB.

    \b
    PANEL is CSV, Excel or Parquet, one or more, joined on date and code; names of tushare, baostock and
    JoinQuant are read too. Columns, the first five needed:
      date, code                           YYYY-MM-DD; six digits, 000001 or 000001.SZ
      close or close_raw_cents             unadjusted, yuan or cents; no row when suspended
      total_shares or total_shares_10k     shares, or ten thousands
      amount or amount_10k                 traded, yuan or ten thousands
      return or pct_bp                     adjusted, fraction or 0.01 %; else from closes and shares
      turnover or turn_bp                  of circulating shares; without it no liquidity style
      st                                   1 is ST; without it ST stocks are not left out of micro
      industry                             text; industries then take the place of the country factor
      book_to_price_ratio, earning_yield, growth, leverage   descriptors of styles of their own

    \b
    Example:
      tailrisk universe close_shares.parquet returns_turnover.parquet --date 2023-12-29 \\
          --styles style_factors_daily.csv -o configs/calibrated/universe_2023.toml
    """
    until = until and day("--date", until)
    from ..config.load import read_market
    from ..universe.measure import universe as measure
    from ..universe.summary import summary

    with reading(quiet), bar(quiet) as tell:
        result = measure(
            panels,
            until=until,
            styles_path=styles,
            output=output,
            stocks=stocks,
            accept=accept,
            progress=tell,
            names=read_market(market),
            command=repeated(),
        )
    if not quiet:
        say(summary(result))


@click.command()
@click.argument("futures", type=click.Path(path_type=Path))
@click.argument("indices", type=click.Path(path_type=Path))
@click.option("--until", required=True, metavar="DATE", help="Last day of data to use, YYYY-MM-DD.")
@click.option(
    "--regimes",
    required=True,
    type=click.Path(path_type=Path),
    help="A file of `tailrisk calibrate`; its four Gaussian regimes say which days are crisis.",
)
@click.option("--horizons", default="20,40,60", show_default=True, help="Of the trends, in trading days.")
@click.option(
    "--target",
    default=0.11,
    show_default=True,
    type=click.FloatRange(0.01, 1),
    help="Volatility a year that the rule's book is scaled to.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The TOML file to write."
)
@MARKET
@ACCEPT
@QUIET
def cta(
    futures: Path,
    indices: Path,
    until: str,
    regimes: Path,
    horizons: str,
    target: float,
    output: Path,
    market: str,
    accept: tuple[str, ...],
    quiet: bool,
) -> None:
    """Follow trends of commodity futures; write a CTA's law.

    Its volatility, drift, tails, correlation with the size ladder, in crisis too, and months. Days after
    DATE are not used.

    \b
    FUTURES is CSV, Excel or Parquet: date, symbol, open, close, hold (open interest), main contracts.
    INDICES is what `tailrisk calibrate` reads.

    \b
    Example:
      tailrisk cta commodity_futures_daily.csv indices_daily.csv --until 2023-12-31 \\
          --regimes configs/calibrated/ladder_2023.toml -o configs/calibrated/cta_2023.toml
    """
    until, spans = day("--until", until), [word.strip() for word in horizons.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 1250 for word in spans) or len(set(spans)) < len(spans):
        raise InputError("--horizons", repr(horizons), "days from 1 to 1250, each once, separated by commas")

    numerics(x64=True)
    from ..calibrate.cta_document import measure_cta, summary
    from ..calibrate.trend import Rule
    from ..config.load import read_market

    rule = Rule(horizons=tuple(map(int, spans)), target=target)
    with reading(quiet):
        result = measure_cta(
            futures,
            indices,
            until=until,
            regimes=regimes,
            rule=rule,
            output=output,
            accept=accept,
            names=read_market(market),
            command=repeated(),
        )
    if not quiet:
        say(summary(result))
