"""Judging: forecasts day by day, real days lived again, style bounds within a budget."""

from pathlib import Path

import click

from ..core.errors import InputError
from .options import (
    ACCEPT,
    FORCE,
    OUTPUT,
    OVERRIDE,
    QUIET,
    SEED,
    SHOCKS,
    STATES,
    bar,
    day,
    decimals,
    models,
    numerics,
    reading,
    repeated,
    say,
    words,
)


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--from", "first", required=True, metavar="DATE", help="First day forecast, YYYY-MM-DD.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last day of data used, YYYY-MM-DD.")
@click.option("--config", default="base.toml", show_default=True, help="Whose products are forecast.")
@OVERRIDE
@click.option("--levels", default="0.95,0.975,0.99", show_default=True, help="Levels of VaR and ES.")
@click.option("--horizons", default="1,10", show_default=True, help="Days a forecast looks ahead.")
@click.option("--refit", default="year", show_default=True, type=click.Choice(["year", "quarter", "month"]))
@STATES
@SHOCKS
@click.option("--memory", is_flag=True, help="Forecast with the memory process too.")
@click.option("--starts", default=6, show_default=True, type=click.IntRange(1, 1000), help="Starts of EM.")
@SEED
@click.option(
    "-o",
    "--output",
    default="results/backtest",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The result folder to write.",
)
@ACCEPT
@click.option(
    "--daily",
    is_flag=True,
    help="Write forecasts and losses of every day too, for `tailrisk monitor`.",
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
    memory: bool,
    starts: int,
    seed: int,
    output: Path,
    accept: tuple[str, ...],
    daily: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Forecast tail losses day by day through history; judge them.

    DATA is a table of daily closes as for calibrate. Each morning from --from on, VaR and ES of every spread
    of two size buckets and of the config's funds are forecast from the days before it: by regimes fitted
    again every --refit and filtered daily, and by historical simulation, a Gaussian, RiskMetrics, Student-t,
    GARCH-t and GARCH with a Pareto tail. The folder gets every test of every series (table.csv), the ranking
    by score, pictures, and a README with the findings.

    \b
    Example:
      tailrisk backtest indices_daily.csv --from 2016-01-01 --to 2023-12-31
    """
    from ..config import load

    first, last = day("--from", first), day("--to", last)
    if first >= last:
        raise InputError("--from", repr(first), f"a day before --to {last}")
    kept, families = models(states, shocks)
    asked = decimals("--levels", levels)
    ahead = tuple(int(h) for h in words("--horizons", horizons, tuple(map(str, range(1, 61)))))
    loaded = load(config, overrides)
    numerics(x64=True)

    from ..studies.backtest.page import in_words
    from ..studies.backtest.study import backtest as study

    with reading(quiet), bar(quiet) as tell:
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
            command=repeated(),
            progress=tell,
            memory=memory,
            accept=accept,
            daily=daily,
        )
    if not quiet:
        say(in_words(folder))


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--indices", type=click.Path(path_type=Path), help="Index closes, as for calibrate.")
@click.option("--futures", type=click.Path(path_type=Path), help="Closes of contracts: date, symbol, close.")
@click.option("--commodities", type=click.Path(path_type=Path), help="Commodity futures, as for cta.")
@click.option("--styles", type=click.Path(path_type=Path), help="Returns of styles, as for calibrate.")
@ACCEPT
@OUTPUT
@FORCE
@QUIET
def replay(
    config: Path,
    indices: Path | None,
    futures: Path | None,
    commodities: Path | None,
    styles: Path | None,
    accept: tuple[str, ...],
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Replay a stretch of real days with every product.

    Prices are read from the files CONFIG names, or from those given. The folder holds every product's daily
    P&L by line, the reported figures beside it, and a picture.

    \b
    Example:
      tailrisk replay configs/feb2024_replay.toml
    """
    numerics(x64=True)
    from ..studies.replay.config import load_replay
    from ..studies.replay.run import replay as live

    command = repeated()
    files = {"indices": indices, "futures": futures, "commodities": commodities, "styles": styles}
    with reading(quiet):
        loaded = load_replay(config)
        folder = live(loaded, output, **files, force=force, command=command, accept=accept)
    if not quiet:
        say((folder / "README.md").read_text(encoding="utf-8"))


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@OVERRIDE
@OUTPUT
@FORCE
@QUIET
def tune(config: Path, overrides: tuple[str, ...], output: Path, force: bool, quiet: bool) -> None:
    """Find the style bounds that keep most alpha within an ES budget.

    CONFIG is a TOML file, or the name of one in the library (tune_neutral.toml, tune_robust.toml,
    tune_us.toml): a product (mix
    of indices, gross, hedged or not), the budget, the manager's terms and limits, and the config of the
    market whose paths are simulated, with a crowd or without. The manager maximises alpha less trading costs
    within the bounds, and half of the paths tune them: on active styles, on micro-caps, and where the config
    says so leverage and hedge. The folder holds the answer judged on the other half, the frontier of alpha
    against ES with its picture, the tuned book and the record. Stocks are your own, of a file of
    `tailrisk universe --stocks`, with your alpha, book and benchmark by code; or synthetic names on the
    moments of a universe.

    \b
    Examples:
      tailrisk tune tune_neutral.toml
      tailrisk tune my_tune.toml --set budget=0.05 --set paths=4096 --force
    """
    from ..config.load import located
    from ..config.plan import duration
    from ..studies.tune.config import load_tune, universe_of
    from ..studies.tune.time import seconds

    config = located(config)
    with reading(quiet):
        universe = universe_of(config, overrides)
        loaded = load_tune(config, universe.styles, overrides)
    if not quiet:
        size = f"{loaded.tune.paths:,} paths of {loaded.market.run.days} days, {len(universe.ids):,} stocks"
        say(f"{loaded.tune.name}: {size}, about {duration(seconds(loaded, len(universe.ids)))}", err=True)

    numerics(x64=loaded.market.run.precision == "float64")
    from ..studies.tune.page import in_words
    from ..studies.tune.run import publish

    with reading(quiet), bar(quiet) as tell:
        command = repeated()
        folder = publish(loaded, universe, output, force=force, command=command, tell=tell)
    if not quiet:
        say(in_words(folder))
