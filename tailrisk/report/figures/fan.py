"""Fan chart: quantile bands of each bucket's cumulative return over the horizon."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..estimate import number
from ..folder import Result
from ..language import Say
from ..words import level, short, title
from .style import BLUE, INK, MUTED, PAPER, SMALL, WIDTH, axes, canvas
from .svg import safe, svg

DAYS = 31
"""Most days drawn; longer horizons are thinned, first and last day kept."""
SAID = Say()
LINES = ("-", "--", ":", "-.")


def fan(result: Result) -> str:
    """Panels on one scale, one a bucket, and a last that names the bands."""
    levels, paths = result.curves["fan_levels"], 100 * result.curves["fan"]
    days = np.unique(np.linspace(0, paths.shape[1] - 1, DAYS).round().astype(int))
    buckets = result.buckets
    rows = len(buckets) // 3 + 1
    with canvas(0.2 + 2.25 * rows) as figure:
        for k, bucket in enumerate(buckets):
            column, row = k % 3, k // 3
            left, above = 0.55 + 2.22 * column, 0.25 + 2.25 * row
            ax = axes(figure, left, 0.45 + 2.25 * (rows - 1 - row), WIDTH - left - 1.98, above)
            _panel(ax, days, levels, paths[:, days, k], result.say)
            ax.set_title(safe(short(result.title(bucket), 24)))
            ax.set_ylim(*_limits(paths))
            ax.tick_params(labelleft=column == 0)
            if column == 0:
                ax.set_ylabel(safe(result.say("cumulative return, %")))
            if k + 3 >= len(buckets):
                ax.set_xlabel(safe(result.say("trading day")))
        left = 0.55 + 2.22 * (len(buckets) % 3)
        _key(axes(figure, left, 0.75, WIDTH - left - 2.16, 0.35 + 2.25 * (rows - 1)), levels, result.say)
        return svg(figure, "fan", "Cumulative return of each bucket", _description(result, levels, paths))


def _pairs(levels: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Indices of the outermost pair of quantiles first, the innermost last."""
    return [(k, len(levels) - 1 - k) for k in range(len(levels) // 2)]


def _limits(paths: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(paths.min()), float(paths.max())
    room = 0.06 * max(high - low, 1e-6)
    return low - 3 * room, high + room


def _panel(
    ax: Axes,
    days: NDArray[np.int_],
    levels: NDArray[np.float64],
    paths: NDArray[np.float64],
    say: Say = SAID,
) -> None:
    for depth, (low, high) in enumerate(_pairs(levels)):
        ax.fill_between(days, paths[low], paths[high], color=BLUE, alpha=0.16, linewidth=0)
        style = LINES[(len(_pairs(levels)) - 1 - depth) % len(LINES)]
        for edge in (low, high):
            ax.plot(days, paths[edge], color=BLUE, linewidth=0.7, linestyle=style)
    if len(levels) % 2:
        ax.plot(days, paths[len(levels) // 2], color=INK, linewidth=1.4)
    ax.axhline(0, color=MUTED, linewidth=0.5)
    ax.set_xlim(0, days[-1])
    ax.locator_params(axis="x", nbins=4, integer=True)
    ax.grid(axis="y")
    ax.text(
        0.03,
        0.03,
        _worded(say, say("{level} worst: {loss} %", level=level(levels[0]), loss=number(paths[0, -1], 1))),
        transform=ax.transAxes,
        fontsize=SMALL,
    )


def _worded(say: Say, text: str) -> str:
    """Text as it is, or made safe where the layout font may lack it."""
    return text if say.language == SAID.language else safe(text)


def _key(ax: Axes, levels: NDArray[np.float64], say: Say) -> None:
    """Nested bands as bars, each named at its end."""
    pairs = _pairs(levels)
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.6, len(pairs) + 0.9)
    ax.text(0, len(pairs) + 0.55, safe(say("Share of paths inside")), fontweight="bold", va="center")
    for depth, (low, high) in enumerate(pairs):
        y, style = len(pairs) - 1 - depth, LINES[(len(pairs) - 1 - depth) % len(LINES)]
        ax.fill_between([0, 0.26], y - 0.3, y + 0.3, color=PAPER, linewidth=0)
        ax.fill_between([0, 0.26], y - 0.3, y + 0.3, color=BLUE, alpha=1 - 0.84 ** (depth + 1), linewidth=0)
        for edge in (y - 0.3, y + 0.3):
            ax.plot([0, 0.26], [edge, edge], color=BLUE, linewidth=0.7, linestyle=style)
        inside = level(levels[high] - levels[low])
        ax.text(
            0.32, y, f"{inside}  ({level(levels[low])} to {level(levels[high])})", va="center", fontsize=SMALL
        )
    if len(levels) % 2:
        ax.plot([0, 0.26], [-1, -1], color=INK, linewidth=1.4)
        ax.text(0.32, -1, safe(say("median")), va="center", fontsize=SMALL)
        ax.set_ylim(-1.6, len(pairs) + 0.9)


def _description(result: Result, levels: NDArray[np.float64], paths: NDArray[np.float64]) -> str:
    last = paths.shape[1] - 1
    parts = []
    for k, bucket in enumerate(result.buckets):
        ends = ", ".join(f"{level(q)}: {number(paths[j, last, k], 1)} %" for j, q in enumerate(levels))
        parts.append(f"{title(bucket, result.labels)}: {ends}.")
    return f"Quantiles of cumulative return after {last} trading days. " + " ".join(parts)
