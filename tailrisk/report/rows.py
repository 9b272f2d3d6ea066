"""Rows of a result's tables: one tail figure, one event, one leveraged account."""

import csv
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tailrisk.core import figures
from tailrisk.core.errors import InputError
from tailrisk.core.figures import Column

from .estimate import Estimate

T = TypeVar("T")

AGAIN = "`tailrisk run` writes results/<name>; run it again"


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


class Cells:
    """One line of a CSV file, read by column name; every complaint names file, line and column."""

    def __init__(self, place: str, cells: dict[str, str | None]) -> None:
        self.place, self.cells = place, cells

    def text(self, column: str) -> str:
        """The cell, less the quote that keeps spreadsheets from running it as a formula."""
        value = self.cells.get(column)
        if value is None:
            raise InputError(f"{self.place}, column {column}", "no value: the line is cut short")
        return value[1:] if value[:1] == "'" and value[1:2] in set("=+-@") else value

    def number(self, column: str, *, finite: bool = True) -> float:
        """The cell as a number; one that is not finite only where it means something."""
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            raise InputError(f"{self.place}, column {column}", f"{text!r} is not a number") from None
        if finite and not math.isfinite(value):
            raise InputError(f"{self.place}, column {column}", f"{text!r} is not finite", "a finite number")
        return value

    def optional(self, column: str) -> float | None:
        """The cell as a number, or None where the column or the value is absent."""
        text = (self.cells.get(column) or "").strip().lower()
        return None if text in {"", "nan"} else self.number(column)

    def has(self, column: str) -> bool:
        """Whether the file has that column."""
        return column in self.cells

    def known(self, column: Column) -> Estimate:
        """The cells of a declared column; one without an interval, of a former file or none, has no width."""
        value = self.number(column.name)
        ends = [self.optional(name) for name in column.bounds] if self.has(column.bounds[0]) else []
        low, high = ends if len(ends) == 2 else (None, None)
        return Estimate(value, value if low is None else low, value if high is None else high)

    def flag(self, column: str) -> bool:
        """The cell as true or false."""
        words = {"true": True, "1": True, "false": False, "0": False}
        text = self.text(column)
        if text.strip().lower() not in words:
            raise InputError(f"{self.place}, column {column}", f"{text!r} is no flag", "true or false")
        return words[text.strip().lower()]

    def estimate(self, value: str, stem: str = "") -> Estimate:
        """The cells `value`, `stem_low` and `stem_high`; too small a sample leaves an end open, infinite."""
        stem = stem or value
        low, high = (self.number(f"{stem}_{end}", finite=False) for end in ("low", "high"))
        found = Estimate(
            self.number(value), -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high
        )
        slack = 1e-9 * max(1.0, abs(found.value))
        if not found.low - slack <= found.value <= found.high + slack:
            raise InputError(
                f"{self.place}, column {value}",
                f"{found.value} lies outside its interval {found.low} to {found.high}",
            )
        return found

    def wider(self, stem: str, found: Estimate) -> Estimate:
        """The estimate with the world's interval, of parameters and laws too, if there is one."""
        ends = [
            self.number(name, finite=False) if self.optional(name) is not None else None
            for name in (f"{stem}_world_low", f"{stem}_world_high")
        ]
        low, high = ends
        return found if low is None or high is None else Estimate(found.value, low, high)


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


def read(path: Path, row: Callable[[Cells], T], first: str) -> tuple[T, ...]:
    """Every line of a CSV file as a row; `first` is the column without which it is another file.

    A blank line alone is a table without rows. Raises InputError naming file, line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            lines = csv.DictReader(source)
            if lines.fieldnames in ([], [""]):
                return ()
            if first not in (lines.fieldnames or ()):
                raise InputError(str(path), f"no column {first!r}", f"columns found: {lines.fieldnames}")
            return tuple(row(Cells(f"{path}: line {lines.line_num}", cells)) for cells in lines)
    except FileNotFoundError:
        raise InputError(str(path), "missing from the result folder", hint=AGAIN) from None
    except (OSError, UnicodeDecodeError, csv.Error, OverflowError) as fault:
        raise InputError(str(path), f"cannot be read: {fault}") from None
