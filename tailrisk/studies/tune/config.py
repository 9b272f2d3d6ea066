"""What a tuning says: whose product, on which market's paths, within which budget of expected shortfall."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field, ValidationInfo, model_validator

from ...config import library
from ...config.layers import Layers, Source
from ...config.load import TABLE, load, located, parsed, read_toml, valid
from ...config.model import Bucket, Future, Model, Problem, Style, refuse
from ...config.report import LanguageBlock
from ...config.schema import Config
from ...core.errors import InputError
from ...core.names import Names
from ...universe import Universe, from_file
from ...universe.document import read as read_moments
from ...universe.stocks import read_universe

Share = Annotated[float, Field(ge=0, le=1)]
Ends = Annotated[tuple[float, float], Field(strict=False)]
Fee = Annotated[float, Field(ge=0, le=0.1)]
Grid = Annotated[tuple[Annotated[float, Field(gt=0, le=5)], ...], Field(strict=False, min_length=2)]
Z = Annotated[float, Field(ge=0, le=5)]
File = str | Path | Mapping[str, Any]
SIZE = "size"
PROBE = (
    'products.style_probe={{label="probe", family="stock_selection", benchmark="{bucket}", '
    "weights={{{bucket}=1.0}}, style_exposure={{{styles}}}}}"
)
"""A product that makes a world simulate the styles it names; nothing of it is kept."""


class Product(Model):
    """The product: its mix of indices is the benchmark, or the futures sold where it is hedged."""

    mix: dict[Bucket, Share] = Field(description="weights of indices, summing to 1")
    benchmark: str | None = Field(
        default=None, min_length=1, description="a file of weights by code that active is less of; else mix"
    )
    book: str | None = Field(
        default=None,
        min_length=1,
        description="the book held today, by code; else that of the loosest bounds",
    )
    hedged: bool = Field(description="the mix is sold as futures; otherwise it is the benchmark")
    long: float = Field(gt=0, le=10, description="stocks over NAV")
    financing: float = Field(default=0.0, ge=0, le=0.2, description="a year, on the stocks")

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> "Product":
        found = []
        written = [bucket for _, bucket in info.context.futures] if isinstance(info.context, Names) else None
        if abs(sum(self.mix.values()) - 1) > 1e-9:
            found.append(Problem("mix", f"sums to {sum(self.mix.values()):g}", "weights that sum to 1"))
        found += [
            Problem(f"mix.{bucket}", "has no future", ", ".join(written or []) or "hedged = false")
            for bucket in self.mix
            if self.hedged and written is not None and bucket not in written
        ]
        refuse(found)
        return self


class Bounds(Model):
    """What the tuner may move, and the bounds of the frontier."""

    size: Grid = (
        0.05,
        0.1,
        0.2,
        0.3,
        0.4,
        0.6,
        0.8,
        1.0,
        1.5,
    )
    styles: dict[Style, Grid] = Field(
        default_factory=dict,
        description="bounds on other active styles to tune, rising; the first and last are the ends",
    )
    frontier: Style = Field(default=SIZE, description="the style whose bounds the frontier is drawn over")
    micro: Annotated[tuple[Share, Share], Field(strict=False)] = Field(
        default=(0.02, 0.6), description="least and most of the bound on micro-caps and names in no index"
    )
    long: Ends | None = Field(default=None, description="least and most stocks over NAV; none: left alone")
    swap: Ends | None = Field(
        default=None,
        description="least and most of one future sold in place of another; none leaves the hedge alone",
    )
    swapped: Annotated[tuple[Future, Future], Field(strict=False)] | None = Field(
        default=None, description="those two; by default the two futures of the mix, in the market's order"
    )

    @model_validator(mode="after")
    def _fits(self) -> "Bounds":
        found = []
        if SIZE in self.styles:
            found.append(Problem("styles.size", "is there beside bounds.size", "bounds.size alone"))
        for name, grid in {SIZE: self.size, **self.styles}.items():
            if list(grid) != sorted(set(grid)):
                place = name if name == SIZE else f"styles.{name}"
                found.append(Problem(place, str(list(grid)), "bounds that rise, each once"))
        if self.frontier not in (SIZE, *self.styles):
            allowed = ", ".join((SIZE, *self.styles))
            found.append(Problem("frontier", repr(self.frontier), f"a style that is tuned: {allowed}"))
        for name in ("micro", "long", "swap"):
            ends = getattr(self, name)
            if ends is not None and not ends[0] < ends[1]:
                found.append(Problem(name, str(list(ends)), "least < most"))
        if self.long is not None and self.long[0] <= 0:
            found.append(Problem("long", str(list(self.long)), "above zero"))
        refuse(found)
        return self


class Limits(Model):
    """Limits that are not tuned, beside those of the desk."""

    styles: dict[Style, Annotated[tuple[float, float], Field(strict=False)] | Z] = Field(
        default_factory=dict, description="on an active style: one number either way, or [least, most]"
    )
    industry: Share | dict[str, Share] | None = Field(
        default=None, description="on the active weight of an industry: of all, or by name"
    )
    position: Share | None = Field(default=None, description="most of the book in one stock")
    turnover: float | None = Field(
        default=None, ge=0, le=2, description="buys and sells out of the book held"
    )

    @model_validator(mode="after")
    def _fits(self) -> "Limits":
        crossed = [
            Problem(f"styles.{name}", str(list(ends)), "least <= most")
            for name, ends in self.styles.items()
            if isinstance(ends, tuple) and not ends[0] <= ends[1]
        ]
        refuse(crossed)
        return self


class Desk(Model):
    """The manager: what he expects, his other limits, what trading costs him."""

    alpha: str | None = Field(
        default=None,
        min_length=1,
        description="a file of code and alpha a year, or score; else a random score",
    )
    ic: Share = Field(default=0.05, description="correlation of the score with the specific return")
    premium: float = Field(default=-0.0946, ge=-1, le=1, description="of a unit of size, a year")
    others: float = Field(default=0.3, gt=0, le=5, description="bound on every other active style")
    weight: float = Field(default=0.002, gt=0, le=1, description="on active weights")
    tracking: float = Field(default=0.06, gt=0, le=1, description="tracking error, a year")
    nav: float = Field(default=5e9, gt=0, le=1e13, description="yuan of stocks")
    exit: float = Field(default=5.0, gt=0, le=250, description="days to sell out")
    participation: float = Field(default=0.2, gt=0, le=1, description="part of a day's trading")
    fee: Fee = Field(default=0.0003, description="commission and half spread of a trade")
    stamp: Fee = Field(default=0.0005, description="of a sale")
    impact: float = Field(default=1.0, ge=0, le=10, description="strength of the square-root law")
    seed: int = Field(default=1, ge=0, lt=2**63, description="of the score")


class Robust(Model):
    """Laws that the budget must hold under, beside that of the market's own paths."""

    radius: float = Field(
        default=0.0, ge=0, le=1, description="of the ball of laws around the paths, in standard deviations"
    )
    members: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False)] = Field(
        default=(), description="of the crowd's ensemble: the budget holds under each of them too"
    )

    @model_validator(mode="after")
    def _fits(self) -> "Robust":
        if len(set(self.members)) < len(self.members):
            refuse([Problem("members", str(list(self.members)), "each once")])
        return self


