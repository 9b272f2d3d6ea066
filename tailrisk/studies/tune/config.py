"""What a tuning says: whose product, on which market's paths, within which budget of expected shortfall."""

from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, ValidationInfo, model_validator

from ...config.load import load, located, read
from ...config.model import Bucket, Future, Model, Problem, refuse
from ...config.schema import Config
from ...core.names import Names
from ...universe import Universe, from_file

Share = Annotated[float, Field(ge=0, le=1)]
Ends = Annotated[tuple[float, float], Field(strict=False)]
Fee = Annotated[float, Field(ge=0, le=0.1)]
PROBE = (
    'products.style_probe={{label="probe", family="stock_selection", benchmark="{bucket}", '
    "weights={{{bucket}=1.0}}, style_exposure={{{styles}}}}}"
)
"""A product that makes a world simulate the styles it names; nothing of it is kept."""


class Product(Model):
    """The product: its mix of indices is the benchmark, or the futures sold where it is hedged."""

    mix: dict[Bucket, Share] = Field(description="weights of indices, summing to 1")
    hedged: bool = Field(description="the mix is sold as futures; otherwise it is the benchmark")
    gross: float = Field(gt=0, le=10, description="stocks over NAV")
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

    size: Annotated[tuple[Annotated[float, Field(gt=0, le=5)], ...], Field(strict=False, min_length=2)] = (
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
    micro: Annotated[tuple[Share, Share], Field(strict=False)] = Field(
        default=(0.02, 0.6), description="least and most of the bound on micro-caps and names in no index"
    )
    gross: Ends | None = Field(default=None, description="least and most gross; none leaves it alone")
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
        if list(self.size) != sorted(set(self.size)):
            found.append(Problem("size", str(list(self.size)), "bounds that rise, each once"))
        for name in ("micro", "gross", "swap"):
            ends = getattr(self, name)
            if ends is not None and not ends[0] < ends[1]:
                found.append(Problem(name, str(list(ends)), "least < most"))
        if self.gross is not None and self.gross[0] <= 0:
            found.append(Problem("gross", str(list(self.gross)), "above zero"))
        refuse(found)
        return self


class Desk(Model):
    """The manager: what he expects, his other limits, what trading costs him."""

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


class Tune(Model):
    """One tuning; results go to results/<name>."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    question: str = Field(min_length=1, max_length=300)
    market: str = Field(description="config whose paths are simulated, with a crowd or without")
    universe: str = Field(
        default="calibrated/universe_2023.toml",
        description="moments of the stocks, beside this file or the library's",
    )
    stocks: int = Field(default=5000, ge=10, le=20_000, description="how many are drawn")
    paths: int = Field(default=16384, ge=200, le=10_000_000)
    level: float = Field(default=0.99, ge=0.5, lt=1)
    budget: float = Field(gt=0, le=10, description="of expected shortfall over the horizon, of NAV")
    product: Product
    bounds: Bounds = Bounds()
    desk: Desk = Desk()

    @model_validator(mode="after")
    def _fits(self) -> "Tune":
        found = []
        if self.bounds.swap is not None and not self.product.hedged:
            found.append(Problem("bounds.swap", "of a product that sells no futures", "hedged = true"))
        if self.paths * (1 - self.level) < 1:
            found.append(
                Problem("paths", f"{self.paths}", f"at least {1 / (1 - self.level):.0f} at that level")
            )
        refuse(found)
        return self


class Loaded(NamedTuple):
    """A tuning with the config of its market, the styles named switched on, and it cut to a calm day."""

    tune: Tune
    market: Config
    calm: Config


def load_tune(path: str | Path, styles: tuple[str, ...]) -> Loaded:
    """Read a tuning and its market. Raises InputError listing every problem.

    styles: those the universe's stocks are exposed to; a market fitted without styles simulates none.
    """
    market = _market(path)
    plain = load(market)
    tune = read(Tune, Path(path), plain.names)
    exposed = ", ".join(f"{style}=1e-9" for style in styles)
    probe = [PROBE.format(bucket=plain.names.buckets[0], styles=exposed)] if plain.calibrated.styles else []
    calm = ['market.start="calm"', "run.days=1", "event=[]"]
    return Loaded(tune, load(market, probe), load(market, [*probe, *calm]))


def universe_of(path: str | Path) -> Universe:
    """The synthetic universe a tuning names, of its market's buckets. Raises InputError."""
    tune, names = read(Tune, Path(path)), load(_market(path)).names
    beside = Path(path).parent / tune.universe
    return from_file(located(beside if beside.is_file() else tune.universe), stocks=tune.stocks, names=names)


def _market(path: str | Path) -> str | Path:
    name = read(Tune, Path(path)).market
    beside = Path(path).parent / name
    return beside if beside.is_file() else name
