"""From daily closes to the file that configs name: regimes, memory, styles."""

from contextlib import nullcontext
from pathlib import Path

import click

from ..core.errors import InputError
from .options import (
    ACCEPT,
    FORCE,
    MARKET,
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
@click.option(
    "--draws",
    default=0,
    show_default=True,
    type=click.IntRange(0, 1024),
    help="Refit memory to resampled days so often, for [uncertainty], into <output>_draws.toml.",
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
    draws: int,
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
      tailrisk calibrate indices_daily.csv --until 2023-12-31 --styles style_factors_daily.csv \\
          --limits 0.1,0.1,0.11,0.14,0.16 -o configs/calibrated/ladder_2023.toml
    """
    until, since = day("--until", until), since and day("--since", since)
    if since and since >= until:
        raise InputError("--since", repr(since), f"a day before --until {until}")
    if draws == 1 or (draws and not memory):
        raise InputError("--draws", f"{draws}", "0; or two and more, of a fit with memory")
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
                memory=memory,
                limit=daily(limits, names),
                residuals=residuals,
                progress=tell,
                accept=accept,
                command=repeated(),
            )
        if draws and memory:
            from ..calibrate.draws import write_draws

            with bar(quiet) as tell:
                write_draws(output, result, draws, tell)
        if scratch is not None:
            _published(scratch, summary(result), output, result.window)
    if not quiet:
        say(summary(result))
        if memory and histories:
            with reading(quiet, again=True):
                say("\n" + beside(prices, output, market, since, until, histories, accept))


def beside(
    prices: tuple[Path, ...],
    output: Path,
    market: str,
    since: str | None,
    until: str,
    histories: int,
    accept: tuple[str, ...],
) -> str:
    """How many statistics of the memory just fitted lie outside, in one line."""
    from ..config.load import located, read_market
    from ..studies.validate.standing import standing

    return standing(
        output,
        prices,
        market=located(market),
        names=read_market(market),
        since=since,
        until=until,
        histories=histories,
        accept=accept,
    )


PAGE = """# {question}

What `tailrisk calibrate` printed and drew when it wrote `{file}`: likelihood and BIC of each number of
regimes and family of shocks, and each one's days and deviations, in [summary.txt](summary.txt); below, the
probability of each regime over time.

![Probability of each regime](regimes.svg)

Made by `{command}`; the same command writes the same file again, whose digest is in record.json.
"""


def _published(folder: Path, summary: str, output: Path, window: tuple[str, str]) -> None:
    """The page, the summary and the record of a calibration, beside its picture."""
    from ..core import disk, seal
    from ..record.provenance import stamp
    from ..record.store import write_record

    question = f"Which regimes do the closes of {window[0]} to {window[1]} hold?"
    disk.write(folder / "README.md", PAGE.format(question=question, file=output.name, command=repeated()))
    disk.write(folder / "summary.txt", summary + "\n")
    said = {
        "question": question,
        "command": repeated(),
        "calibrated": output.name,
        "calibrated_sha256": seal.sha256(output),
    }
    write_record(folder, said | stamp())
