"""The command line: one function a command."""

import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import click

from . import __version__
from .core.errors import Fault, InputError

OVERRIDE = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a field, such as run.paths=10000 or market.start=calm; may be repeated.",
)
BAR = "{desc} {percentage:3.0f}% |{bar}| {elapsed} < {remaining}"
QUIET = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tailrisk", message="%(prog)s %(version)s")
def commands() -> None:
    """Tail risk of quant products in A-shares under style regime switches, by Monte Carlo.

    \b
    A first hour:
      tailrisk init my.toml         write a commented config
      tailrisk check my.toml        validate it; print memory and time
      tailrisk run my.toml          simulate; write results/<name>/report.html
      tailrisk show results/my_run  print the tail table

    Exit codes: 0 done, 1 a fault (disk, memory, a path), 2 bad input, 130 interrupted.
    """


@commands.command()
@click.argument("path", default="tailrisk.toml", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def init(path: Path, force: bool) -> None:
    """Write a commented starter config.

    It goes to PATH (tailrisk.toml) and holds every field, its unit, its default and what is allowed.

    \b
    Example:
      tailrisk init my.toml
    """
    from .config.starter import write

    click.echo(f"wrote {write(path, force=force)}; next: tailrisk check {shlex.quote(str(path))}")


@commands.command()
@click.argument("config")
@OVERRIDE
def check(config: str, overrides: tuple[str, ...]) -> None:
    """Validate a config; print the plan of its run.

    CONFIG is a TOML file, or the name of one in the library: base.toml, feb2024.toml, smoke.toml.

    \b
    Examples:
      tailrisk check feb2024.toml
      tailrisk check my.toml --set run.paths=1_000_000 --set market.states=3
    """
    from .config import load
    from .config.plan import fits, plan, table

    loaded = load(config, overrides)
    planned = plan(loaded)
    click.echo(loaded.name)
    for name, text in table(loaded, planned):
        click.echo(f"  {name:<11} {text}")
    fits(planned)


@commands.command()
@click.argument("config")
@OVERRIDE
@click.option(
    "-o",
    "--output",
    default="results",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that gets the folder <name> of results.",
)
@click.option("--force", is_flag=True, help="Replace results of the same name.")
@QUIET
def run(config: str, overrides: tuple[str, ...], output: Path, force: bool, quiet: bool) -> None:
    """Simulate a config; write results/<name>.

    The folder holds the record, the tables, the figures and report.html, and appears only when complete.
    CONFIG is a TOML file, or the name of one in the library: base.toml, feb2024.toml, smoke.toml.

    \b
    Examples:
      tailrisk run feb2024.toml
      tailrisk run my.toml --set run.paths=1_000_000 --set name=large --force
    """
    from .config import load
    from .config.plan import duration, fits, gigabytes, plan

    loaded = load(config, overrides)
    planned = fits(plan(loaded))
    if not quiet:
        size = f"{planned.paths:,} paths of {planned.days + planned.burn_in:,} days"
        cost = f"{gigabytes(planned.memory)}, about {duration(planned.seconds)} on {planned.cores} cores"
        click.echo(f"{loaded.name}: {size}, {cost}", err=True)

    import jax

    jax.config.update("jax_enable_x64", loaded.run.precision == "float64")
    from .record.run import run as simulate
    from .report.page import write
    from .report.terminal import show as shown

    command = _command("run", config, overrides, output, force)
    folder = simulate(loaded, output, force=force, command=command, progress=not quiet)
    page = write(folder)
    if not quiet:
        click.echo(shown(folder))
        click.echo(f"report: {page}")


@commands.command()
@click.argument("config")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE,VALUE",
    help="Values of a field, separated by commas: the grid is all combinations. One value is fixed.",
)
@click.option("--name", help="Of the sweep; by default the config's, and _sweep.")
@click.option(
    "-o",
    "--output",
    default="results",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that gets the folder <name> of results.",
)
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
    from .config.plan import duration, fits, plan
    from .config.sweep import expand

    wanted = expand(config, overrides, name)
    seconds = sum(fits(plan(cell.config)).seconds for cell in wanted.cells)
    tell: Callable[[str], None] = (lambda line: None) if quiet else partial(click.echo, err=True)
    tell(f"{wanted.name}: {len(wanted.cells)} cells, about {duration(seconds)}")

    import jax

    jax.config.update("jax_enable_x64", wanted.cells[0].config.run.precision == "float64")
    from .record.sweep import sweep as simulate
    from .report import page, sweep

    folder = simulate(
        wanted,
        output,
        force=force,
        command=lambda cell: _command("run", wanted.source, cell.overrides, output / wanted.name, False),
        progress=not quiet,
        tell=tell,
    )
    for cell in wanted.cells:
        page.write(folder / cell.name)
    shown = sweep.write(folder)
    if not quiet:
        click.echo(sweep.show(folder))
        click.echo(f"report: {shown}")


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path))
def show(folder: Path) -> None:
    """Print the tables of a result FOLDER, of a run or a sweep.

    \b
    Example:
      tailrisk show results/feb2024
    """
    from .report import sweep
    from .report.terminal import show as shown

    click.echo(sweep.show(folder) if sweep.is_sweep(folder) else shown(folder))


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path))
def report(folder: Path) -> None:
    """Write the page of a result FOLDER again, of a run or a sweep.

    \b
    Example:
      tailrisk report results/feb2024
    """
    from .report import sweep
    from .report.page import write

    click.echo(f"report: {sweep.write(folder) if sweep.is_sweep(folder) else write(folder)}")