class Tune(Model):
    """One tuning; results go to results/<name>."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    question: str = Field(min_length=1, max_length=300)
    market: str = Field(description="config whose paths are simulated, with a crowd or without")
    universe: str = Field(
        default="calibrated/universe_2023.toml",
        description="moments of the stocks, beside this file or the library's",
    )
    stocks: Annotated[int, Field(ge=10, le=20_000)] | str = Field(
        default=5000, description="how many are drawn, or the file of tailrisk universe --stocks"
    )
    paths: int = Field(default=16384, ge=200, le=10_000_000)
    level: float = Field(default=0.99, ge=0.5, lt=1)
    budget: float = Field(gt=0, le=10, description="of expected shortfall over the horizon, of NAV")
    product: Product
    bounds: Bounds = Bounds()
    limits: Limits = Limits()
    desk: Desk = Desk()
    robust: Robust = Robust()
    report: LanguageBlock | None = Field(default=None, description="its page; by default as of the market")

    @model_validator(mode="after")
    def _fits(self) -> "Tune":
        found = []
        found += [
            Problem(f"limits.styles.{name}", "is tuned in bounds", "in one of the two")
            for name in self.limits.styles
            if name in self.tuned
        ]
        if self.limits.turnover is not None and self.product.book is None:
            allowed = "product.book, the file of the book held today"
            found.append(Problem("limits.turnover", "out of no book", allowed))
        by_code = {"product.benchmark": self.product.benchmark, "product.book": self.product.book}
        for field, file in (by_code | {"desk.alpha": self.desk.alpha}).items():
            if file is not None and not isinstance(self.stocks, str):
                allowed = (
                    'stocks = "stocks.csv", of tailrisk universe --stocks: synthetic names have no codes'
                )
                found.append(Problem(field, f"{file!r} for synthetic stocks", allowed))
        if self.bounds.swap is not None and not self.product.hedged:
            found.append(Problem("bounds.swap", "of a product that sells no futures", "hedged = true"))
        if self.paths * (1 - self.level) < 1:
            found.append(
                Problem("paths", f"{self.paths}", f"at least {1 / (1 - self.level):.0f} at that level")
            )
        refuse(found)
        return self

    @property
    def tuned(self) -> tuple[str, ...]:
        """Styles whose bounds are tuned, the frontier's first."""
        first = self.bounds.frontier
        return (first, *(name for name in (SIZE, *self.bounds.styles) if name != first))

    def grid(self, style: str) -> tuple[float, ...]:
        """The bounds of a tuned style."""
        return self.bounds.size if style == SIZE else self.bounds.styles[style]


