"""What is written for others to read: BibTeX of a result, and JSON schemas of configs."""

from pathlib import Path

import click

from .options import say


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def cite(folder: Path) -> None:
    """Print BibTeX of the methods and data of a result FOLDER.

    What is cited is what its record says was used: the process of returns, the crowd, the sampling, the
    risks, the study, and the closes the market was fitted to.

    \b
    Example:
      tailrisk cite results/feb2024 > methods.bib
    """
    from ..guide.cite import cite as bibtex

    say(bibtex(folder).rstrip())


@click.command()
@click.argument("kind", default="run", type=click.Choice(["run", "tune", "replay"]))
def schema(kind: str) -> None:
    """Print the JSON schema of a config, for editors.

    An editor that reads schemas of TOML (taplo, Even Better TOML) completes and checks a config whose first
    line is `#:schema ./tailrisk.json`.

    \b
    Examples:
      tailrisk schema > tailrisk.json
      tailrisk schema tune > tune.json
    """
    import json

    from ..config.editor import schema as of
    from ..config.schema import Config

    model: type = Config
    if kind == "tune":
        from ..studies.tune.config import Tune as model
    elif kind == "replay":
        from ..studies.replay.config import Replay as model
    say(json.dumps(of(model), indent=1, ensure_ascii=False))
