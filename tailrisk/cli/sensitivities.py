"""Sensitivities of the tail: to every number of a config, and to who is in the crowd."""

from pathlib import Path

import click

from ..core.errors import InputError
from .options import FORCE, OVERRIDE, QUIET, bar, decimals, folder_of, numerics, repeated, show_page


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--product", "products", multiple=True, metavar="NAME", help="Whose ES; may be repeated. Else the first."
)
@click.option("--level", default="0.975", show_default=True, help="Of ES.")
@click.option(
    "--field",
    "only",
    multiple=True,
    metavar="PATTERN",
    help="Only fields of such names, as 'products.*' or '*panic*'; may be repeated.",
)
@click.option(
    "--step",
    default=None,
    type=click.FloatRange(0.0001, 0.5),
    help="Part of a field it is moved by; default 0.1 with a crowd, whose paths jump, else 0.01.",
)
@click.option(
    "--times",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0.1, 1000),
    help="How many times the run's paths all fields may take beside it.",
)
@click.option(
    "--actor-paths",
    default=2048,
    show_default=True,
    type=click.IntRange(0, 8192),
    help="Paths of every coalition of the crowd's actors; 0 leaves them out.",
)
@OVERRIDE
@folder_of("sensitivities")
@FORCE
@QUIET
def sensitivities(
    config: Path,
    products: tuple[str, ...],
    level: str,
    only: tuple[str, ...],
    step: float | None,
    times: float,
    actor_paths: int,
    overrides: tuple[str, ...],
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Derivatives of ES in every number of CONFIG, with intervals, and shares of the crowd's actors.

    Exposures, weights, leverage, margin, drift, the law of returns, the crowd: each is moved, by the method
    with the least error for it (differences with the same shocks, along the path, likelihood ratio), on few
    well chosen paths, so that all of it costs about three times the run. With a crowd, ES is also shared out
    among its actors by what each adds to every coalition of the others.

    \b
    Examples:
      tailrisk sensitivities crowd_feb2024.toml --product ie500 --product dma
      tailrisk sensitivities my.toml --product mine --field 'products.*' --level 0.99
    """
    from ..config import load

    loaded = load(config, overrides)
    exact, *more = decimals("--level", level)
    if more:
        raise InputError("--level", repr(level), "one level, such as 0.975")
    numerics(x64=loaded.run.precision == "float64")
    from ..studies.sensitivities.study import Asked, products_of
    from ..studies.sensitivities.study import sensitivities as study

    usual = 0.1 if loaded.crowd is not None else 0.01
    asked = Asked(products_of(loaded, products), exact, only, step or usual, times, actor_paths)
    with bar(quiet) as tell:
        folder = study(
            loaded,
            asked,
            source=str(config),
            output=output,
            force=force,
            command=repeated(),
            progress=tell,
        )
    show_page(folder, quiet)
