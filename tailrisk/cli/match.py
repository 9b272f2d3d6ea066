"""From an episode to the crowd that lived it: an ensemble of parameter sets."""

from pathlib import Path

import click

from .options import ACCEPT, FORCE, OVERRIDE, QUIET, bar, numerics, reading, repeated, say


@click.command()
@click.argument("config")
@OVERRIDE
@click.option("--indices", required=True, type=click.Path(path_type=Path), help="Daily index closes.")
@click.option("--futures", required=True, type=click.Path(path_type=Path), help="Daily closes by contract.")
@click.option("--etfs", type=click.Path(path_type=Path), help="Daily turnover of ETFs, where a state buys.")
@click.option(
    "--episode", default="episode_feb2024.toml", show_default=True, help="Its days, and errors allowed."
)
@click.option("--starts", default=12, show_default=True, type=click.IntRange(1, 100), help="Of the search.")
@click.option("--start", type=click.Path(path_type=Path), help="An earlier ensemble, to search from as well.")
@click.option("--keep", is_flag=True, help="The best set of --start stays the best: sample around it alone.")
@click.option("--generations", default=600, show_default=True, type=click.IntRange(1), help="Of each search.")
@click.option("--steps", default=3000, show_default=True, type=click.IntRange(10), help="Of the sampler.")
@click.option(
    "--years",
    default=128,
    show_default=True,
    type=click.IntRange(0, 4096),
    help="Ordinary ones every crowd goes through in the search, in 128s; 0 matches the episode alone.",
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
    etfs: Path | None,
    episode: str,
    starts: int,
    start: Path | None,
    keep: bool,
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
    from ..studies.match.prior import prior_of
    from ..studies.match.run import known
    from ..studies.match.run import match as matched
    from ..studies.match.search import Budget
    from ..studies.weather.config import read_targets

    writable(output)
    budget = Budget(starts=starts, generations=generations, steps=steps, members=members - 1, careful=careful)
    ordinary = Years(read_targets(weather), years, weight) if years else None
    said = load(config, ["run.precision=float64", *overrides])
    terms = read_terms(episode, said.names)
    begin = None if start is None else known(start, prior_of(said))
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
                keep=keep,
            )
        text = publish(*result, output, scratch, {"name": folder.name, **said.report.recorded})
    if not quiet:
        say(text)
