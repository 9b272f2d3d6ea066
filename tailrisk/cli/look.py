"""What is run: a starter config, and the plan of a config."""

import shlex
from pathlib import Path

import click

from ..core.terminal import line
from .options import OVERRIDE, say


@click.command()
@click.argument("path", default="tailrisk.toml", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def init(path: Path, force: bool) -> None:
    """Write a commented starter config.

    It goes to PATH (tailrisk.toml) and holds every field, its unit, its default and what is allowed.

    \b
    Example:
      tailrisk init my.toml
    """
    from ..config.starter import write

    say(f"wrote {write(path, force=force)}; next: tailrisk check {shlex.quote(str(path))}")


@click.command()
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
    from ..config import load
    from ..config.plan import fits, plan, table

    loaded = load(config, overrides)
    planned = plan(loaded)
    say(loaded.name)
    for name, text in table(loaded, planned):
        say(f"  {name:<11} {line(text)}")
    fits(planned)
