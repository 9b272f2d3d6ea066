"""From market data to the files configs name: regimes, universe, CTA, the crowd of an episode."""

from contextlib import nullcontext
from pathlib import Path

import click

from ..core.errors import InputError
from ..core.names import HOME
from .options import (
    ACCEPT,
    FORCE,
    MARKET,
    OVERRIDE,
    QUIET,
    SEED,
    SHOCKS,
    STATES,
    bar,
    day,
    models,
    numerics,
    reading,
    repeated,
    say,
)


@click.command()
@click.argument("prices", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PRICES...")
@click.option("--until", required=True, metavar="DATE", help="Last day of data to fit, YYYY-MM-DD.")
@click.option("--since", metavar="DATE", help="First day of data to fit; by default the first there is.")
@STATES
@SHOCKS
@click.option("--styles", type=click.Path(path_type=Path), help="Daily style returns, for the overlay.")
@click.option("--starts", default=8, show_default=True, type=click.IntRange(1, 1000), help="Starts of EM.")
@SEED
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The calibrated TOML file to write.",
)
@click.option("--memory/--no-memory", default=True, show_default=True, help="Fit memory too.")
@click.option(
    "--histories",
    default=40,
    show_default=True,
    type=click.IntRange(0),
    help="Simulated beside the data, to say how many statistics of memory fail; 0 asks nothing.",
)
@click.option("--limits", metavar="X[,X...]", help="Daily price limit of every bucket, or of each: 0.1.")
@click.option(
    "--residuals", type=click.Path(path_type=Path), help='Table of days to write, for process = "days".'
)
@click.option("--figure", type=click.Path(path_type=Path), help="Draw regime probabilities over time, SVG.")
@MARKET
@ACCEPT
@click.option("--folder", type=click.Path(path_type=Path), help="A result too: picture, summary, record.")
@FORCE
@QUIET
def calibrate(
    prices: tuple[Path, ...],
    until: str,
    since: str | None,
    states: str,
    shocks: str,
    styles: Path | None,
    starts: int,
    seed: int,
    output: Path,
    memory: bool,
    histories: int,
    limits: str | None,
    residuals: Path | None,
    figure: Path | None,
    market: str,
    accept: tuple[str, ...],
    folder: Path | None,
    force: bool,
    quiet: bool,
) -> None:
    """Fit regime models, and memory, to daily index closes.

    \b
    PRICES is CSV, Excel or Parquet, one file or several: long (date, code, close), wide (date, then a
    column per index), or one index a file, named after its code. `tailrisk look` shows how a file reads.
    Indices by bucket or code, as the market file has them: 000300 CSI 300, 000905 CSI 500, 000852
    CSI 1000, 932000 CSI 2000, 8841431 micro-cap, unless --market names another.

    \b
    Examples:
      tailrisk calibrate 000300.csv 000905.csv 000852.csv 932000.csv 8841431.xlsx \\
          --until 2023-12-31 -o own.toml
      tailrisk calibrate indices_daily.csv --until 2023-12-31 \\
          --styles style_factors_daily.csv -o configs/calibrated/ladder_2023.toml
    """
    until, since = day("--until", until), since and day("--since", since)
    if since and since >= until:
        raise InputError("--since", repr(since), f"a day before --until {until}")
    kept, families = models(states, shocks)

    numerics(x64=True)
    from ..calibrate.fit import calibrate as fit
    from ..calibrate.fit import summary
    from ..calibrate.memory_law import limits as daily
    from ..config.load import read_market

    names = read_market(market)
    if folder:
        from ..record.store import replacing
    with replacing(folder, force=force) if folder else nullcontext() as scratch:
        with reading(quiet), bar(quiet) as tell:
            result = fit(
                prices if len(prices) > 1 else prices[0],
                until=until,
                since=since,
                states=kept,
                shocks=families,
                styles_path=styles,
                starts=starts,
                seed=seed,
                output=output,
                figure=figure or (scratch and scratch / "regimes.svg"),
                names=names,
                market=None if market == HOME else market,
                memory=memory,
                limit=daily(limits, names),
                residuals=residuals,
                progress=tell,
                accept=accept,
            )
        if scratch is not None:
            _published(scratch, summary(result), output)
    if not quiet:
        say(summary(result))
        if memory and histories and market == HOME:
            with reading(quiet, again=True):
                say("\n" + _standing(prices, output, until, max(histories, 20), accept))


def _standing(
    prices: tuple[Path, ...], output: Path, until: str, histories: int, accept: tuple[str, ...]
) -> str:
    """How many statistics of the memory just fitted lie outside, in one line."""
    from ..config import load
    from ..studies.validate.page import verdict
    from ..studies.validate.study import LONG_RUN, compare

    said = [f"market.calibrated={output.resolve()}", "market.process=memory", *LONG_RUN]
    found = compare(load("base.toml", said), prices, until=until, count=histories, accept=accept)
    text = verdict(found.outside, len(found.table), found.families()).replace("**", "")
    return f"memory, beside {histories} simulated histories: {text}"


