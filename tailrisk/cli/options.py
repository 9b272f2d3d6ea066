"""What commands share: options, the reading of their words, a progress bar, the command for the record."""

import logging
import os
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click

from ..core import compiled
from ..core.errors import InputError
from ..core.names import HOME
from ..core.oddities import ODDITIES
from ..core.terminal import visible

OVERRIDE = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a field, such as run.paths=10000 or market.start=calm; may be repeated.",
)
OUTPUT = click.option(
    "-o",
    "--output",
    default="results",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that gets the folder <name> of results.",
)


def folder_of(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option -o of a command whose result is one folder, results/<name> unless told otherwise."""
    return click.option(
        "-o",
        "--output",
        default=f"results/{name}",
        show_default=True,
        type=click.Path(path_type=Path),
        help="The result folder to write.",
    )


def show_page(folder: Path, quiet: bool) -> None:
    """Print the page of a result folder, and where it is."""
    if not quiet:
        say((folder / "README.md").read_text(encoding="utf-8").rstrip() + f"\n\nwrote {folder}")


MARKET = click.option(
    "--market",
    default=HOME,
    show_default=True,
    metavar="FILE",
    help="Market file: names of buckets, futures and roles; of the library where there is none here.",
)
FORCE = click.option("--force", is_flag=True, help="Replace results of the same name.")
QUIET = click.option(
    "--quiet",
    is_flag=True,
    help="Print nothing but errors.",
    callback=lambda context, parameter, value: hushed(value),
)
UNSAID = ("quiet", "processes", "coordinator", "process", "wait")
"""Options that no record repeats: they decide no digit, and name machines."""
BAR = "{desc} {percentage:3.0f}% |{bar}| {elapsed} < {remaining}"


STATES = click.option("--states", default="1,2,3,4", show_default=True, help="Numbers of regimes to fit.")
SHOCKS = click.option(
    "--shocks", default="gaussian,student", show_default=True, help="Shock families to fit."
)
SEED = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the random starts."
)

ACCEPT = click.option(
    "--accept",
    multiple=True,
    type=click.Choice(ODDITIES),
    help="Go on with data that are odd in this way; may be repeated.",
)


@contextmanager
def reading(quiet: bool, *, again: bool = False) -> Iterator[None]:
    """Say on stderr what is understood of the files read, unless quiet, and always what is odd about them.

    Nothing is said of files that are read `again`.
    """
    from ..data.reading import messages_to

    level = logging.ERROR if again else logging.WARNING if quiet else logging.INFO
    with messages_to(lambda record: beside_bars(record.getMessage()), level):
        yield


def beside_bars(text: str) -> None:
    """Print text on stderr, escaped as by `say`, on a line of its own where a progress bar is shown."""
    from tqdm import tqdm

    tqdm.write(visible(text), file=sys.stderr)


def say(text: str, *, err: bool = False) -> None:
    """Print text; what would drive the terminal is shown escaped, whoever wrote it."""
    click.echo(visible(text), err=err)


def hushed(quiet: bool) -> bool:
    """The flag itself; where it is set, warnings of libraries and former names of keys are not printed."""
    logging.getLogger("tailrisk.config").setLevel(logging.ERROR if quiet else logging.NOTSET)
    if quiet:
        warnings.simplefilter("ignore")
        logging.getLogger("jax").setLevel(logging.ERROR)
    return quiet


def numerics(*, x64: bool) -> None:
    """Start JAX in this precision, with the programs that are stored.

    Raises InputError where JAX_PLATFORMS or TAILRISK_COMPILED asks for what cannot be had.
    """
    import jax

    jax.config.update("jax_enable_x64", x64)
    compiled.keep()
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        asked = os.environ.get("JAX_PLATFORMS") or os.environ.get("JAX_PLATFORM_NAME")
        if not asked:
            raise
        problem = f"{asked!r}: {' '.join(str(error).split())[:200] or 'no such device'}"
        raise InputError("JAX_PLATFORMS", problem, "cpu, or unset to take what there is") from None


@contextmanager
def bar(quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on stderr, moved by (share done, what is done); its line is free again at the end.

    Without a delay: a bar that is shown before its delay is over is not wiped out at the end (tqdm), and an
    error would follow on its line.
    """
    from tqdm import tqdm

    with tqdm(total=1, disable=quiet, leave=False, bar_format=BAR) as bar:

        def tell(done: float, what: str) -> None:
            bar.set_description(what)
            bar.update(done - bar.n)

        yield tell


def day(option: str, text: str) -> str:
    """The text itself. Raises InputError when it is not a day of the calendar."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(option, repr(text), "a day as YYYY-MM-DD, such as 2023-12-31") from None


def words(option: str, text: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """The words of a comma-separated list. Raises InputError for a word not allowed, or there twice."""
    said = tuple(word.strip() for word in text.split(","))
    if not set(said) <= set(allowed) or len(set(said)) < len(said):
        raise InputError(option, repr(text), f"some of {','.join(allowed)}, each once, separated by commas")
    return said


def models(states: str, shocks: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """--states and --shocks as numbers of regimes and families. Raises InputError for what no model has."""
    numbers = words("--states", states, ("1", "2", "3", "4"))
    return tuple(int(k) for k in numbers), words("--shocks", shocks, ("gaussian", "student"))


def decimals(option: str, text: str) -> tuple[str, ...]:
    """Levels as written, ascending. Raises InputError for one that is not a decimal in [0.5, 1), or twice."""
    said = [word.strip() for word in text.split(",")]
    known = [word for word in said if re.fullmatch(r"0\.\d{1,6}", word) and float(word) >= 0.5]
    if len({float(word) for word in known}) < len(said):
        raise InputError(option, repr(text), "decimals from 0.5 to below 1, each once, such as 0.95,0.99")
    return tuple(sorted(known, key=float))


def repeated() -> str:
    """The command being run, for the record: what differs from the defaults, no folder of this machine."""
    from ..config.schema import portable

    context = click.get_current_context()
    said = ["tailrisk", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        if isinstance(parameter, click.Argument):
            values = value if isinstance(value, tuple) else (value,)
            said += [portable(str(one)) for one in values if one is not None]
        elif parameter.name == "overrides":
            said += overriding(value)
        elif parameter.name in UNSAID or value is None or value is False:
            continue
        elif isinstance(value, tuple):
            said += [word for one in value for word in (max(parameter.opts, key=len), portable(str(one)))]
        elif str(value) != str(parameter.default):
            option = max(parameter.opts, key=len)
            said += [option] if value is True else [option, portable(str(value))]
    return shlex.join(said)


def overriding(overrides: Sequence[str]) -> list[str]:
    """`--set KEY=VALUE` for each, absolute paths by their last part."""
    from ..config.schema import portable

    pairs = (override.partition("=") for override in overrides)
    return [word for key, _, value in pairs for word in ("--set", f"{key}={portable(value)}")]
