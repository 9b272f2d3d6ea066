"""The terms on which funds are run: costs, margins, lines, redemptions, fees, and how far funds differ.

A file of them says [everyone], what holds for all, and [products.<name>], what a product has of its own.
"""

from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from .model import EACH_BUCKET, Bucket, Model, Name, Problem, refuse

Fraction = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=0.5)]
Amount = Annotated[float, Field(ge=0, le=1e6)]


class Terms(Model):
    """What one product's funds pay, owe and allow; the defaults are nothing at all."""

    cost: Rate = Field(default=0.0, description="commission and half spread, per yuan of stock")
    stamp_duty: Rate = Field(default=0.0, description="per yuan of stock sold")
    futures_cost: Rate = Field(default=0.0, description="per yuan of futures")
    size: Amount = Field(default=0.0, description="billions of yuan; for the impact and the limit of orders")
    impact: Annotated[float, Field(ge=0, le=10)] = Field(
        default=0.0, description="Y of the square-root law, a day's volatility of 2 %"
    )
    participation: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="of a bucket's daily volume that an order may be; needs size"
    )
    initial_margin: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="equity a new stock book needs, over the book"
    )
    margin_call: Fraction = Field(default=0.0, description="equity over stocks below which the broker calls")
    margin_reset: Annotated[float, Field(gt=0, le=1)] = Field(default=1.0, description="what a call restores")
    warning_line: Fraction = Field(default=0.0, description="NAV below which the stock book is bounded")
    warned_long: Annotated[float, Field(ge=0, le=10)] = Field(default=0.5, description="to this, over equity")
    stop_line: Fraction = Field(default=0.0, description="NAV below which the fund is wound up")
    redemption_base: Fraction = Field(default=0.0, description="h0, per dealing day")
    redemption_slope: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.0, description="h1, per unit of lag"
    )
    redemption_threshold: Fraction = Field(default=0.08, description="d*, lag behind the benchmark")
    dealing: Fraction = Field(default=0.05, description="dealing days per trading day")
    notice: Annotated[int, Field(ge=1, le=60)] = Field(default=5, description="closes from notice to payment")
    performance_fee: Fraction = Field(default=0.0, description="of the gain over the high-water mark")
    high_water: Annotated[float, Field(gt=0, le=10)] = Field(
        default=1.0, description="mark at the start, over NAV"
    )
    specific_annual: Rate = Field(default=0.0, description="volatility of stock picking, of the stock book")
    halt_from: Annotated[int, Field(ge=0)] = Field(
        default=0, description="first day without stock trading; 0 never"
    )
    halt_days: Annotated[int, Field(ge=0)] = 0
    weight_spread: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="deviation of the smallest bucket's weight among funds, over its mean"
    )
    hedge_spread: Annotated[float, Field(ge=0, lt=0.3)] = Field(
        default=0.0, description="deviation among funds of the hedge's weight in the watched future"
    )
    long_spread: Annotated[float, Field(ge=0, lt=0.2)] = Field(
        default=0.0, description="deviation among funds of stocks over NAV"
    )
    style_spread: Annotated[float, Field(ge=0, lt=2)] = Field(
        default=0.0,
        description="deviation among funds of each style within buckets, in z-scores: in a run of the"
        " calibrated file's styles, in a replay of those in its file",
    )

    @model_validator(mode="after")
    def _fits(self) -> "Terms":
        problems = []
        if self.margin_call and self.margin_reset < self.margin_call:
            found = f"{self.margin_reset:g} below margin_call {self.margin_call:g}"
            problems.append(Problem("margin_reset", found, "at least margin_call"))
        if self.warning_line and self.stop_line > self.warning_line:
            found = f"{self.stop_line:g} above warning_line {self.warning_line:g}"
            problems.append(Problem("stop_line", found, "at most warning_line"))
        if (self.impact or self.participation < 1) and not self.size:
            problems.append(Problem("size", "0 with impact or participation", "the fund's size in billions"))
        refuse(problems)
        return self


class AccountsBlock(Model):
    """The [accounts] of a run: its products as funds with all their terms, on some of its paths."""

    terms: str = Field(description="a file such as accounts_2024.toml")
    every_path: bool | None = Field(
        default=None,
        description="products run on these terms on every path, so in VaR and ES; default: with a crowd",
    )
    funds: int = Field(default=16, ge=1, le=200, description="of each product, its own first; 1 is no panel")
    paths: int = Field(default=2048, ge=128, le=65_536, multiple_of=128, description="the run's first")


class AccountsFile(Model):
    """accounts_2024.toml."""

    volume: Annotated[dict[Bucket, Annotated[float, Field(gt=0)]], EACH_BUCKET]
    everyone: dict[str, Any] = Field(default_factory=dict)
    products: dict[Name, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _valid(self) -> "AccountsFile":
        problems = []
        for name in ("", *self.products):
            try:
                self.terms(name)
            except ValidationError as error:
                place = f"products.{name}" if name else "everyone"
                problems += [
                    Problem(
                        ".".join([place, *map(str, e["loc"])]), f"{e.get('input')!r}: {e['msg']}", "see Terms"
                    )
                    for e in error.errors()
                ]
        refuse(problems)
        return self

    def terms(self, product: str) -> Terms:
        """The terms of a product: its own over everyone's."""
        return Terms.model_validate({**self.everyone, **self.products.get(product, {})})
