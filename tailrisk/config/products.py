"""The product families, each with the fields that matter to it (mechanism 5.7, defaults of 6)."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .model import Benchmark, Bucket, Future, Model, Problem, Style, refuse

Fraction = Annotated[float, Field(ge=0, le=1)]
ZScore = Annotated[float, Field(ge=-5, le=5)]
Alpha = Annotated[float, Field(ge=-1, le=1)]
Over = Annotated[float, Field(ge=0, le=10)]
TOLERANCE = 1e-6


def _sums_to_one(field: str, weights: Mapping[str, float]) -> list[Problem]:
    total = math.fsum(weights.values())
    if abs(total - 1) <= TOLERANCE:
        return []
    allowed = "weights that sum to 1 (a table merges with the one it extends: set what you drop to 0)"
    return [Problem(field, f"the weights sum to {total:.6g}", allowed)]


class Product(Model):
    """What every product states."""

    label: str = Field(min_length=1, max_length=60, description="name in tables and figures, any language")
    alpha_annual: Alpha = Field(
        default=0.0, description="return per year of the stock book beyond its buckets"
    )
    fee_annual: float = Field(default=0.0, ge=0, le=0.2, description="per year of NAV")


class Holder(Product):
    """A product with a book of stocks, described by its buckets and its styles within them."""

    weights: dict[Bucket, Fraction] = Field(
        default_factory=dict, description="weight of each size bucket in the stock book, summing to 1"
    )
    holdings: str | None = Field(
        default=None, min_length=1, description="a file of stocks or buckets, in place of weights"
    )
    universe: str | None = Field(
        default=None, min_length=1, description="a file of stocks (tailrisk universe --stocks), for holdings"
    )
    style_exposure: dict[Style, ZScore] = Field(
        default_factory=dict, description="z-scores of the book within its buckets; 0 where not given"
    )

    @model_validator(mode="after")
    def _fits(self) -> "Holder":
        refuse(self._problems())
        return self

    def _problems(self) -> list[Problem]:
        if self.unread:
            return []
        if not self.weights:
            return [Problem("weights", "missing", "weights of the buckets, or holdings = a CSV of the book")]
        return _sums_to_one("weights", self.weights)

    @property
    def unread(self) -> bool:
        """The book is in a file that `load` has not laid over the config yet."""
        return self.holdings is not None and not self.weights


class IndexEnhanced(Holder):
    """指增: fully invested, judged against an index."""

    family: Literal["index_enhanced"]
    benchmark: Bucket = Field(description="the index it enhances")


class StockSelection(Holder):
    """量化选股 (空气指增): fully invested, tied to no index; one is named to judge it by."""

    family: Literal["stock_selection"]
    benchmark: Bucket = Field(description="the index it is judged by")


class Hedged(Holder):
    """A stock book with index futures sold against it."""

    benchmark: Benchmark = Field(default="cash", description="an index, or cash at cash_annual")
    hedge: dict[Future, Fraction] = Field(description="weight of each future in the short side, summing to 1")
    cash_annual: float = Field(
        default=0.02, ge=-0.1, le=0.2, description="per year on cash, and of the cash benchmark"
    )

    def _problems(self) -> list[Problem]:
        return super()._problems() + _sums_to_one("hedge", self.hedge)


class Neutral(Hedged):
    """中性: r = g (r_long - sum_q h_q rF_q) + (1 - g (1 + m)) r_cash; g is `long`, m the margin rate."""

    family: Literal["neutral"]
    long: float = Field(default=0.8, gt=0, le=1, description="stocks over NAV, and futures sold over NAV")
    margin_rate: float = Field(default=0.12, ge=0, le=1, description="futures margin over futures notional")

    def _problems(self) -> list[Problem]:
        used = self.long * (1 + self.margin_rate)
        if used <= 1 + TOLERANCE:
            return super()._problems()
        found = f"long * (1 + margin_rate) is {self.long:g} * {1 + self.margin_rate:g} = {used:.6g}"
        allowed = "at most 1: stocks and futures margin are paid from NAV"
        return [*super()._problems(), Problem("long", found, allowed)]


class Dma(Hedged):
    """DMA: a financed stock book of `long` times equity, hedged in full, above a margin.

    Equity E, book A, futures F: E' = E + A r_long - sum_q F_q rF_q - A financing / 242. Gross leverage A / E
    and the margin rate (margin over A) are two numbers: 4 at 20 % uses 80 % of equity (mechanism 2e).
    """

    family: Literal["dma"]
    long: float = Field(default=4.0, gt=0, le=10, description="stocks over NAV on the first day")
    margin_rate: float = Field(
        default=0.2, gt=0, le=1, description="equity the broker asks for, over the stock book"
    )
    financing_annual: float = Field(default=0.035, ge=0, le=0.5, description="per year of the stock book")

    def _problems(self) -> list[Problem]:
        used = self.long * self.margin_rate
        if used <= 1 + TOLERANCE:
            return super()._problems()
        found = f"long * margin_rate is {self.long:g} * {self.margin_rate:g} = {used:.6g}"
        allowed = "at most 1: the margin is paid from equity"
        return [*super()._problems(), Problem("margin_rate", found, allowed)]


class LongShort(Hedged):
    """多空: r = a_long r_long - a_short sum_q h_q rF_q."""

    family: Literal["long_short"]
    long: float = Field(default=1.0, gt=0, le=3, description="stocks over NAV")
    short: float = Field(default=0.5, ge=0, le=3, description="futures sold over NAV")


class MicroCap(Holder):
    """小微盘: long only, part invested; an active fund, or a passive one that holds its index."""

    family: Literal["micro_cap"]
    benchmark: Bucket = Field(description="the index it is judged by, and holds when passive")
    management: Literal["active", "passive"] = Field(description="who chooses the stocks")
    long: float = Field(default=0.9, gt=0, le=1, description="stocks over NAV; the rest is cash")
    cash_annual: float = Field(default=0.02, ge=-0.1, le=0.2, description="per year on cash")

    def _problems(self) -> list[Problem]:
        problems = super()._problems()
        held = self.weights.get(self.benchmark, 0.0)
        if self.management == "passive" and not self.unread and abs(held - 1) > TOLERANCE:
            found = f"a passive fund holds {held:g} of its benchmark {self.benchmark!r}"
            problems.append(
                Problem("weights", found, f'{{{self.benchmark} = 1.0}}, or management = "active"')
            )
        return problems


class Cta(Product):
    """CTA: commodity and bond trends, uncorrelated with equities, of a stated volatility and tails."""

    family: Literal["cta"]
    benchmark: Benchmark = Field(default="cash", description="an index, or cash at cash_annual")
    volatility_annual: float = Field(default=0.11, gt=0, le=1, description="standard deviation per year")
    nu: float | None = Field(
        default=None, gt=2, le=1000, description="of daily Student shocks; Gaussian if none"
    )
    cash_annual: float = Field(default=0.02, ge=-0.1, le=0.2, description="per year, of the cash benchmark")


class Own(Product):
    """A family of one's own: positions over NAV as they are stated, bought and held."""

    family: Literal["own"]
    benchmark: Benchmark = Field(default="cash", description="an index, or cash at cash_annual")
    long: dict[Bucket, Over] = Field(default_factory=dict, description="stocks by bucket, over NAV")
    short: dict[Future, Over] = Field(default_factory=dict, description="futures sold, over NAV")
    futures: float = Field(default=0.0, ge=0, le=1, description="futures margin over futures notional")
    cash: float = Field(default=0.0, ge=0, le=1, description="NAV that earns cash_annual")
    financed: float = Field(default=0.0, ge=0, le=10, description="stock book borrowed for, over NAV")
    margin_rate: float = Field(default=0.0, ge=0, le=1, description="equity the broker asks, over the stocks")
    cash_annual: float = Field(default=0.02, ge=-0.1, le=0.2, description="per year on cash")
    financing_annual: float = Field(default=0.035, ge=0, le=0.5, description="per year of what is financed")
    style_exposure: dict[Style, ZScore] = Field(
        default_factory=dict, description="z-scores of the book within its buckets; 0 where not given"
    )

    @model_validator(mode="after")
    def _fits(self) -> "Own":
        held = math.fsum(self.long.values())
        if self.financed > held + TOLERANCE:
            found = f"{self.financed:g} of a stock book of {held:g}"
            refuse([Problem("financed", found, "at most the stock book, the sum of long")])
        return self


AnyProduct = Annotated[
    IndexEnhanced | StockSelection | Neutral | Dma | LongShort | MicroCap | Cta | Own,
    Field(discriminator="family"),
]
