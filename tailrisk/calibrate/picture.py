"""The picture of regimes over time: probabilities under the CSI 300 and the CSI 1000 / CSI 300 ratio."""

import io
from typing import Any

import numpy as np
import pandas as pd

from .calibration import Calibration

COLOURS = ("#56B4E9", "#009E73", "#E69F00", "#D55E00")
"""Okabe and Ito: sky blue, bluish green, orange, vermilion; the last is always the most volatile regime."""
MOST_POINTS = 420
"""Days are gathered into at most so many points, for a file of about 100 kB."""


def picture(calibration: Calibration) -> str:
    """SVG: closes above, smoothed probabilities of the richest model stacked below, averaged over days.

    The bytes depend on the calibration alone: fixed hash salt, no date.
    """
    import matplotlib
    from matplotlib.figure import Figure

    model = calibration.richest
    prices = calibration.prices.iloc[1:]
    step = -(-len(prices) // MOST_POINTS)
    block = np.arange(len(prices)) // step
    closes = prices.groupby(block).last()
    chance = pd.DataFrame(model.smoothed).groupby(block).mean().to_numpy()
    days = pd.Series(prices.index).groupby(block).last()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tailrisk", "path.simplify": True}):
        figure = Figure(figsize=(9.0, 5.2), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        levels(top, days, closes)
        stack(bottom, days, chance, model.states)
        bottom.set_xlabel(
            f"{model.states} states, {model.shocks} shocks, smoothed; window to {calibration.window[1]}"
        )
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def levels(axes: Any, days: Any, closes: pd.DataFrame) -> None:
    """CSI 300 in logs on the left, the ratio of CSI 1000 to it on the right, one at the start."""
    axes.plot(days, closes["csi300"], color="#0072B2", linewidth=1.0, label="CSI 300")
    axes.set_yscale("log")
    axes.set_ylabel("CSI 300 (log scale)")
    other = axes.twinx()
    ratio = closes["csi1000"] / closes["csi300"]
    other.plot(days, ratio / ratio.iloc[0], color="#000000", linewidth=1.0, linestyle="--", label="ratio")
    other.set_ylabel("CSI 1000 / CSI 300, start = 1")
    lines = [axes.lines[0], other.lines[0]]
    axes.legend(lines, ["CSI 300", "CSI 1000 / CSI 300 (right)"], loc="upper left", frameon=False)


def stack(axes: Any, days: Any, chance: Any, states: int) -> None:
    """Probabilities stacked, the most volatile regime at the bottom."""
    names = [f"regime {k + 1}" for k in range(states)]
    if states > 1:
        names[0], names[-1] = names[0] + " (calm)", names[-1] + " (crisis)"
    colours = [*COLOURS[: states - 1], COLOURS[-1]] if states <= len(COLOURS) else None
    rounded = np.round(chance[:, ::-1].T, 3)
    axes.stackplot(days, rounded, labels=names[::-1], colors=colours[::-1] if colours else None, linewidth=0)
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("probability")
    axes.legend(loc="upper left", ncols=states, fontsize="small", framealpha=0.9)
