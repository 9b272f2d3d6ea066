"""When everyone does it: a policy that ever more managers follow."""

from pathlib import Path

import click

from ..core.errors import InputError
from .options import FORCE, OVERRIDE, QUIET, bar, decimals, folder_of, numerics, repeated, show_page


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--policy",
    "policies",
    multiple=True,
    required=True,
    metavar="NAME",
    help="tighten, top_1800, shift_500, deleverage or hedge_im; may be repeated.",
)
@click.option("--shares", default="0,0.25,0.5,0.75,1", show_default=True, help="Of the managers that follow.")
@click.option(
    "--product",
    "products",
    multiple=True,
    metavar="NAME",
    help="Whose losses; may be repeated. Else the first with stocks.",
)
@click.option("--cohort", "cohorts", multiple=True, metavar="NAME", help="Who may follow; else all managers.")
@click.option("--level", default="0.975", show_default=True, help="Of ES.")
@click.option(
    "--trigger",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0.0, 10.0, min_open=True),
    help="Momentum by which small stocks lag large ones that sets the policy off; 10 is never.",
)
@click.option(
    "--on-day",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Or a day on which all trade; 0 none.",
)
@click.option(
    "--lasting", default=5, show_default=True, type=click.IntRange(1, 60), help="Days of renewed orders."
)
@click.option("--assets", default="", help="Billions of a manager's own, for capacity, such as 1,10,100.")
@click.option("--alpha", default=0.12, show_default=True, help="A year, of the stock book, before trading.")
@click.option("--turnover", default=60.0, show_default=True, help="Yuan traded a year over the stock book.")
@OVERRIDE
@folder_of("adoption")
@FORCE
@QUIET
def adoption(
    config: Path,
    policies: tuple[str, ...],
    shares: str,
    products: tuple[str, ...],
    cohorts: tuple[str, ...],
    level: str,
    trigger: float,
    on_day: int,
    lasting: int,
    assets: str,
    alpha: float,
    turnover: float,
    overrides: tuple[str, ...],
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Let a share of the managers follow a policy inside the crowd, where their trades move prices.

    How often routs come, what following saves a fund and what the others' following costs it, by the share
    that follows, on the same paths; where the policy stops paying. With --assets also the capacity of each
    product: net alpha and ES against a manager's own assets.

    \b
    Examples:
      tailrisk adoption crowd_feb2024.toml --policy top_1800 --product dma --set run.paths=8192
      tailrisk adoption crowd_feb2024.toml --policy deleverage --shares 0,0.5,1 --on-day 20 --trigger 10
    """
    from ..config import load

    loaded = load(config, overrides)
    exact, *more = decimals("--level", level)
    if more:
        raise InputError("--level", repr(level), "one level, such as 0.975")
    numerics(x64=loaded.run.precision == "float64")
    from ..studies.adoption.market import When
    from ..studies.adoption.study import Asked
    from ..studies.adoption.study import adoption as study

    first = next((name for name, one in loaded.products.items() if one.family != "cta"), "")
    asked = Asked(
        policies=tuple(dict.fromkeys(policies)),
        shares=numbers("--shares", shares),
        products=tuple(dict.fromkeys(products)) or (first,),
        cohorts=tuple(dict.fromkeys(cohorts)),
        level=exact,
        when=When(trigger if trigger < 10 else float("inf"), on_day, lasting),
        assets=numbers("--assets", assets) if assets else (),
        alpha=alpha,
        turnover=turnover,
    )
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


def numbers(option: str, text: str) -> tuple[float, ...]:
    """Numbers separated by commas, in order, each once. Raises InputError for what is none."""
    try:
        return tuple(sorted({float(word) for word in text.split(",")}))
    except ValueError:
        raise InputError(option, repr(text), "numbers separated by commas, such as 0,0.5,1") from None
