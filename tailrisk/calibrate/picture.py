"""The picture of regimes over time: probabilities under the large bucket and the ratio of another to it."""

import io
import re
from typing import Any

import numpy as np
import pandas as pd

from ..core.names import Names
from .calibration import Calibration
from .switching import Switching

COLOURS = ("#56B4E9", "#009E73", "#E69F00", "#D55E00")
"""Okabe and Ito: sky blue, bluish green, orange, vermilion; the last is always the most volatile regime."""
MOST_POINTS = 350
"""Days are gathered into at most so many points, for a file of about 100 kB."""


def picture(calibration: Calibration) -> str:
    """SVG: closes above; below, for each kind of shocks, the smoothed probabilities of its richest model.

    Probabilities are averaged over blocks of days. The bytes depend on the calibration alone: fixed hash
    salt, no date, coordinates to a hundredth of a point.
    """
    from matplotlib.figure import Figure

    models = calibration.richest
    prices = calibration.prices.iloc[1:]
    block = np.arange(len(prices)) // -(-len(prices) // MOST_POINTS)
    closes = prices.groupby(block).last()
    days = pd.Series(prices.index).groupby(block).last()
    figure = Figure(figsize=(9.0, 3.2 + 1.9 * len(models)), layout="constrained")
    axes = figure.subplots(1 + len(models), 1, sharex=True, height_ratios=(3, *(2 for _ in models)))
    levels(axes[0], days, closes, calibration.names)
    for below, model in zip(axes[1:], models, strict=True):
        stack(below, days, pd.DataFrame(model.smoothed).groupby(block).mean().to_numpy(), model)
    return drawn(figure)


def drawn(figure: Any) -> str:
    """The figure as SVG text, the same every time: no date, coordinates to a hundredth of a point."""
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tailrisk"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"(\.\d\d)\d+", r"\1", file.getvalue())


def levels(axes: Any, days: Any, closes: pd.DataFrame, names: Names) -> None:
    """The large bucket in logs on the left, the ratio of another to it on the right, one at the start."""
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    large, small = names.role("large") or names.buckets[0], names.role("spread") or names.buckets[-1]
    shown, other_shown = names.label(large), f"{names.label(small)} / {names.label(large)}"
    (left,) = axes.plot(days, closes[large], color="#0072B2", linewidth=1.0)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    ticks = [level for level in (500, 1000, 2000, 3000, 4000, 6000) if inside(level, closes[large])]
    if len(ticks) > 1:
        axes.set_yticks(ticks)
    axes.set_ylabel(f"{shown} (log scale)")
    other = axes.twinx()
    ratio = closes[small] / closes[large]
    (right,) = other.plot(days, ratio / ratio.iloc[0], color="#000000", linewidth=1.0, linestyle="--")
    other.set_ylabel(other_shown)
    legend = [shown, f"{other_shown} (right, start = 1)"]
    axes.legend([left, right], legend, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)


def inside(level: float, values: pd.Series) -> bool:
    """Whether a tick lies in the range drawn."""
    return bool(values.min() <= level <= values.max())


def stack(axes: Any, days: Any, chance: Any, model: Switching) -> None:
    """Probabilities stacked, the most volatile regime at the bottom."""
    names = [f"regime {k + 1}" for k in range(model.states)]
    if model.states > 1:
        names[0], names[-1] = names[0] + " (calm)", names[-1] + " (crisis)"
    known = model.states <= len(COLOURS)
    colours = [*COLOURS[: model.states - 1], COLOURS[-1]][::-1] if known else None
    axes.stackplot(days, chance[:, ::-1].T, labels=names[::-1], colors=colours, linewidth=0)
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("probability")
    axes.set_title(f"{model.states} states, {model.shocks} shocks, smoothed", loc="left", fontsize="medium")
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=model.states,
        fontsize="small",
        frameon=False,
        columnspacing=1.0,
        handlelength=1.2,
    )
