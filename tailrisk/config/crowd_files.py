"""The data files a [crowd] block names: who is in the crowd, their notes, and the market they move."""

from typing import Annotated, Any, NamedTuple

from pydantic import Field, ValidationInfo, model_validator

from tailrisk.core.names import Names

from .model import (
    EACH_BUCKET,
    EACH_FUTURE,
    Benchmark,
    Bucket,
    Future,
    Model,
    Name,
    Problem,
    incomplete,
    refuse,
)

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
Amount = Annotated[float, Field(ge=0, le=1e6)]
Line = Annotated[float, Field(ge=0, le=10)]
Fall = Annotated[float, Field(ge=-10, lt=0)]
Trigger = Annotated[float, Field(ge=-10, le=1)]
"""A return that fires below this; one is always met."""
Count = Annotated[int, Field(ge=0, le=1000)]
Fractions = dict[Bucket, Fraction]
Hedge = dict[Future, Fraction]
STAGES = 3


class Margin(Model):
    """Equity over stock book at which a broker calls, and what selling must restore."""

    call: Fraction
    reset: Annotated[float, Field(gt=0, le=1)]
    enforced: Fraction
    intraday: Fraction


class Signal(Model):
    """Fraction of the book sold a day per unit beyond the threshold."""

    strength: Line
    threshold: Line


class Stop(Model):
    """Fraction of the cohort with a stop line, and the line as net worth over its high-water mark."""

    share: Fraction
    line: Fraction


class Redemption(Model):
    """Hazard on a dealing day, fraction of dealing days, and mornings to payment."""

    base: Fraction
    slope: Line
    threshold: Fraction
    open: Fraction
    lag: Annotated[int, Field(ge=1, le=60)]


class Swap(Model):
    """Fractions a day swapped for futures and back, and the annualised discounts that start and end it."""

    out: Fraction
    start: Line
    home: Fraction
    end: Line


class Cohort(Model):
    """Funds that hold and behave alike; money in billions of yuan."""

    label: str
    assets: Amount
    long: Positive
    weights: Fractions
    hedge: Line
    mix: Hedge
    benchmark: Benchmark
    financing_annual: Fraction
    margin: Margin
    basis: Signal
    momentum: Signal
    stop: Stop
    redemption: Redemption
    swap: Swap
    participation: Fraction

    @model_validator(mode="after")
    def _sums(self) -> "Cohort":
        problems = []
        if abs(sum(self.weights.values()) - 1) > 1e-9:
            problems.append(Problem("weights", f"sum to {sum(self.weights.values()):.6g}", "a sum of 1"))
        if self.mix and abs(sum(self.mix.values()) - 1) > 1e-9:
            problems.append(Problem("mix", f"sums to {sum(self.mix.values()):.6g}", "a sum of 1, or empty"))
        if self.hedge and not self.mix:
            problems.append(Problem("mix", "empty with a hedge", "futures to hedge in"))
        refuse(problems)
        return self


class Panic(Model):
    """Investors outside the cohorts, and how many wait when the state buys."""

    strength: Annotated[dict[Bucket, Amount], EACH_BUCKET]
    threshold: Fraction
    full: Annotated[float, Field(gt=0, le=1_000)] = 1_000.0
    hold: Fraction
    calm: Fraction
    build: Fraction
    relief: Fraction
    stamina: Annotated[float, Field(ge=0, le=250)]
    tire: Fraction
    recover: Annotated[float, Field(ge=0, le=250)]


class Speculators(Model):
    """Sellers of futures near knock-in."""

    strength: Annotated[dict[Future, Amount], EACH_FUTURE]
    pace: Annotated[float, Field(ge=0, le=48)]


class Participants(Model):
    """Everyone of crowd_2024.toml; `quiet` is what every cohort says unless its own block differs."""

    participation: Fraction
    cost: Annotated[float, Field(ge=0, le=0.1)]
    small: Annotated[tuple[Bucket, ...], Field(strict=False)]
    watched: Bucket | None = None  # the market's role of that name
    hedge_first: bool
    cohorts: Annotated[dict[Name, Cohort], Field(min_length=1, max_length=20)]
    panic: Panic
    speculators: Speculators

    @model_validator(mode="before")
    @classmethod
    def _lay_over_quiet(cls, said: Any) -> Any:
        if not isinstance(said, dict) or not isinstance(said.get("cohorts"), dict):
            return said
        common = {"participation": said.get("participation"), **said.get("quiet", {})}
        cohorts = {
            name: {**common, **one} if isinstance(one, dict) else one for name, one in said["cohorts"].items()
        }
        return {**{key: value for key, value in said.items() if key != "quiet"}, "cohorts": cohorts}


