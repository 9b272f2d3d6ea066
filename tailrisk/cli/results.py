"""Results already there: a list, a table over all, two compared, one run again, one for others, the index."""

from pathlib import Path

import click

from ..core.errors import InputError
from .options import say


@click.command()
@click.argument("folder", default="results", type=click.Path(path_type=Path))
def stale(folder: Path) -> None:
    """List results whose code has changed since.

    Looks at every record below FOLDER: the modules its command imports, directly or not, against what git
    says has changed since the commit of the record. Always exits 0: whether a change matters is for a reader.

    \b
    Example:
      tailrisk stale results
    """
    from ..record.stale import ages, lines

    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        raise InputError(str(root), "is not a checkout", "a clone of the repository, with git")
    if not folder.is_dir():
        raise InputError(str(folder), "no such folder", "a folder of results")
    for text in lines(ages(root, folder)):
        say(text)
