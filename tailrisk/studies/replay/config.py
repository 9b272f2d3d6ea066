"""What a replay says: whose products, on what terms, over which days, beside which reported figures."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from ...config import library
from ...config.accounts import AccountsFile
from ...config.load import load, located, read
from ...config.model import Bucket, Day, Future, Model, Problem, refuse
from ...config.schema import Config
from ...core.errors import InputError
from ...core.names import Names

Share = Annotated[float, Field(ge=0, le=1)]


class Window(Model):
    """A span whose P&L is told: from one close to another."""

    name: str = Field(min_length=1, max_length=40)
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")


class Data(Model):
    """Where prices are; paths relative to the file that names them."""

    indices: str
    futures: str | None = None
    commodities: str | None = Field(
        default=None, description="daily futures, for a CTA; without, it earns cash"
    )
    styles: str | None = Field(
        default=None, description="daily returns of styles; without, nobody is exposed to any within buckets"
    )


class Futures(Model):
    """Which contracts hedgers hold, or, where none are on record, the basis that is assumed."""

    months: Literal["quarter", "all"] = "quarter"
    roll: int = Field(default=4, ge=0, le=15)
    assumed: dict[Future, dict[Day, Annotated[float, Field(gt=-0.5, lt=0.5)]]] = Field(default_factory=dict)


class Replay(Model):
    """One replay; results go to results/<name>."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    question: str = Field(min_length=1, max_length=300)
    products: str
    accounts: str
    reported: str | None = Field(default=None, description="file of reported figures; none to stand beside")
    first: date
    last: date
    funds: int = Field(default=200, ge=1, le=10_000, description="of each product, its own book first")
    seed: int = Field(default=20240205, ge=0, lt=2**63)
    locked: Share = Field(default=0.2, description="share of an order in a stock at its limit that trades")
    data: Data
    futures: Futures = Futures()
    limit_down: dict[Day, dict[Bucket, Share]] = Field(default_factory=dict)
    refused: dict[Day, Share] = Field(default_factory=dict)
    window: Annotated[tuple[Window, ...], Field(strict=False, max_length=30)] = ()

    @model_validator(mode="after")
    def _fits(self) -> "Replay":
        if self.last <= self.first:
            refuse([Problem("last", self.last.isoformat(), f"a day after {self.first.isoformat()}")])
        return self


class Figure(Model):
    """One reported loss or gain."""

    product: str
    measure: Literal["nav", "excess"]
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")
    low: float = Field(ge=-1, le=10)
    high: float = Field(ge=-1, le=10)
    source: str = Field(min_length=1)
    grade: Literal["H", "M", "L"]


class Reported(Model):
    """The reported figures of an episode."""

    figure: Annotated[tuple[Figure, ...], Field(strict=False)] = ()


class Loaded(NamedTuple):
    """A replay with every file it names."""

    replay: Replay
    config: Config
    accounts: AccountsFile
    reported: Reported
    folder: Path


def load_replay(path: str | Path) -> Loaded:
    """Read a replay's config, or the library's of that name, and the files it names, beside it or there.

    Buckets and futures are those of the products' market. Raises InputError listing every problem.
    """
    here = located(path)
    replay, folder = read(Replay, here), here.parent
    config = load(_beside(folder, replay.products))
    replay = read(Replay, here, config.names)
    reported = Reported() if replay.reported is None else read(Reported, _beside(folder, replay.reported))
    for figure in reported.figure:
        if figure.product not in config.products:
            known = ", ".join(config.products)
            raise InputError(f"{folder / str(replay.reported)}: figure.product", repr(figure.product), known)
    accounts = read(AccountsFile, _beside(folder, replay.accounts), config.names)
    return Loaded(replay, config, accounts, reported, folder)


def _beside(folder: Path, name: str) -> Path:
    """The file of that name in the folder, else the library's."""
    here = folder / name
    return here if here.exists() else library.find(name) or here


def load_accounts(path: str | Path, names: Names | None = None) -> AccountsFile:
    """Read a file of terms, or the library's of that name, for a market. Raises InputError."""
    return read(AccountsFile, located(path), names)