class CrowdFile(Model):
    """crowd_2024.toml."""

    crowd: Participants


class Terms(Model):
    """A note's terms; levels over the index at issue."""

    months: Annotated[int, Field(ge=1, le=60)]
    lock_months: Annotated[int, Field(ge=1, le=60)]
    knock_out: Annotated[float, Field(ge=1, le=2)]
    knock_in: Annotated[float, Field(gt=0, lt=1)]
    coupon_annual: Fraction


class Pricing(Model):
    """The dealer's model."""

    volatility_annual: Annotated[float, Field(gt=0, le=2)]
    rate_annual: Annotated[float, Field(ge=-0.1, le=0.5)]
    yield_annual: Annotated[float, Field(ge=-0.1, le=0.5)]


class Hedging(Model):
    """How desks follow their deltas."""

    cap: Annotated[float, Field(gt=0, le=2.5)]
    jump: Annotated[float, Field(ge=0, le=2)]
    pretrade: Fraction
    shift: Annotated[float, Field(gt=0, le=0.2)]
    participation: Fraction


class Notes(Model):
    """Notes outstanding on one index, by barrier; levels in index points, notional in billions."""

    future: Future
    underlying: Bucket
    level: Positive
    notional: Amount
    barrier: Annotated[tuple[Positive, ...], Field(strict=False, min_length=1, max_length=32)]
    weight: Annotated[tuple[Amount, ...], Field(strict=False)]
    months: Annotated[tuple[Positive, ...], Field(strict=False)]


class SnowballFile(Model):
    """snowballs_2024.toml: a book for each future that notes are hedged in; none where there are no notes."""

    terms: Terms
    pricing: Pricing
    hedge: Hedging
    book: Annotated[tuple[Notes, ...], Field(strict=False, max_length=12)] = ()

    @model_validator(mode="after")
    def _on_its_index(self, info: ValidationInfo) -> "SnowballFile":
        futures = [book.future for book in self.book]
        problems = [
            Problem(f"book.{i}.future", f"{future!r} has a book already", "one book a future")
            for i, future in enumerate(futures)
            if future in futures[:i]
        ]
        if isinstance(info.context, Names):
            on = dict(info.context.futures)
            problems += [
                Problem(f"book.{i}.underlying", repr(book.underlying), f"{on[book.future]}, as {book.future}")
                for i, book in enumerate(self.book)
                if book.underlying != on[book.future]
            ]
        refuse(problems)
        return self


