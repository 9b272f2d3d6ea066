"""Watching forecasts day by day."""

from pathlib import Path

import click

from .options import FORCE, QUIET, numerics, reading, repeated, say


@click.command()
@click.argument("forecasts", type=click.Path(path_type=Path))
@click.argument("realised", type=click.Path(path_type=Path), required=False)
@click.option("--level", metavar="LEVEL", help="Of the forecasts, where their file has no column of it.")
@click.option("--models", default="", metavar="NAMES", help="Models to watch, separated by commas; else all.")
@click.option("--reject", default=20.0, show_default=True, help="Wealth at which a forecast stands rejected.")
@click.option(
    "--bets",
    default="grem",
    show_default=True,
    type=click.Choice(["gree", "grel", "grem"]),
    help="On past e-statistics; on past losses under today's forecast; half on each.",
)
@click.option("--picture", metavar="PRODUCT", help="Whose wealth is drawn; else the first product's.")
@click.option(
    "--conformal", is_flag=True, help="Watch each forecast of one day mended by its own past errors too."
)
@click.option("--half-life", type=float, metavar="DAYS", help="In which a past error's weight halves.")
@click.option(
    "-o",
    "--output",
    default="results/monitor",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The result folder to write.",
)
@FORCE
@QUIET
def monitor(
    forecasts: Path,
    realised: Path | None,
    level: str | None,
    models: str,
    reject: float,
    bets: str,
    picture: str | None,
    conformal: bool,
    half_life: float | None,
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Say which forecasts of VaR and ES stand rejected, and since which day.

    Against each series somebody bets on what the days before would have had him bet; the chance that his
    wealth ever reaches 20 is at most 5 % while the forecast is right, however often one looks. Conditional
    calibration and regressions of ES over the whole stretch are beside.

    \b
    FORECASTS is a folder of `tailrisk backtest --daily`, or a file (CSV, Excel or Parquet):
      date, product, value_at_risk       losses positive
      expected_shortfall, loss           loss here, or in REALISED: date, product, loss
      model, level, horizon              where there are several
      regime_0, regime_1, ...            chances of regimes before the day, for --conformal

    \b
    Examples:
      tailrisk monitor results/backtest
      tailrisk monitor forecasts.csv losses.csv --level 0.975
    """
    from ..core.errors import InputError

    if level is not None:
        from .options import decimals

        (level,) = decimals("--level", level)
    names = tuple(word.strip() for word in models.split(",") if word.strip())
    if len(set(names)) < len(names):
        raise InputError("--models", repr(models), "each once")
    numerics(x64=True)
    from ..studies.monitor.study import monitor as study

    with reading(quiet):
        folder = study(
            forecasts,
            realised,
            level=level,
            models=names,
            reject=reject,
            bets=bets,  # type: ignore[arg-type]
            pictured=picture,
            conformal=conformal,
            half_life=half_life,
            output=output,
            force=force,
            command=repeated(),
        )
    if not quiet:
        text = (folder / "README.md").read_text(encoding="utf-8")
        say(text.split("\n![")[0].rstrip() + f"\n\nwrote {folder}")