@commands.command()
@click.argument("prices", type=click.Path(path_type=Path))
@click.option("--until", required=True, metavar="DATE", help="Last day of data to fit, YYYY-MM-DD.")
@click.option("--since", metavar="DATE", help="First day of data to fit; by default the first there is.")
@click.option("--states", default="1,2,3,4", show_default=True, help="Numbers of regimes to fit.")
@click.option("--shocks", default="gaussian,student", show_default=True, help="Shock families to fit.")
@click.option("--styles", type=click.Path(path_type=Path), help="Daily style returns, for the overlay.")
@click.option("--starts", default=8, show_default=True, type=click.IntRange(1, 1000), help="Starts of EM.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the random starts.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The calibrated TOML file to write.",
)
@click.option("--figure", type=click.Path(path_type=Path), help="Draw regime probabilities over time, SVG.")
@QUIET
def calibrate(
    prices: Path,
    until: str,
    since: str | None,
    states: str,
    shocks: str,
    styles: Path | None,
    starts: int,
    seed: int,
    output: Path,
    figure: Path | None,
    quiet: bool,
) -> None:
    """Fit regime models to daily index closes.

    \b
    PRICES is CSV or Parquet: long (date, code, close) or wide (date, then a column per index).
    Codes: 000300 CSI 300, 000905 CSI 500, 000852 CSI 1000, 932000 CSI 2000, 8841431 micro-cap.

    \b
    Example:
      tailrisk calibrate indices_daily.csv --until 2023-12-31 \\
          --styles style_factors_daily.csv -o configs/calibrated/ladder_2023.toml
    """
    until, since = _day("--until", until), since and _day("--since", since)
    if since and since >= until:
        raise InputError("--since", repr(since), f"a day before --until {until}")
    kept = tuple(int(k) for k in _list("--states", states, ("1", "2", "3", "4")))
    families = _list("--shocks", shocks, ("gaussian", "student"))

    import jax

    jax.config.update("jax_enable_x64", True)
    from .calibrate.fit import calibrate as fit
    from .calibrate.fit import summary

    with _bar(quiet) as tell:
        result = fit(
            prices,
            until=until,
            since=since,
            states=kept,
            shocks=families,
            styles_path=styles,
            starts=starts,
            seed=seed,
            output=output,
            figure=figure,
            progress=tell,
        )
    if not quiet:
        click.echo(summary(result))


