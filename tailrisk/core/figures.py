"""The tables of a result, declared once: what record writes is what report reads.

A column has a name in the file, a label on the page, a unit, and the scale a reader sees it at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PER_CENT = 100.0
NAV = "of starting NAV"
PATHS = "of paths"


@dataclass(frozen=True)
class Column:
    """One column of a file, with the columns of its interval where it has one.

    unit: what a value of one is; scale: what it is multiplied by on a page.
    """

    name: str
    label: str = ""
    unit: str = ""
    scale: float = 1.0
    interval: bool = False
    stem: str = ""  # of the interval's columns, the name itself where empty

    @property
    def bounds(self) -> tuple[str, str]:
        """Names of the columns of the interval's ends."""
        stem = self.stem or self.name
        return f"{stem}_low", f"{stem}_high"

    @property
    def names(self) -> tuple[str, ...]:
        """Every column in the file, in order."""
        return (self.name, *self.bounds) if self.interval else (self.name,)


@dataclass(frozen=True)
class Table:
    """One file of a result: its columns in order; `key` columns tell its rows apart."""

    file: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Every column in the file, in order."""
        return [*self.key, *(name for column in self.columns for name in column.names)]

    def rows(self, cells: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows in the order of the columns. KeyError for a row that lacks one, or has one more."""
        ordered = []
        for row in cells:
            if set(row) != set(self.names):
                raise KeyError(f"{self.file}: {sorted(set(row) ^ set(self.names))}")
            ordered.append({name: row[name] for name in self.names})
        return ordered

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


def estimate(name: str, interval: Any, stem: str = "") -> dict[str, float]:
    """Cells of an estimate with its interval: anything with estimate, low and high."""
    stem = stem or name
    return {name: interval.estimate, f"{stem}_low": interval.low, f"{stem}_high": interval.high}


def _loss(name: str, label: str, **more: Any) -> Column:
    return Column(name, label, NAV, PER_CENT, interval=True, **more)


TAIL = Table(
    "tail.csv",
    ("product", "family", "benchmark", "view", "measure", "level"),
    (
        _loss("var", "VaR"),
        _loss("es", "ES"),
        Column("tail_points", "Tail points"),
        Column("indicative"),
        Column("saturated"),
        _loss("mean", "Mean"),
        Column("sd", "SD", NAV, PER_CENT),
        _loss("drift", "Drift"),
    ),
)
UNCERTAINTY = (
    "table", "subject", "figure", "view", "measure", "level", "value", "low", "high",
    "deviation", "parameters_low", "parameters_high", "world_low", "world_high",
)  # fmt: skip
"""Columns of uncertainty.csv, before one for each other law: low and high of sampling error alone."""
RISKS = Table(
    "risks.csv",
    ("product", "view", "loss", "risk"),
    (
        _loss("value", "Value"),
        Column("threshold", "Threshold of its tail", NAV, PER_CENT),
        Column("paths", "Paths"),
        Column("indicative"),
        Column("saturated"),
    ),
)
DRIFT = Table("drift.csv", ("product", "part"), (_loss("loss", "Mean loss"),))
ACCOUNTS = Table(
    "accounts.csv",
    ("product",),
    (
        Column("long", "Stocks over NAV"),
        Column("margin_rate", "Margin rate, %", scale=PER_CENT),
        Column("margin_breach", "Below margin", PATHS, PER_CENT, interval=True),
        Column("wipe_out", "Wiped out", PATHS, PER_CENT, interval=True),
        Column("broker_shortfall_mean", "Owed to the broker, %", NAV, PER_CENT),
    ),
)
COMPONENTS = Table(
    "components.csv",
    ("product", "level", "part"),
    (_loss("component", "Component of ES"), Column("tail_points"), Column("indicative")),
)
CONTRIBUTIONS = Table(
    "contributions.csv",
    ("product", "level", "part"),
    (
        _loss("contribution", "Contribution to ES"),
        Column("paths", "Paths"),
        Column("tail_points"),
        Column("indicative"),
    ),
)
FUNDS = Table(
    "funds.csv",
    ("product", "funds", "figure", "part", "level"),
    (Column("value", interval=True, stem="value"), Column("saturated")),
)
FUND_FIGURES = {
    column.name: column
    for column in (
        Column("loss", "Mean loss", NAV, PER_CENT),
        Column("excess_loss", "Mean excess loss", NAV, PER_CENT),
        Column("es", "ES", NAV, PER_CENT),
        Column("called", "Called by its broker", PATHS, PER_CENT),
        Column("wiped_out", "Wiped out", PATHS, PER_CENT),
        Column("stopped", "Stopped out", PATHS, PER_CENT),
        Column("shortfall", "Broker's loss", NAV, PER_CENT),
        Column("redeemed", "Redeemed", "of units", PER_CENT),
        Column("line", "P&L line", NAV, PER_CENT),
        Column("line_worst", "P&L line, tail paths", NAV, PER_CENT),
        Column("quantile", "Loss", NAV, PER_CENT),
        Column("deviation", "Deviation among funds", NAV, PER_CENT),
        Column("es_least", "ES, best fund", NAV, PER_CENT),
        Column("es_largest", "ES, worst fund", NAV, PER_CENT),
    )
}
"""What funds.csv says of a product's own fund or of all its funds; `part` is a line of the P&L."""
