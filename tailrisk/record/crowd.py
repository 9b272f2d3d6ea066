"""The crowd's table: what the mechanisms inside the paths did, one statistic a row."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..config import Config
from ..simulate.crowd.day import Outcome
from ..tail import MomentStream, TailStream, Worst

LOSS_BINS = np.linspace(-0.05, 0.65, 36)
"""Bins of the worst three days of the micro-caps, two percent each; the outermost take what lies beyond."""
DISCOUNT_BINS = np.linspace(-0.05, 0.95, 51)
"""Bins of the largest annualised discount watched, two points each."""
STAGES = 3
"""Stages of the state's ladder."""
MAP = (STAGES + 1, len(LOSS_BINS) - 1, len(DISCOUNT_BINS) - 1)
"""Shape of the map of paths: stage, loss, discount."""


class Quantity(NamedTuple):
    """One number a path has, and what of its distribution is published."""

    name: str
    subject: str  # cohort, future, bucket or stage
    label: str
    unit: str
    statistics: tuple[str, ...]


def quantities(config: Config) -> list[Quantity]:
    """The numbers of every path, in the order of `columns`; positive is bad."""
    loss, amount = ("mean", "value_at_risk", "expected_shortfall"), ("mean", "quantile")
    everyone = _cohorts(config).items()
    return [
        Quantity("worst_3_days", config.names.played("micro"), "", "loss", loss),
        *(Quantity("peak_discount", watched, "", "annualised", amount) for watched in _watched(config)),
        Quantity("state_spent", "", "", "billion yuan", amount),
        *(Quantity("knocked_in", book, "", "of notional", amount) for book in _books(config)),
        *(
            Quantity("drawdown", name, label, "of peak NAV", ("mean", "expected_shortfall"))
            for name, label in everyone
        ),
        *(Quantity("shortfall", name, label, "billion yuan", ("mean",)) for name, label in everyone),
    ]


def columns(outcome: Outcome, xp: Any = np) -> Any:
    """The numbers of every path [quantity, path]; xp: numpy, or jax.numpy."""
    discount = () if outcome.peak_discount is None else (outcome.peak_discount,)
    rows = [
        -outcome.worst_3_days,
        *discount,
        outcome.state_spent,
        *outcome.knocked_in,
        *outcome.drawdown,
        *outcome.shortfall,
    ]
    return xp.stack(rows)


def happenings(config: Config) -> list[Quantity]:
    """What may happen on a path, in the order of `flags`."""
    chance, everyone = ("probability",), _cohorts(config).items()
    return [
        *(Quantity("stage", str(k + 1), "", "of paths", chance) for k in range(STAGES)),
        *(Quantity("called", name, label, "of paths", chance) for name, label in everyone),
        *(Quantity("short", name, label, "of paths", chance) for name, label in everyone),
    ]


def flags(outcome: Outcome, xp: Any = np) -> Any:
    """What happened [happening, path]: the state reached a stage, a cohort was called, it owes money.

    xp: numpy, or jax.numpy.
    """
    reached = [outcome.stage >= k + 1 for k in range(STAGES)]
    return xp.stack([*reached, *outcome.called, *(outcome.shortfall > 0)])


def places(outcome: Outcome, xp: Any = np) -> tuple[Any, Any, Any]:
    """Where each path [path] is on the map: stage, worst three days of the micro bucket, largest discount.

    xp: numpy, or jax.numpy.
    """
    loss = -outcome.worst_3_days
    discount = xp.zeros_like(loss) if outcome.peak_discount is None else outcome.peak_discount
    return outcome.stage, _place(loss, LOSS_BINS, xp), _place(discount, DISCOUNT_BINS, xp)


def table(config: Config, numbers: TailStream, hits: MomentStream, residual: float) -> pd.DataFrame:
    """Every statistic with its interval; the last row is the ledger's largest residual, which is rounding."""
    rows = []
    for k, quantity in enumerate(quantities(config)):
        rows += _rows(config, quantity, numbers.column(k))
    for k, happening in enumerate(happenings(config)):
        moments = hits.row(k)
        found = moments.probability(confidence=config.tail.confidence)
        rows.append(_row(happening, "probability", moments.mean, found.low, found.high))
    ledger = Quantity("residual", "", "", "of initial holdings", ("largest",))
    rows.append(_row(ledger, "largest", residual, residual, residual))
    return pd.DataFrame(rows)


def curves(counts: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """What the crowd's figure is drawn from; counts [stage, loss bin, discount bin]."""
    return {
        "crowd_counts": counts,
        "crowd_loss_edges": LOSS_BINS,
        "crowd_discount_edges": DISCOUNT_BINS,
    }


def _rows(config: Config, quantity: Quantity, values: Worst) -> list[dict[str, Any]]:
    confidence, rows = config.tail.confidence, []
    if "mean" in quantity.statistics:
        found = values.moments.mean_interval(confidence=confidence)
        rows.append(_row(quantity, "mean", found.estimate, found.low, found.high))
    for level in config.tail.levels:
        for statistic in quantity.statistics:
            if statistic != "mean":
                shortfall = statistic == "expected_shortfall"
                measure = values.expected_shortfall_interval if shortfall else values.value_at_risk_interval
                found = measure(level=level, confidence=confidence)
                row = _row(quantity, statistic, found.estimate, found.low, found.high)
                rows.append(row | {"level": level, "indicative": bool(found.indicative)})
    return rows


def _row(quantity: Quantity, statistic: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {
        "quantity": quantity.name,
        "subject": quantity.subject,
        "label": quantity.label,
        "unit": quantity.unit,
        "statistic": statistic,
        "level": np.nan,
        "value": value,
        "low": low,
        "high": high,
        "indicative": False,
    }


def _cohorts(config: Config) -> dict[str, str]:
    files = config.attached.crowd
    return {} if files is None else {name: one.label for name, one in files.participants.cohorts.items()}


def _watched(config: Config) -> list[str]:
    """The future whose discount is watched, if the market has one."""
    name = config.names.role("discount")
    return [] if name is None else [name]


def _books(config: Config) -> list[str]:
    files = config.attached.crowd
    return [] if files is None else [book.future for book in files.snowballs.book]


def _place(values: Any, edges: NDArray[np.float64], xp: Any) -> Any:
    found = xp.searchsorted(xp.asarray(edges), xp.asarray(values, np.float64), side="right")
    return xp.clip(found - 1, 0, len(edges) - 2)