def _published(folder: Path, summary: str, output: Path) -> None:
    """The summary and the record of a calibration, beside its picture."""
    from ..core import disk, seal
    from ..record.provenance import stamp
    from ..record.store import write_record

    disk.write(folder / "summary.txt", summary + "\n")
    said = {"command": repeated(), "calibrated": output.name, "calibrated_sha256": seal.sha256(output)}
    write_record(folder, said | stamp())


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
@ACCEPT
@QUIET
def universe(
    panels: tuple[Path, ...],
    until: str | None,
    styles: Path | None,
    output: Path,
    stocks: Path | None,
    accept: tuple[str, ...],
    quiet: bool,
) -> None:
    """Measure a stock panel; write the moments of its universe.

    Index membership by rank (CSI 300, 500, 1000, 2000 with buffers in June and December, the smallest 400
    daily), style exposures, factor and specific returns, specific risk. The file holds moments only, from
    which synthetic universes are drawn: no stock's own figures, which --stocks writes. Days after DATE are
    not used; at least 313 days and 4,200 A-shares of Shanghai and Shenzhen are needed. Three years of 5,000
    stocks take half a minute and 1.5 GB.

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

    rule = Rule(horizons=tuple(map(int, spans)), target=target)
    with reading(quiet):
        result = measure_cta(
            futures, indices, until=until, regimes=regimes, rule=rule, output=output, accept=accept
        )
    if not quiet:
        say(summary(result))


@click.command()
@click.argument("config")
@OVERRIDE
@click.option("--indices", required=True, type=click.Path(path_type=Path), help="Daily index closes.")
@click.option("--futures", required=True, type=click.Path(path_type=Path), help="Daily closes by contract.")
@click.option("--etfs", required=True, type=click.Path(path_type=Path), help="Daily turnover of ETFs.")
@click.option(
    "--episode", default="episode_feb2024.toml", show_default=True, help="Its days, and errors allowed."
)
@click.option("--starts", default=12, show_default=True, type=click.IntRange(1, 100), help="Of the search.")
@click.option("--start", type=click.Path(path_type=Path), help="An earlier ensemble, to search from as well.")
@click.option("--generations", default=600, show_default=True, type=click.IntRange(1), help="Of each search.")
@click.option("--steps", default=3000, show_default=True, type=click.IntRange(10), help="Of the sampler.")
@click.option(
    "--years",
    default=128,
    show_default=True,
    type=click.IntRange(0, 4096),
    help="Ordinary ones every crowd lives in the search, in 128s; 0 matches the episode alone.",
)
@click.option("--weather", default="weather.toml", show_default=True, help="What ordinary years look like.")
@click.option(
    "--weight", default=1.0, show_default=True, type=click.FloatRange(0), help="Of ordinary years' misses."
)
@click.option(
    "--careful", default=100, show_default=True, type=click.IntRange(1), help="Generations with those years."
)
@click.option("--members", default=64, show_default=True, type=click.IntRange(2), help="Of the ensemble.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of search and sampler.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The ensemble, TOML.")
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="Tables and picture.")
@ACCEPT
@FORCE
@QUIET
def match(
    config: str,
    overrides: tuple[str, ...],
    indices: Path,
    futures: Path,
    etfs: Path,
    episode: str,
    starts: int,
    start: Path | None,
    generations: int,
    steps: int,
    years: int,
    weather: str,
    weight: float,
    careful: int,
    members: int,
    seed: int,
    output: Path,
    folder: Path,
    accept: tuple[str, ...],
    force: bool,
    quiet: bool,
) -> None:
    """Match the crowd of CONFIG to an episode: January and February 2024, or your own.

    The crowd is replayed with CSI 300 and the state's purchases as they were, and its free parameters are
    sought that give the other indices and the futures, and leave ordinary years as they are; what comes out
    is an ensemble of parameter sets, and a table of what the episode identifies.

    \b
    INDICES: as for calibrate. FUTURES: date, symbol (IM2403), close, spot_close.
    ETFS: date, code (510300, 510500, 512100, 563300, 159531, 562660), amount in yuan.

    \b
    Example:
      tailrisk match crowd_feb2024.toml --indices indices_daily.csv \\
          --futures index_futures_daily.csv --etfs etf_daily.csv \\
          -o configs/calibrated/crowd_2024.toml --folder results/match
    """
    numerics(x64=True)
    from ..calibrate.document import writable
    from ..config import load
    from ..record.store import replacing
    from ..studies.match.config import read_terms
    from ..studies.match.episode import Files
    from ..studies.match.folder import publish
    from ..studies.match.ordinary import Years
    from ..studies.match.run import known
    from ..studies.match.run import match as matched
    from ..studies.match.search import Budget
    from ..studies.weather.config import read_targets

    writable(output)
    budget = Budget(starts=starts, generations=generations, steps=steps, kept=members - 1, careful=careful)
    ordinary = Years(read_targets(weather), years, weight) if years else None
    said = load(config, ["run.precision=float64", *overrides])
    terms = read_terms(episode, said.names)
    begin = None if start is None else known(start)
    with replacing(folder, force=force) as scratch:
        with reading(quiet), bar(quiet) as tell:
            result = matched(
                said,
                Files(indices, futures, etfs, accept),
                terms,
                budget,
                seed=seed,
                command=repeated(),
                tell=tell,
                begin=begin,
                years=ordinary,
            )
        text = publish(*result, output, scratch)
    if not quiet:
        say(text)
