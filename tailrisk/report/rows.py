"""Rows of a result's tables: one tail figure, one event, one leveraged account."""

import math
import re
from dataclasses import dataclass

from tailrisk.core import figures
from tailrisk.core.errors import InputError

from .cells import Cells
from .estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class TailRow:
    """VaR and ES of one product, view, measure and level, as fractions of starting NAV; positive is bad."""

    product: str
    family: str
    benchmark: str
    view: str
    measure: str
    level: float
    value_at_risk: Estimate
    expected_shortfall: Estimate
    tail_points: float
    indicative: bool
    saturated: bool  # ES is the largest there can be, or many of its paths lose the same
    mean: Estimate
    deviation: float
    drift: Estimate | None  # mean loss over the horizon; None where it is not recorded
    sampled: tuple[Estimate, Estimate]  # VaR and ES with their sampling error alone


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """How often one spread event happened, per path and per ten years."""

    event: str
    description: str
    window: int
    threshold: float
    days: int
    paths: int
    count: int
    probability: Estimate
    rate: Estimate
    return_period: Estimate


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """Chance that a leveraged product is called for margin or wiped out, and what its broker then loses.

    shortfall: mean over the paths wiped out, a fraction of the product's starting NAV.
    """

    product: str
    long: float | None
    margin_rate: float | None
    margin_breach: Estimate
    wipe_out: Estimate
    shortfall: float | None


@dataclass(frozen=True, kw_only=True)
class CrowdRow:
    """One statistic of one quantity of the crowd; `level` is None where it has none."""

    quantity: str
    subject: str
    label: str
    unit: str
    statistic: str
    level: float | None
    estimate: Estimate
    indicative: bool


@dataclass(frozen=True, kw_only=True)
class ComponentRow:
    """What one part of a product adds to its expected shortfall, as a fraction of starting NAV."""

    product: str
    level: float
    part: str
    estimate: Estimate
    indicative: bool


@dataclass(frozen=True, kw_only=True)
class FundRow:
    """One figure of a product's own fund, or of all its funds, as in `figures.FUND_FIGURES`."""

    product: str
    funds: str  # "own" or "all"
    figure: str
    part: str  # line of the P&L, empty where the figure has none
    level: float | None
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class DriftRow:
    """What one part of a product adds to its mean loss over the horizon."""

    product: str
    part: str  # "drift" is the whole
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class RiskRow:
    """One measure of risk of one loss of a product."""

    product: str
    view: str
    loss: str
    risk: str
    estimate: Estimate
    paths: int
    indicative: bool
    saturated: bool
    threshold: float | None = None  # from which a Pareto tail is fitted


@dataclass(frozen=True, kw_only=True)
class ContributionRow:
    """What one part adds to the ES of a product, or one product to that of the book of all."""

    product: str
    level: float
    part: str
    estimate: Estimate
    paths: int
    indicative: bool


@dataclass(frozen=True, kw_only=True)
class ScenarioRow:
    """What a product loses in one scenario, by one column of `record.columns`; None where it is not known."""

    product: str
    scenario: str
    column: str
    statistic: str
    level: float | None
    loss: Estimate | None
    paths: int
    indicative: bool


def tail(cells: Cells) -> TailRow:
    """One line of tail.csv."""
    drift = cells.known(figures.TAIL.column("drift")) if cells.optional("drift") is not None else None
    return TailRow(
        **{name: cells.text(name) for name in ("product", "family", "benchmark", "view", "measure")},
        level=cells.number("level"),
        value_at_risk=cells.wider("var", cells.estimate("var")),
        expected_shortfall=cells.wider("es", cells.estimate("es")),
        tail_points=cells.number("tail_points"),
        indicative=cells.flag("indicative"),
        saturated=cells.has("saturated") and cells.flag("saturated"),
        mean=cells.wider("mean", cells.known(figures.TAIL.column("mean"))),
        deviation=cells.number("sd"),
        drift=drift if drift is None else cells.wider("drift", drift),
        sampled=(cells.estimate("var"), cells.estimate("es")),
    )


def event(cells: Cells) -> EventRow:
    """One line of events.csv; with no event the probability is an upper bound, which cannot be zero."""
    count, probability = int(cells.number("count")), _probability(cells)
    if count == 0 and probability.high <= 0:
        raise InputError(
            f"{cells.place}, column probability_high",
            "no event was seen and the probability is given as zero",
            "an upper bound above zero",
        )
    return EventRow(
        event=cells.text("event"),
        description=cells.text("description"),
        window=int(cells.number("window")),
        threshold=cells.number("threshold"),
        days=int(cells.number("days")),
        paths=int(cells.number("paths")),
        count=count,
        probability=cells.wider("probability", probability),
        rate=cells.wider("rate", cells.estimate("rate_per_10y", "rate")),
        return_period=cells.wider("return_period", _return_period(cells)),
    )