@commands.command()
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
@QUIET
def universe(
    panels: tuple[Path, ...], until: str | None, styles: Path | None, output: Path, quiet: bool
) -> None:
    """Measure a stock panel; write the moments of its universe.

    Index membership by rank (CSI 300, 500, 1000, 2000 with buffers in June and December, the smallest 400
    daily), style exposures, factor and specific returns, specific risk. The file holds moments only, from
    which synthetic universes are drawn: no stock's own figures. Days after DATE are not used; at least 313
    days and 4,200 A-shares of Shanghai and Shenzhen are needed. Three years of 5,000 stocks take half a
    minute and 1.5 GB.

    \b
    PANEL is CSV or Parquet, one or more, joined on date and code. Columns, the first five needed:
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
    until = until and _day("--date", until)
    from .universe.measure import universe as measure
    from .universe.summary import summary

    with _bar(quiet) as tell:
        result = measure(panels, until=until, styles_path=styles, output=output, progress=tell)
    if not quiet:
        click.echo(summary(result))


@commands.command()
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
@click.option("--members", default=64, show_default=True, type=click.IntRange(2), help="Of the ensemble.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of search and sampler.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The ensemble, TOML.")
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="Tables and picture.")
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
    members: int,
    seed: int,
    output: Path,
    folder: Path,
    quiet: bool,
) -> None:
    """Match the crowd of CONFIG to an episode: January and February 2024, or your own.

    The crowd is replayed with CSI 300 and the state's purchases as they were, and its free parameters are
    sought that give the other indices and the futures; what comes out is an ensemble of parameter sets, and
    a table of what the episode identifies.

    \b
    INDICES: as for calibrate. FUTURES: date, symbol (IM2403), close, spot_close.
    ETFS: date, code (510300, 510500, 512100, 563300, 159531, 562660), amount in yuan.

    \b
    Example:
      tailrisk match crowd_feb2024.toml --indices indices_daily.csv \\
          --futures index_futures_daily.csv --etfs etf_daily.csv \\
          -o configs/calibrated/crowd_2024.toml --folder results/match
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    from .calibrate.document import writable
    from .calibrate.episode import Files
    from .calibrate.search import Budget
    from .config import load
    from .config.episode import read_terms
    from .config.schema import portable
    from .record.match import known
    from .record.match import match as matched
    from .record.match_folder import publish

    writable(output)
    terms = read_terms(episode)
    budget = Budget(starts=starts, generations=generations, steps=steps, kept=members - 1)
    said = load(config, ["run.precision=float64", *overrides])
    begin = None if start is None else known(start)
    words = ["tailrisk", "match", portable(config), *(x for o in overrides for x in ("--set", o))]
    words += ["--episode", portable(episode)]
    files = {"--indices": indices, "--futures": futures, "--etfs": etfs, "--start": start, "-o": output}
    words += [x for name, file in files.items() if file for x in (name, portable(str(file)))]
    counts = {"--starts": starts, "--generations": generations, "--steps": steps, "--members": members}
    words += [str(x) for name, count in {**counts, "--seed": seed}.items() for x in (name, count)]
    with _bar(quiet) as tell:
        result = matched(
            said,
            Files(indices, futures, etfs),
            terms,
            budget,
            seed=seed,
            command=shlex.join(words),
            tell=tell,
            begin=begin,
        )
    text = publish(*result, output, folder)
    if not quiet:
        click.echo(text)