class Loaded(NamedTuple):
    """A tuning with the config of its market, the styles named switched on, and it cut to a calm day."""

    tune: Tune
    market: Config
    calm: Config
    folder: Path = Path()
    others: tuple[Config, ...] = ()  # the market under each of robust.members

    def file(self, field: str, name: str) -> Path:
        """The file a field names, beside the tuning. Raises InputError where there is none."""
        path = self.folder / name
        if not path.is_file():
            raise InputError(field, f"{name!r}: no such file", f"a file, relative to the tuning: {path}")
        return path


def load_tune(path: File, styles: tuple[str, ...], overrides: Sequence[str] = ()) -> Loaded:
    """Read a tuning, a file or a dict, and its market. Raises InputError listing every problem.

    styles: those the universe's stocks are exposed to; a market fitted without styles simulates none.
    overrides: what --set takes.
    """
    market = _market(path, overrides)
    plain = load(market)
    tune = _read(path, overrides, plain.names)
    _known(tune, styles)
    exposed = ", ".join(f"{style}=1e-9" for style in styles)
    probe = [PROBE.format(bucket=plain.names.buckets[0], styles=exposed)] if plain.calibrated.styles else []
    calm = ['market.start="calm"', "run.days=1", "event=[]"]
    others = tuple(_member(market, probe, plain, number) for number in tune.robust.members)
    return Loaded(tune, load(market, probe), load(market, [*probe, *calm]), _folder(path), others)


def _member(market: str | Path, probe: list[str], plain: Config, number: int) -> Config:
    """The market with another member of its crowd's ensemble."""
    if plain.crowd is None or plain.crowd.ensemble is None:
        raise InputError("robust.members", f"{number}", "a market whose crowd has an ensemble")
    return load(market, [*probe, f"crowd.member={number}"])


def universe_of(path: File, overrides: Sequence[str] = ()) -> Universe:
    """The universe a tuning names, of its market's buckets: of a file, or synthetic. Raises InputError."""
    tune, names = _read(path, overrides), load(_market(path, overrides)).names
    moments = _beside(path, tune.universe)
    if isinstance(tune.stocks, int):
        return from_file(moments, stocks=tune.stocks, names=names)
    stocks = _folder(path) / tune.stocks
    if not stocks.is_file():
        allowed = f"a file of tailrisk universe --stocks, relative to the tuning: {stocks}"
        raise InputError("stocks", f"{tune.stocks!r}: no such file", allowed)
    return read_universe(stocks, read_moments(moments, names), names)


def _known(tune: Tune, styles: tuple[str, ...]) -> None:
    """Refuse a bound or a limit on a style the stocks do not have."""
    for place, names in (("bounds.styles", tune.bounds.styles), ("limits.styles", tune.limits.styles)):
        for name in names:
            if name not in styles:
                raise InputError(f"{place}.{name}", "is no style of the universe", ", ".join(styles))


def _read(path: File, overrides: Sequence[str], names: Names | None = None) -> Tune:
    said = dict(path) if isinstance(path, Mapping) else read_toml(Path(path))
    label = TABLE if isinstance(path, Mapping) else str(path)
    layers = Layers.of(Source(label, _folder(path)), said)
    for override in overrides:
        layers = layers.over(*parsed(override))
    return valid(Tune, layers, names)


def _folder(path: File) -> Path:
    return Path() if isinstance(path, Mapping) else Path(path).parent


def _beside(path: File, name: str) -> Path:
    return located(library.beside(_folder(path), name))


def _market(path: File, overrides: Sequence[str]) -> str | Path:
    return library.beside(_folder(path), _read(path, overrides).market)
