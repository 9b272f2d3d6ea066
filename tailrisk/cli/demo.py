"""The first command: the whole mission on one page."""

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from .options import FORCE, OUTPUT, OVERRIDE, QUIET, bar, numerics, overriding, reading, repeated, say


@click.command()
@click.argument("config", default="demo.toml")
@OVERRIDE
@OUTPUT
@FORCE
@QUIET
def demo(config: str, overrides: tuple[str, ...], output: Path, force: bool, quiet: bool) -> None:
    """Show everything once: regimes, odds, losses, style bounds.

    CONFIG is a TOML file, by default demo.toml of the library. It names three parts: run, a config without
    a crowd; crowd, one with it on the same paths; tune, a config of `tailrisk tune`. The folder holds
    each part's own result, what the crowd adds path by path with its interval, and one page over all.
    --set run.KEY=VALUE, crowd.KEY=VALUE and tune.KEY=VALUE are set over a part.

    \b
    Examples:
      tailrisk demo
      tailrisk demo --set run.run.paths=65536 --set crowd.run.paths=65536 --force
    """
    from ..config.plan import duration
    from ..studies.demo.config import load_demo

    with reading(quiet):
        loaded = load_demo(config, overrides)
    if not quiet:
        say(f"{loaded.demo.name}: three parts, about {duration(loaded.seconds)}", err=True)

    numerics(x64=loaded.run.run.precision == "float64")
    from ..report.study import show
    from ..studies.demo.run import publish

    with reading(quiet):
        folder = publish(
            loaded,
            output,
            force=force,
            command=repeated(),
            part_command=partial(part_command, output / loaded.demo.name),
            progress=not quiet,
            say=(lambda line: None) if quiet else partial(say, err=True),
            bar=partial(bar, quiet),
        )
    if not quiet:
        say(show(folder))
        say(f"report: {folder / 'report.html'}")


def part_command(output: Path, verb: str, config: str, overrides: Sequence[str]) -> str:
    """The command that gives one part, for its record."""
    from ..config.schema import portable

    said = ["tailrisk", verb, portable(config), *overriding(overrides)]
    return shlex.join([*said, "--output", portable(str(output))])
