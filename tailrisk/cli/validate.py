"""Validation: does a config's process describe data?"""

from pathlib import Path
from typing import Any

import click

from .options import ACCEPT, FORCE, OVERRIDE, QUIET, day, numerics, reading, repeated, say


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@OVERRIDE
@click.option("--until", metavar="DATE", help="Last day of data used; by default that of the calibration.")
@click.option(
    "--histories",
    default=200,
    show_default=True,
    type=click.IntRange(20, 10_000),
    help="Simulated histories.",
)
@click.option(
    "--years",
    default=2048,
    show_default=True,
    type=int,
    help="Years of the crowd's ordinary weather to simulate, where the config has one.",
)
@click.option(
    "-o",
    "--output",
    default="results/validation",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The result folder to write.",
)
@click.option("--styles", type=click.Path(path_type=Path), help="Daily style returns, to judge styles too.")
@ACCEPT
@FORCE
@QUIET
def validate(
    config: Path,
    data: Path,
    overrides: tuple[str, ...],
    until: str | None,
    histories: int,
    years: int,
    output: Path,
    styles: Path | None,
    accept: tuple[str, ...],
    force: bool,
    quiet: bool,
) -> None:
    """Ask whether the market of CONFIG describes the closes in DATA.

    419 statistics of the size buckets and their spreads (memory of volatility, trends, leverage, quantiles
    over 1 to 60 days, drawdowns, tails together, days of extreme z) stand beside the band that histories of
    the model make, each as long as the data; so do tails that come together, drawdowns, spells of stress and,
    with --styles, the style factors. The folder holds a verdict, every statistic, and pictures. The
    process before anybody trades is judged; of a config with a crowd, so are the ordinary years it leaves
    (targets: weather.toml). DATA is as for calibrate.

    \b
    Example:
      tailrisk validate memory_feb2024.toml indices_daily.csv
    """
    from ..config import load
    from ..studies.validate.study import LONG_RUN

    loaded = load(config, [*overrides, *LONG_RUN])
    last = day("--until", until) if until else window_end(loaded)
    numerics(x64=True)
    from ..studies.validate.page import verdict
    from ..studies.validate.study import validate as study

    command = repeated()
    weather = None
    if loaded.crowd is not None:
        from functools import partial

        from ..studies.weather.table import beside

        weather = partial(beside, str(config), overrides, data, years, accept=accept)
    with reading(quiet):
        folder, found = study(
            loaded,
            data,
            until=last,
            count=histories,
            output=output,
            force=force,
            command=command,
            weather=weather,
            accept=accept,
            styles=styles,
        )
    if not quiet:
        say(verdict(found.outside, len(found.table), found.families()).replace("**", ""))
        say(f"see {folder / 'README.md'}")


def window_end(config: Any) -> str:
    """The last day of the calibration, or one far ahead where the file does not say."""
    return str(config.calibrated.fit.get("window", [None, "2999-12-31"])[1])
