"""The tables of a run: tail losses, events, leveraged accounts, and the curves figures are drawn from."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from ..assemble import detector
from ..config import Config
from ..config.market import Event
from ..core.calendar import YEAR
from ..core.names import BUCKETS, MEASURES, VIEWS
from ..tail import (
    expected_shortfall_interval,
    probability,
    rate,
    return_period,
    value_at_risk_interval,
)
from .collect import Z_EDGES, Sample, tally

FAN_LEVELS = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
LOSS_EDGES = np.linspace(-1, 1, 801)
"""Bins of losses, a quarter of a percent each; the outermost hold everything beyond."""


def tail(config: Config, kept: Sample, *, progress: bool = False) -> pd.DataFrame:
    """VaR and ES of every product, view, measure and level, with intervals; losses positive."""
    rows = []
    products = tqdm(config.products.items(), unit=" products", delay=2, disable=not progress)
    for p, (name, product) in enumerate(products):
        for v, view in enumerate(VIEWS):
            for measure in config.tail.measures:
                loss = kept.loss[v, MEASURES.index(measure), p].astype(np.float64)
                about = {
                    "product": name,
                    "family": product.family,
                    "benchmark": product.benchmark,
                    "view": view,
                    "measure": measure,
                }
                rows += [{**about, **row} for row in _tail_rows(config, loss)]
    return pd.DataFrame(rows)


def _tail_rows(config: Config, loss: NDArray[np.float64]) -> list[dict[str, Any]]:
    confidence = config.tail.confidence
    moments = {"mean": float(loss.mean()), "sd": float(loss.std())}
    rows = []
    for level in config.tail.levels:
        var = value_at_risk_interval(loss, level=level, confidence=confidence)
        es = expected_shortfall_interval(loss, level=level, confidence=confidence)
        rows.append(
            {
                "level": level,
                "var": var.estimate,
                "var_low": var.low,
                "var_high": var.high,
                "es": es.estimate,
                "es_low": es.low,
                "es_high": es.high,
                "tail_points": es.tail_points,
                "indicative": bool(es.indicative),
                **moments,
            }
        )
    return rows


def events(config: Config, kept: Sample) -> pd.DataFrame:
    """Probability per path, rate per ten years and return period of every event, with intervals."""
    return pd.DataFrame([_event(config, event, kept.event_days[i]) for i, event in enumerate(config.event)])


def _event(config: Config, event: Event, days: NDArray[np.int32]) -> dict[str, Any]:
    confidence, years = config.tail.confidence, config.run.days / YEAR
    chance = probability(days > 0, confidence=confidence)
    often = rate(days, years, confidence=confidence)
    period = return_period(often)
    return {
        "event": event.name,
        "description": describe(event),
        "window": event.window,
        "threshold": event.threshold,
        "days": event.days,
        "paths": len(days),
        "count": int((days > 0).sum()),
        "probability": float((days > 0).mean()),
        "probability_low": chance.low,
        "probability_high": chance.high,
        "rate_per_10y": 10 * float(days.mean()) / years,
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


def accounts(config: Config, kept: Sample) -> pd.DataFrame:
    """Margin breaches, wipe-outs and what is owed to the broker, for products that can owe anything."""
    rows = []
    for p, (name, product) in enumerate(config.products.items()):
        owed = kept.shortfall[p]
        leverage = getattr(product, "gross_leverage", None)
        if leverage is None and not (owed > 0).any():
            continue
        breach = probability(kept.breached[p], confidence=config.tail.confidence)
        ruin = probability(owed > 0, confidence=config.tail.confidence)
        rows.append(
            {
                "product": name,
                "gross_leverage": leverage,
                "margin_rate": getattr(product, "margin_rate", None),
                "margin_breach": float(kept.breached[p].mean()),
                "margin_breach_low": breach.low,
                "margin_breach_high": breach.high,
                "wipe_out": float((owed > 0).mean()),
                "wipe_out_low": ruin.low,
                "wipe_out_high": ruin.high,
                "broker_shortfall_mean": float(owed[owed > 0].mean()) if (owed > 0).any() else 0.0,
            }
        )
    return pd.DataFrame(rows)


def curves(config: Config, kept: Sample) -> dict[str, NDArray[Any]]:
    """What the figures are drawn from: fan of bucket returns, counts of z and of losses, regime shares."""
    growth = np.expm1(kept.price.astype(np.float64))
    fan = np.quantile(growth, FAN_LEVELS, axis=-1)
    views, measures, products, _ = kept.loss.shape
    counts = [tally(row, LOSS_EDGES) for row in kept.loss.reshape(views * measures * products, -1)]
    shape = (views, measures, products, len(LOSS_EDGES) - 1)
    states = range(config.market.states)
    return {
        "fan_levels": np.array(FAN_LEVELS),
        "fan": np.concatenate([np.zeros((len(FAN_LEVELS), 1, len(BUCKETS))), fan], axis=1),
        "fan_paths": np.array(kept.price.shape[-1]),
        "z_edges": Z_EDGES,
        "z_counts": kept.z_counts[[kept.detectors.index(detector(event)) for event in config.event]],
        "loss_edges": LOSS_EDGES,
        "loss_counts": np.transpose(np.array(counts).reshape(shape), (2, 0, 1, 3)),
        "regime_share": np.stack([(kept.regime == k).mean(axis=-1) for k in states], axis=-1),
    }