@commands.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--from", "first", required=True, metavar="DATE", help="First day forecast, YYYY-MM-DD.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last day of data used, YYYY-MM-DD.")
@click.option("--config", default="base.toml", show_default=True, help="Whose products are forecast.")
@OVERRIDE
@click.option("--levels", default="0.95,0.99", show_default=True, help="Levels of VaR and ES.")
@click.option("--horizons", default="1,10", show_default=True, help="Days a forecast looks ahead.")
@click.option("--refit", default="year", show_default=True, type=click.Choice(["year", "quarter", "month"]))
@click.option("--states", default="1,2,3,4", show_default=True, help="Numbers of regimes to fit.")
@click.option("--shocks", default="gaussian,student", show_default=True, help="Shock families to fit.")
@click.option("--starts", default=6, show_default=True, type=click.IntRange(1, 1000), help="Starts of EM.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the random starts.")
@click.option(
    "-o",
    "--output",
    default="results/backtest",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The result folder to write.",
)
@click.option("--force", is_flag=True, help="Replace a result that is there already.")
@QUIET
def backtest(
    data: Path,
    first: str,
    last: str,
    config: str,
    overrides: tuple[str, ...],
    levels: str,
    horizons: str,
    refit: str,
    states: str,
    shocks: str,
    starts: int,
    seed: int,
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Forecast tail losses day by day through history; judge them.

    DATA is a table of daily closes as for calibrate. Each morning from --from on, VaR and ES of every spread
    of two size buckets and of the config's funds are forecast from the days before it: by regimes fitted
    again every --refit and filtered daily, and by historical simulation, a Gaussian, RiskMetrics, Student-t,
    GARCH-t and GARCH with a Pareto tail. The folder gets every test of every series (table.csv), the ranking
    by score, pictures, and a README that reads them out.

    \b
    Example:
      tailrisk backtest indices_daily.csv --from 2016-01-01 --to 2023-12-31
    """
    from .config import load

    first, last = _day("--from", first), _day("--to", last)
    if first >= last:
        raise InputError("--from", repr(first), f"a day before --to {last}")
    kept = tuple(int(k) for k in _list("--states", states, ("1", "2", "3", "4")))
    families = _list("--shocks", shocks, ("gaussian", "student"))
    asked = _decimals("--levels", levels)
    ahead = tuple(int(h) for h in _list("--horizons", horizons, tuple(map(str, range(1, 61)))))
    loaded = load(config, overrides)

    from .backtest.page import spoken
    from .backtest.study import backtest as study

    with _bar(quiet) as tell:
        folder = study(
            data,
            loaded,
            first=first,
            last=last,
            levels=asked,
            horizons=ahead,
            refit=refit,
            states=kept,
            shocks=families,
            starts=starts,
            seed=seed,
            output=output,
            force=force,
            command=_repeat(click.get_current_context()),
            progress=tell,
        )
    if not quiet:
        click.echo(spoken(folder))


@commands.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--indices", type=click.Path(path_type=Path), help="Index closes, as for calibrate.")
@click.option("--futures", type=click.Path(path_type=Path), help="Closes of contracts: date, symbol, close.")
@click.option("--commodities", type=click.Path(path_type=Path), help="Commodity futures, as for cta.")
@click.option("-o", "--output", default="results", show_default=True, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace results of the same name.")
@QUIET
def replay(
    config: Path,
    indices: Path | None,
    futures: Path | None,
    commodities: Path | None,
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Live a stretch of real days with every product.

    Prices are read from the files CONFIG names, or from those given. The folder holds every product's daily
    P&L by line, the reported figures beside it, and a picture.

    \b
    Example:
      tailrisk replay configs/feb2024_replay.toml
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    from .config.replay import load_replay
    from .record.replay import replay as live
    from .report.replay import write

    command = _command("replay", str(config), (), output, force)
    files = {"indices": indices, "futures": futures, "commodities": commodities}
    folder = live(load_replay(config), output, **files, force=force, command=command)
    page = write(folder)
    if not quiet:
        click.echo(page.read_text(encoding="utf-8"))


@commands.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default="results",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that gets the folder <name> of results.",
)
@click.option("--force", is_flag=True, help="Replace results of the same name.")
@QUIET
def tune(config: Path, output: Path, force: bool, quiet: bool) -> None:
    """Find the style bounds that keep most alpha within an ES budget.

    CONFIG is a TOML file: a product (mix of indices, gross, hedged or not), the budget, the manager's terms,
    and the config of the market whose paths are simulated, with a crowd or without; see
    configs/tune_neutral.toml. The manager maximises alpha less trading costs within the bounds, and half of
    the paths tune them: on active size, on micro-caps, and where the config says so leverage and hedge. The
    folder holds the answer judged on the other half, the frontier of alpha against ES with its picture, the
    tuned book and the record. Stocks are the 5,000 synthetic names of `tailrisk universe`.

    \b
    Examples:
      tailrisk tune configs/tune_neutral.toml
      tailrisk tune my_tune.toml --output results --force
    """
    from .config.tune import load_tune
    from .universe import default

    universe = default()
    loaded = load_tune(config, universe.styles)

    import jax

    jax.config.update("jax_enable_x64", loaded.market.run.precision == "float64")
    from .record.tune import publish
    from .report.tune import spoken, write

    with _bar(quiet) as tell:
        command = _command("tune", str(config), (), output, force)
        folder = publish(loaded, universe, output, force=force, command=command, tell=tell)
    write(folder)
    if not quiet:
        click.echo(spoken(folder))


@commands.command()
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
@QUIET
def cta(
    futures: Path,
    indices: Path,
    until: str,
    regimes: Path,
    horizons: str,
    target: float,
    output: Path,
    quiet: bool,
) -> None:
    """Follow trends of commodity futures; write a CTA's law.

    Its volatility, drift, tails, correlation with the size ladder, in crisis too, and months. Days after
    DATE are not used.

    \b
    FUTURES is CSV or Parquet: date, symbol, open, close, hold (open interest), continuous main contracts.
    INDICES is what `tailrisk calibrate` reads.

    \b
    Example:
      tailrisk cta commodity_futures_daily.csv indices_daily.csv --until 2023-12-31 \\
          --regimes configs/calibrated/ladder_2023.toml -o configs/calibrated/cta_2023.toml
    """
    until, spans = _day("--until", until), [word.strip() for word in horizons.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 1250 for word in spans) or len(set(spans)) < len(spans):
        raise InputError("--horizons", repr(horizons), "days from 1 to 1250, each once, separated by commas")

    import jax

    jax.config.update("jax_enable_x64", True)
    from .calibrate.cta_document import measure_cta, summary
    from .calibrate.trend import Rule

    rule = Rule(horizons=tuple(map(int, spans)), target=target)
    result = measure_cta(futures, indices, until=until, regimes=regimes, rule=rule, output=output)
    if not quiet:
        click.echo(summary(result))


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on stderr for what takes more than two seconds, moved by (share done, what is done)."""
    from tqdm import tqdm

    with tqdm(total=1, delay=2, disable=quiet, leave=False, bar_format=BAR) as bar:

        def tell(done: float, what: str) -> None:
            bar.set_description(what)
            bar.update(done - bar.n)

        yield tell


def _day(option: str, text: str) -> str:
    """The text itself. Raises InputError when it is not a day of the calendar."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(option, repr(text), "a day as YYYY-MM-DD, such as 2023-12-31") from None


def _list(option: str, text: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """The words of a comma-separated list. Raises InputError for a word not allowed, or there twice."""
    words = tuple(word.strip() for word in text.split(","))
    if not set(words) <= set(allowed) or len(set(words)) < len(words):
        raise InputError(option, repr(text), f"some of {','.join(allowed)}, each once, separated by commas")
    return words


def _decimals(option: str, text: str) -> tuple[str, ...]:
    """Levels as written, ascending. Raises InputError for one that is not a decimal in [0.5, 1), or twice."""
    words = [word.strip() for word in text.split(",")]
    known = [word for word in words if re.fullmatch(r"0\.\d{1,6}", word) and float(word) >= 0.5]
    if len({float(word) for word in known}) < len(words):
        raise InputError(option, repr(text), "decimals from 0.5 to below 1, each once, such as 0.95,0.99")
    return tuple(sorted(known, key=float))


def _repeat(context: click.Context) -> str:
    """The command line for the record: what differs from the defaults, absolute paths by their last part."""
    from .config.schema import portable

    words = ["tailrisk", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        if isinstance(parameter, click.Argument):
            words.append(portable(str(value)))
        elif parameter.name != "quiet" and value != parameter.get_default(context):
            option = max(parameter.opts, key=len)
            each = value if isinstance(value, tuple) else (value,)
            for one in each:
                words += [option] if one is True else [option, portable(str(one))]
    return shlex.join(words)


def _command(name: str, config: str, overrides: Sequence[str], output: Path, force: bool) -> str:
    """The command line for the record, with bare file names in place of absolute paths."""
    from .config.schema import portable

    words = ["tailrisk", name, portable(config)]
    for override in overrides:
        key, _, value = override.partition("=")
        words += ["--set", f"{key}={portable(value)}"]
    words += [] if str(output) == "results" else ["--output", portable(str(output))]
    return shlex.join(words + ["--force"] * force)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 a fault, 2 bad input, 130 interrupted."""
    try:
        code = commands.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="tailrisk",
            standalone_mode=False,
        )
        sys.exit(code if isinstance(code, int) else 0)
    except InputError as error:
        _stop(str(error), 2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted", 130)
    except Fault as fault:
        _stop(f"nothing was published: {fault}", 1)
    except MemoryError:
        _stop("out of memory: lower run.paths or run.chunk, and see `tailrisk check`", 1)
    except OSError as error:
        _stop(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)


def _stop(message: str, code: int) -> None:
    click.echo(f"tailrisk: {message}", err=True)
    sys.exit(code)