def _probability(cells: Cells) -> Estimate:
    """With no path hit, or every path, there is no estimate but a bound: 0 or 1 stands for it."""
    value = cells.number("probability", finite=False)
    low, high = cells.number("probability_low"), cells.number("probability_high")
    if not 0 <= low <= high <= 1:
        raise InputError(f"{cells.place}, column probability", f"bounds {low} and {high}", "within 0 and 1")
    return Estimate((0.0 if low == 0 else high) if math.isnan(value) else value, low, high)


def _return_period(cells: Cells) -> Estimate:
    names = ("return_period_years", "return_period_low", "return_period_high")
    value, low, high = (cells.number(name, finite=name.endswith("low")) for name in names)
    return Estimate(math.inf if math.isnan(value) else value, low, math.inf if math.isnan(high) else high)


def account(cells: Cells) -> AccountRow:
    """One line of accounts.csv; stocks over NAV, margin rate and shortfall may be absent."""
    return AccountRow(
        product=cells.text("product"),
        long=cells.optional("long" if cells.has("long") else "gross_leverage"),
        margin_rate=cells.optional("margin_rate"),
        margin_breach=cells.wider("margin_breach", cells.estimate("margin_breach")),
        wipe_out=cells.wider("wipe_out", cells.estimate("wipe_out")),
        shortfall=cells.optional("broker_shortfall_mean"),
    )


def crowd(cells: Cells) -> CrowdRow:
    """One line of crowd.csv."""
    return CrowdRow(
        **{name: cells.text(name) for name in ("quantity", "subject", "label", "unit", "statistic")},
        level=cells.optional("level"),
        estimate=Estimate(*(cells.number(name, finite=name == "value") for name in ("value", "low", "high"))),
        indicative=cells.flag("indicative"),
    )


def component(cells: Cells) -> ComponentRow:
    """One line of components.csv."""
    return ComponentRow(
        product=cells.text("product"),
        level=cells.number("level"),
        part=cells.text("part"),
        estimate=cells.estimate("component"),
        indicative=cells.flag("indicative"),
    )


def fund(cells: Cells) -> FundRow:
    """One line of funds.csv; a figure that is not declared is refused."""
    if not cells.has("part"):
        return _former_fund(cells)
    about = {name: cells.text(name) for name in ("product", "funds", "figure", "part")}
    if about["figure"] not in figures.FUND_FIGURES:
        known = ", ".join(figures.FUND_FIGURES)
        raise InputError(f"{cells.place}, column figure", f"{about['figure']!r} is not known", known)
    column = figures.FUNDS.column("value")
    return FundRow(**about, level=cells.optional("level"), estimate=cells.known(column))


def _former_fund(cells: Cells) -> FundRow:
    """A line of a funds.csv in which lines and levels were part of the figure's name."""
    name, part, level = cells.text("figure"), "", None
    for former, now in (("line on the worst paths: ", "line_worst"), ("line: ", "line")):
        if name.startswith(former):
            name, part = now, name.removeprefix(former)
    if quantile := re.fullmatch(r"loss, quantile (\d+) %", name):
        name, level = "quantile", int(quantile[1]) / 100
    known = {
        "es_95": "es",
        "es_95, least among funds": "es_least",
        "es_95, largest among funds": "es_largest",
    }
    if name in known:
        name, level = known[name], 0.95
    name = "deviation" if name == "loss, deviation among funds" else name
    ends = (cells.number(end, finite=False) for end in ("low", "high"))
    found = Estimate(cells.number("value"), *ends)
    about = {"product": cells.text("product"), "funds": cells.text("funds")}
    return FundRow(**about, figure=name, part=part, level=level, estimate=found)


def drift(cells: Cells) -> DriftRow:
    """One line of drift.csv."""
    column = figures.DRIFT.column("loss")
    return DriftRow(product=cells.text("product"), part=cells.text("part"), estimate=cells.known(column))


def risk(cells: Cells) -> RiskRow:
    """One line of risks.csv."""
    low, high = (cells.number(name, finite=False) for name in figures.RISKS.column("value").bounds)
    return RiskRow(
        **{name: cells.text(name) for name in figures.RISKS.key},
        estimate=Estimate(cells.number("value", finite=False), low, high),
        paths=int(cells.number("paths")),
        indicative=cells.flag("indicative"),
        saturated=cells.flag("saturated"),
        threshold=cells.optional("threshold"),
    )


def contribution(cells: Cells) -> ContributionRow:
    """One line of contributions.csv."""
    return ContributionRow(
        product=cells.text("product"),
        level=cells.number("level"),
        part=cells.text("part"),
        estimate=cells.estimate("contribution"),
        paths=int(cells.number("paths")),
        indicative=cells.flag("indicative"),
    )


def scenario(cells: Cells) -> ScenarioRow:
    """One line of scenarios.csv."""
    column = figures.SCENARIOS.column("loss")
    return ScenarioRow(
        **{name: cells.text(name) for name in ("product", "scenario", "column", "statistic")},
        level=cells.optional("level"),
        loss=None if cells.optional("loss") is None else cells.known(column),
        paths=int(cells.number("paths")),
        indicative=cells.flag("indicative"),
    )
