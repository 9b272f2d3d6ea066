"""Pictures of a watch: wealth of the bets by day, and a Murphy diagram of two models."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.dates import date2num

from ...report.figures.scale import logarithmic
from ...report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILION,
    axes,
    canvas,
)
from ...report.figures.svg import safe, svg
from ...tail.calibration import Murphy

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
LEAST = 1e-3
"""Wealth below this is drawn at the edge."""


def wealth(days: pd.DataFrame, title: str, column: str, reject: float) -> str:
    """Wealth of the bets against each model by day, on a logarithmic scale; rows of one product and level."""
    with canvas(3.4) as figure:
        ax = axes(figure, 0.6, 0.4, 1.5, 0.3)
        words = []
        for k, (model, own) in enumerate(days.groupby("model", sort=False)):
            line = np.maximum(own[column].to_numpy(), LEAST)
            style = ("-", "--", ":")[k // len(COLOURS) % 3]
            colour = COLOURS[k % len(COLOURS)]
            when = date2num(own["date"])
            ax.plot(when, line, style, color=colour, linewidth=1.0, label=safe(str(model)))
            words.append(f"{model} {own[column].iloc[-1]:.3g}")
        ax.axhline(reject, color=INK, linewidth=0.7, linestyle=":")
        logarithmic(ax.yaxis)
        ax.xaxis_date()
        ax.set_ylabel("wealth")
        ax.set_title(safe(title))
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=SMALL)
        about = f"A line at {reject:g}, where a forecast is rejected. Wealth at the end: {', '.join(words)}."
        return svg(figure, "wealth", title, about)


def murphy(diagram: Murphy, title: str) -> str:
    """Mean elementary score of one model less another's by threshold, with its band."""
    at = 100 * diagram.at
    values: dict[str, Any] = {"mean": diagram.difference, "low": diagram.low, "high": diagram.high}
    with canvas(2.6) as figure:
        ax = axes(figure, 0.8, 0.45, 0.1, 0.3)
        ax.fill_between(at, 1e4 * values["low"], 1e4 * values["high"], color=SKY, alpha=0.35, linewidth=0)
        ax.plot(at, 1e4 * values["mean"], color=BLUE, linewidth=1.2)
        ax.axhline(0, color=MUTED, linewidth=0.6)
        ax.set_xlabel("threshold of ES, %")
        ax.set_ylabel("score, basis points")
        ax.set_title(safe(title))
        below = float((values["high"] < 0).mean())
        above = float((values["low"] > 0).mean())
        about = f"Band below zero at {100 * below:.0f} % of thresholds, above at {100 * above:.0f} %."
        return svg(figure, "murphy", title, about)