class Calendar(Model):
    """When hedgers roll; holidays are the exchange's own, and these after the last it has announced."""

    holidays: Annotated[
        tuple[Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")], ...], Field(strict=False)
    ] = ()
    roll: Annotated[int, Field(ge=0, le=15)]


class Impact(Model):
    """How orders move a bucket, for how long, and how depth goes."""

    strength: Annotated[dict[Bucket, Line], EACH_BUCKET]
    volume: Annotated[dict[Bucket, Positive], EACH_BUCKET]
    evaporation: Amount
    threshold: Line
    least: Fraction = 0.0
    persistence: Fraction
    share: Annotated[tuple[Fraction, ...], Field(strict=False, min_length=1, max_length=4)]
    decay: Annotated[tuple[Fraction, ...], Field(strict=False, min_length=1, max_length=4)]


class Limits(Model):
    """Boards' price limits and the scatter of stocks within a bucket."""

    limit: Annotated[tuple[Positive, ...], Field(strict=False, max_length=2)] | None = (
        None  # the market's boards
    )
    wide_board: Fractions = Field(default_factory=dict)  # fraction of a bucket's stocks on the second board
    calm: Positive
    stressed: Positive
    widening: Line
    carried: Fraction
    locked: Fraction

    @model_validator(mode="after")
    def _boards(self, info: ValidationInfo) -> "Limits":
        if not isinstance(info.context, Names):
            return self
        boards = info.context.boards if self.limit is None else self.limit
        if len(boards) == 2:
            refuse(incomplete("wide_board", self.wide_board, info.context.buckets))
        elif self.wide_board:
            refuse(
                [Problem("wide_board", f"stated with {len(boards)} boards", "two boards, or no wide_board")]
            )
        return self


class Basis(Model):
    """Carry of the futures and what dislocates them."""

    carry: Annotated[dict[Future, Annotated[float, Field(ge=-1, le=1)]], EACH_FUTURE]
    ramp: Positive
    mean: Annotated[dict[Future, Annotated[float, Field(ge=-0.5, le=0.5)]], EACH_FUTURE]
    discount_pull: Annotated[float, Field(ge=0, lt=1)]
    premium_pull: Annotated[float, Field(ge=0, lt=1)]
    flow: Line
    fall: Line
    full: Annotated[float, Field(gt=0, le=1)]
    noise: Annotated[dict[Future, Fraction], EACH_FUTURE]
    bound: Annotated[float, Field(gt=0, le=1)]
    volume: Annotated[dict[Future, Positive], EACH_FUTURE]
    arbitrage: Fraction


class State(Model):
    """The ladder: what fires each stage, and what it buys."""

    drawdown: Fall
    forget: Fraction
    slide: Trigger
    severe: Fraction
    wait: Count
    rout_wait: Count | None = None  # as long as `wait`
    discount: Fall
    watched: Bucket
    fall: Fall
    fall_days: Annotated[int, Field(ge=1, le=20)]
    rout: Trigger
    spread: Fall
    spread_days: Annotated[int, Field(ge=1, le=20)]
    limit_down: Fraction
    ordered: bool
    rest: Annotated[int, Field(ge=0, le=10_000)]
    lag: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False, min_length=STAGES, max_length=STAGES)
    ]
    lasting: Annotated[tuple[Count, ...], Field(strict=False, min_length=STAGES, max_length=STAGES)]
    pace: Annotated[tuple[Amount, ...], Field(strict=False, min_length=STAGES, max_length=STAGES)]
    first: Annotated[tuple[Amount, ...], Field(strict=False, min_length=STAGES, max_length=STAGES)] = (
        1.0,
    ) * STAGES
    target: Annotated[tuple[Fractions, ...], Field(strict=False, min_length=STAGES, max_length=STAGES)]
    budget: Annotated[dict[Bucket, Amount], EACH_BUCKET]
    dip: Fall
    patience: Fraction


class Followers(Model):
    """The siphon."""

    strength: Line
    half: Annotated[dict[Bucket, Positive], EACH_BUCKET]
    focus: Annotated[int, Field(ge=1, le=8)]
    memory: Fraction
    always: Fraction
    memory_of_rout: Fraction
    sight: Amount = 0.0
    behind: Fraction = 0.0
    rotation: Annotated[dict[Bucket, dict[Bucket, Annotated[float, Field(ge=-1, le=1)]]], EACH_BUCKET]

    @model_validator(mode="after")
    def _sums_to_zero(self) -> "Followers":
        refuse(
            [
                Problem(f"rotation.{bought}", f"sums to {sum(row.values()):.6g}", "a sum of 0")
                for bought, row in self.rotation.items()
                if abs(sum(row.values())) > 1e-9
            ]
        )
        return self


class Restriction(Model):
    """Window guidance."""

    share: Fraction
    stage: Annotated[int, Field(ge=1, le=STAGES)]
    days: Count


class MarketFile(Model):
    """crowd_market_2024.toml."""

    calendar: Calendar
    impact: Impact
    limits: Limits
    basis: Basis
    state: State
    followers: Followers
    restriction: Restriction


class CrowdFiles(NamedTuple):
    """The three files, read, with a digest of each."""

    participants: Participants
    snowballs: SnowballFile
    market: MarketFile
    matched: dict[str, float]  # the chosen member of the ensemble; empty is the files' own figures
    sha256: dict[str, str]
    members: int = 0  # sets of the ensemble
