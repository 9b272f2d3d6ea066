"""Studies within the day as functions: whose a minute's fall was, and getting out of a book."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from ..core.errors import InputError
from .config import called, command
from .folder import Folder, placed
from .ladder import files
from .precision import precision

Book = str | Path | pd.DataFrame | Mapping[str, float]


class Minute(Folder):
    """Shares of a minute's fall: `.sets`, `.sellers`, `.counterfactuals`, `.halt`, `.points`."""

    main = "sets"


class Liquidity(Folder):
    """Ways out of a book: `.schedules`, `.optimum`, `.exits`."""

    main = "schedules"


def minute(
    config: str | Path = "minute_20240219.toml", output: str | Path | None = None, *, force: bool = False
) -> Minute:
    """How much of a minute's fall is one seller's, as a set: what `tailrisk minute` does.

    config: a file, or the name of one in the library. output: the folder that gets the folder <name>. Raises
    InputError for a config that cannot be used.
    """
    from ..studies.minute.config import load_minute
    from ..studies.minute.study import study

    place, temporary = placed(output)
    with precision(x64=True):
        folder, _ = study(load_minute(config), place, force=force, command=command("minute", config))
    return Minute(folder, temporary=temporary)


def liquidity(
    book: Book,
    output: str | Path | None = None,
    *,
    terms: str | Path = "liquidity.toml",
    value: float | None = None,
    universe: str | Path | pd.DataFrame | None = None,
    deadline: int | None = None,
    name: str = "book",
    force: bool = False,
) -> Liquidity:
    """What getting out of a book costs, and how many days it takes: what `tailrisk liquidity` does.

    book: a file or a frame of holdings by code, or billions of yuan by bucket; value: billions, where
    holdings have weights only; universe: stocks that know the codes' buckets; deadline: trading days, in
    place of the terms'. Raises InputError for a book or terms that cannot be used.
    """
    from ..config import load
    from ..studies.liquidity.config import load_terms
    from ..studies.liquidity.study import read_book, study

    said = load_terms(terms)
    if deadline is not None:
        if not 1 <= deadline <= said.paths.window:
            allowed = f"1 to the terms' paths.window, {said.paths.window}"
            raise InputError("deadline", f"{deadline}", allowed)
        said = said.model_copy(update={"deadline": deadline})
    with TemporaryDirectory(prefix="tailrisk") as scratch, called(Path(scratch)), precision(x64=True):
        if isinstance(book, Mapping):
            amounts = {name: _buckets(book, load(said.paths.config, said.paths.overrides).names.buckets)}
        else:
            names = load(said.paths.config, said.paths.overrides).names
            path = files(book, Path(scratch), name)
            stocks = None if universe is None else files(universe, Path(scratch), "universe")
            amounts = {path.stem: read_book(path, names, value, stocks)}
        place, temporary = placed(output)
        told = command("liquidity", book if isinstance(book, str | Path) else f"{name}.csv")
        folder, _ = study(said, amounts, place, force=force, command=told)
    return Liquidity(folder, temporary=temporary)


def _buckets(book: Mapping[str, float], known: tuple[str, ...]) -> dict[str, float]:
    """Billions by bucket, checked."""
    for bucket, amount in book.items():
        if bucket not in known:
            raise InputError(f"book.{bucket}", "is no bucket", ", ".join(known))
        if not 0 < float(amount) < 1e6:
            raise InputError(f"book.{bucket}", f"{amount!r}", "billions of yuan above zero")
    if not book:
        raise InputError("book", "is empty", "billions of yuan by bucket")
    return {bucket: float(book[bucket]) for bucket in known if bucket in book}
