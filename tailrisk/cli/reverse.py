"""Reverse stress: from a loss back to the ways that lead to it."""

from pathlib import Path

import click

from ..core.errors import InputError
from .options import FORCE, OVERRIDE, QUIET, bar, folder_of, numerics, repeated, show_page


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--product", "products", multiple=True, metavar="NAME", help="Whose loss; may be repeated.")
@click.option("--loss", "losses", multiple=True, type=float, help="Fraction of NAV; may be repeated.")
@click.option("--event", "events", multiple=True, metavar="NAME", help="An [[event]]; may be repeated.")
@click.option("--ways", "most", default=3, show_default=True, type=click.IntRange(1, 8), help="At most.")
@click.option(
    "--member",
    "members",
    multiple=True,
    type=click.IntRange(0),
    help="Another member of the crowd's ensemble to find the odds under; may be repeated.",
)
@click.option(
    "--method",
    default="automatic",
    show_default=True,
    type=click.Choice(["automatic", "plain", "importance"]),
    help="Weighted paths where plain ones come to the loss too seldom; or always one of the two.",
)
@OVERRIDE
@folder_of("reverse")
@FORCE
@QUIET
def reverse(
    config: Path,
    products: tuple[str, ...],
    losses: tuple[float, ...],
    events: tuple[str, ...],
    most: int,
    members: tuple[int, ...],
    method: str,
    overrides: tuple[str, ...],
    output: Path,
    force: bool,
    quiet: bool,
) -> None:
    """Find the likeliest ways to a loss: reverse stress.

    The paths of CONFIG on which a product loses so much over the horizon, or an event happens, are put into
    groups by their course. Of each: its chance with an interval, years between, the path in its middle as a
    picture, which cohort sells first and on which day, when investors take fear, what the state buys. Where
    plain paths come to the loss too seldom, weighted ones are drawn from a tilted law.

    \b
    Examples:
      tailrisk reverse crowd_feb2024.toml --product dma --loss 0.3
      tailrisk reverse my.toml --product mine --loss 0.1 --loss 0.2 --event seven_sigma
    """
    from ..config import load

    if bool(products) != bool(losses):
        raise InputError("--loss", "a product and a loss are asked together", "--product NAME --loss 0.3")
    loaded = load(config, overrides)
    numerics(x64=loaded.run.precision == "float64")
    from ..studies.reverse.study import reverse as study

    with bar(quiet) as tell:
        folder = study(
            loaded,
            source=str(config),
            overrides=overrides,
            products=tuple(dict.fromkeys(products)),
            losses=tuple(dict.fromkeys(losses)),
            events=tuple(dict.fromkeys(events)),
            most=most,
            members=tuple(dict.fromkeys(members)),
            method=method,
            output=output,
            force=force,
            command=repeated(),
            progress=tell,
        )
    show_page(folder, quiet)
