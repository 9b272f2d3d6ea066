"""The tables of a run: tail losses, events, leveraged accounts, and the curves figures are drawn from."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from ..assemble.products import carry, positions
from ..assemble.world import detector
from ..config import Config
from ..config.market import Event
from ..config.products import AnyProduct, Dma
from ..core import figures
from ..core.calendar import YEAR
from ..core.names import VIEWS
from ..products.account import LINES
from ..rare.repeats import Estimate
from ..tail import Interval, Moments, Worst, replicate_interval, return_period
from . import estimates
from .collect import Sample
from .reduced import LOSS_EDGES, Z_EDGES
from .risks import table as of_risks

FAN_LEVELS = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)


def tail(config: Config, sampled: Sample, *, progress: bool = False) -> pd.DataFrame:
    """VaR and ES of every product, view, loss and level, with intervals; losses positive."""
    rows: list[dict[str, Any]] = []
    products = tqdm(config.products.items(), unit=" products", delay=2, disable=not progress)
    for p, (name, product) in enumerate(products):
        for v, view in enumerate(VIEWS):
            drift = _drift(config, sampled, v, p)
            for m, measure in enumerate(config.tail.losses):
                loss = sampled.losses(v, m, p)
                about = {
                    "product": name,
                    "family": product.family,
                    "benchmark": product.benchmark,
                    "view": view,
                    "measure": measure,
                }
                rows += [{**about, **row, **drift} for row in _tail_rows(config, loss)]
    return pd.DataFrame(figures.TAIL.rows(rows))


def _drift(config: Config, sampled: Sample, view: int, p: int) -> dict[str, float]:
    """What a product loses over the horizon in the mean, whichever losses were asked for."""
    return figures.estimate("drift", _drifted(config, sampled, view, p))


def _drifted(config: Config, kept: Sample, view: int, p: int) -> estimates.Figure:
    return _mean(config, kept.drift.row(view * len(config.products) + p))


def _mean(config: Config, loss: Moments) -> estimates.Figure:
    return estimates.mean(loss, confidence=config.tail.confidence, most=estimates.LARGEST_LOSS)


def drift(config: Config, sampled: Sample) -> pd.DataFrame:
    """Mean loss over the horizon by component, a row per product and part; the parts sum to `drift`.

    Of products that are accounts the lines of their P&L; of books held the carry, which is certain, and
    the rest: the market's own drift, alpha and fees.
    """
    rows: list[dict[str, Any]] = []
    for p, (name, product) in enumerate(config.products.items()):
        whole = _drifted(config, sampled, 0, p)
        parts = {"drift": whole, **_parts(config, sampled, p, product, whole)}
        rows += [
            {"product": name, "part": part, **figures.estimate("loss", found)}
            for part, found in parts.items()
        ]
    return pd.DataFrame(figures.DRIFT.rows(rows), columns=figures.DRIFT.names)


def _parts(
    config: Config, sampled: Sample, p: int, product: AnyProduct, whole: estimates.Figure
) -> dict[str, estimates.Figure]:
    sure, count = config.tail.confidence, len(config.products)
    if sampled.funds is not None:
        means = [
            estimates.mean(sampled.funds.row((2 + k) * count + p), confidence=sure) for k in range(len(LINES))
        ]
        return {line: estimates.negative(found) for line, found in zip(LINES, means, strict=True)}
    interest, financing = (x * config.run.days for x in carry(product, config.names))
    certain = {"interest": -interest, "financing": financing}
    rest = estimates.shifted(whole, interest - financing)
    return {name: estimates.Figure(x, x, x) for name, x in certain.items()} | {"rest": rest}


def _tail_rows(config: Config, loss: Worst) -> list[dict[str, Any]]:
    confidence = config.tail.confidence
    moments = {**figures.estimate("mean", _mean(config, loss.moments)), "sd": loss.moments.sd}
    rows = []
    for level in config.tail.levels:
        var = estimates.value_at_risk(loss, level=level, confidence=confidence)
        es = estimates.shortfall(loss, level=level, confidence=confidence)
        rows.append(
            {
                "level": level,
                **figures.estimate("var", var),
                **figures.estimate("es", es),
                "tail_points": es.tail_points,
                "indicative": es.indicative,
                "saturated": es.saturated,
                **moments,
            }
        )
    return rows


def risks(config: Config, sampled: Sample) -> pd.DataFrame | None:
    """Every risk that was asked for besides VaR and ES, of every product, view and loss, with its drift."""
    worst = [sampled.tails.column(c) for c in range(sampled.tails.columns)] if sampled.risks.asked else []
    nav = None if sampled.nav is None else sampled.nav.astype(np.float64)
    table = of_risks(config, worst, sampled.risks, nav, sampled.weight())
    if table is None:
        return None
    products = list(config.products)
    each = [
        _drift(config, sampled, VIEWS.index(view), products.index(product))
        for product, view in zip(table["product"], table["view"], strict=True)
    ]
    return pd.concat([table, pd.DataFrame(each, index=table.index)], axis=1)


def events(config: Config, sampled: Sample) -> pd.DataFrame:
    """Probability per path, rate per ten years and return period of every event, with intervals."""
    count = len(config.event)
    rows = [
        (sampled.events.row(i), sampled.events.row(count + i), int(sampled.seen[i])) for i in range(count)
    ]
    found = [_event(config, event, *row) for event, row in zip(config.event, rows, strict=True)]
    split = sampled.split
    if split is not None and split.seen:
        found = [row | (_split(config, split) if row["event"] == split.event else {}) for row in found]
    return pd.DataFrame(found)


def _event(
    config: Config, event: Event, hit: Moments, days: Moments, seen: int | None = None
) -> dict[str, Any]:
    confidence, years = config.tail.confidence, config.run.days / YEAR
    chance = hit.probability(confidence=confidence)
    often = days.rate(years, confidence=confidence)
    return {
        "event": event.name,
        "description": describe(event),
        "window": event.window,
        "threshold": event.threshold,
        "days": event.days,
        "paths": hit.paths,
        "count": round(hit.mean * hit.paths) if seen is None else seen,
        **_odds(hit.mean, chance, days.mean / years, often),
    }


def _split(config: Config, split: Estimate) -> dict[str, Any]:
    """The figures of an event by splitting, with intervals from its replicates."""
    confidence, years = config.tail.confidence, config.run.days / YEAR
    chance = replicate_interval(split.probability, confidence=confidence)
    often = replicate_interval(split.days / years, confidence=confidence, most=YEAR)
    odds = _odds(chance.estimate, chance, often.estimate, often)
    return {"paths": split.paths, "count": split.seen, **odds}


def _odds(probability: float, chance: Interval, rate: float, often: Interval) -> dict[str, float]:
    """Probability a path, rate a year and return period, with their bounds."""
    period = return_period(often)
    return {
        "probability": probability,
        "probability_low": chance.low,
        "probability_high": chance.high,
        "rate_per_10y": 10 * rate,
        "rate_low": 10 * often.low,
        "rate_high": 10 * often.high,
        "return_period_years": period.estimate,
        "return_period_low": period.low,
        "return_period_high": period.high,
    }


def describe(event: Event) -> str:
    """The event in words: pair, days, window, whether the mean is removed, direction."""
    small, large = event.pair
    span = "one day" if event.days == 1 else f"{event.days} days"
    mean = "mean removed" if event.mean_removed else "mean not removed"
    side = "at or below" if event.threshold < 0 else "at or above"
    yardstick = f"on the {event.window} days before, {mean}"
    return f"{small} less {large} over {span}: z {side} {event.threshold:g} {yardstick}"


def accounts(config: Config, sampled: Sample) -> pd.DataFrame:
    """Margin breaches, wipe-outs and what is owed to the broker, for products that can owe anything."""
    rows = []
    for p, (name, product) in enumerate(config.products.items()):
        breached, ruined, owed = (sampled.accounts.row(k * len(config.products) + p) for k in range(3))
        if not isinstance(product, Dma) and ruined.mean == 0:
            continue
        breach = breached.probability(confidence=config.tail.confidence)
        ruin = ruined.probability(confidence=config.tail.confidence)
        rows.append(
            {
                "product": name,
                "long": math.fsum(positions(product, config.names).long),
                "margin_rate": _margin(config, name),
                "margin_breach": breached.mean,
                "margin_breach_low": breach.low,
                "margin_breach_high": breach.high,
                "wipe_out": ruined.mean,
                "wipe_out_low": ruin.low,
                "wipe_out_high": ruin.high,
                "broker_shortfall_mean": owed.mean / ruined.mean if ruined.mean > 0 else 0.0,
            }
        )
    return pd.DataFrame(figures.ACCOUNTS.rows(rows), columns=figures.ACCOUNTS.names if rows else None)


def _margin(config: Config, product: str) -> float | None:
    """Equity over stock book below which the broker calls, as the paths of a run know it."""
    terms = config.attached.accounts
    if terms is not None and config.as_accounts:
        return terms.terms(product).margin_call
    return getattr(config.products[product], "margin_rate", None)


def curves(config: Config, sampled: Sample) -> dict[str, NDArray[Any]]:
    """What figures are drawn from: fan of bucket returns, counts of z and of losses, regime frequencies."""
    growth = np.expm1(sampled.price.astype(np.float64))
    fan = np.quantile(growth, FAN_LEVELS, axis=-1)
    states = range(config.market.pictured)
    return {
        "fan_levels": np.array(FAN_LEVELS),
        "fan": np.concatenate([np.zeros((len(FAN_LEVELS), 1, len(config.names.buckets))), fan], axis=1),
        "fan_paths": np.array(sampled.price.shape[-1]),
        "z_edges": Z_EDGES,
        "z_counts": sampled.z_counts[
            [sampled.detectors.index(detector(event, config.names)) for event in config.event]
        ],
        "loss_edges": LOSS_EDGES,
        "loss_counts": np.transpose(sampled.loss_counts, (2, 0, 1, 3)),
        "regime_share": np.stack([(sampled.regime == k).mean(axis=-1) for k in states], axis=-1),
    }
