"""The worst paths of one product: fans given a loss beyond VaR, its own value, and the typical path."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..estimate import number
from ..folder import Result
from ..language import Say
from ..words import label, level, short, title
from .style import BLUE, INK, MUTED, PURPLE, SMALL, VERMILION, WIDTH, axes, canvas
from .svg import safe, svg

LINES = (":", "--")
"""Edges of the outer and the inner band."""


def tail(result: Result) -> str:
    """The buckets and the product's net asset value, for the product with the largest ES."""
    p, curves = worst(result), result.curves
    fan, bands = 100 * curves["scenario_fan"][p], 100 * (curves["scenario_nav"][p] - 1)
    close, all_paths = 100 * curves["scenario_medoid"][p], 100 * _median(curves)
    days = np.arange(fan.shape[1])
    buckets = result.buckets
    rows = len(buckets) // 3 + 1
    with canvas(0.6 + 2.25 * rows) as figure:
        _key(axes(figure, 0.55, 0.05, 0.1, 0.2 + 2.25 * rows), curves["scenario_quantiles"], result.say)
        for k in range(len(buckets) + 1):
            column, row = k % 3, k // 3
            left = 0.55 + 2.22 * column
            ax = axes(figure, left, 0.85 + 2.25 * (rows - 1 - row), WIDTH - left - 1.78, 0.25 + 2.25 * row)
            if k < len(buckets):
                _panel(ax, days, fan[:, :, k], BLUE)
                ax.plot(days, close[:, k], color=VERMILION, linewidth=1.1)
                ax.plot(days, all_paths[:, k], color=MUTED, linewidth=1.0, linestyle="-.")
                ax.set_title(safe(short(result.title(buckets[k]), 24)))
            else:
                _panel(ax, days, bands, PURPLE)
                name = label(result.section("products"), result.products[p])
                ax.set_title(safe(name))
            if k + 3 > len(buckets):
                ax.set_xlabel(safe(result.say("trading day")))
            if column == 0:
                ax.set_ylabel(safe(result.say("since the start, %")))
        return svg(figure, "tail", "The worst paths", _description(result, p, fan, bands))


def worst(result: Result) -> int:
    """The place of the product with the largest absolute ES over the horizon, at the fans' level."""
    at = float(result.curves["scenario_level"])
    found = [
        result.row(name, "absolute", "terminal", at).expected_shortfall.value for name in result.products
    ]
    return int(np.argmax(found))


def _median(curves: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Median of all paths [day, bucket]."""
    levels, fan = curves["fan_levels"], curves["fan"]
    return np.asarray(fan[int(np.argmin(np.abs(levels - 0.5)))])


def _panel(ax: Axes, days: NDArray[np.int_], fan: NDArray[np.float64], colour: str) -> None:
    pairs = [(k, len(fan) - 1 - k) for k in range(len(fan) // 2)]
    for (low, high), line in zip(pairs, LINES, strict=False):
        ax.fill_between(days, fan[low], fan[high], color=colour, alpha=0.2, linewidth=0)
        for edge in (low, high):
            ax.plot(days, fan[edge], color=colour, linewidth=0.7, linestyle=line)
    ax.plot(days, fan[len(fan) // 2], color=INK, linewidth=1.4)
    ax.axhline(0, color=MUTED, linewidth=0.5)
    ax.set_xlim(0, max(int(days[-1]), 1))
    ax.locator_params(axis="x", nbins=4, integer=True)
    ax.grid(axis="y")


def _key(ax: Axes, quantiles: NDArray[np.float64], say: Say) -> None:
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    inner = level(quantiles[3] - quantiles[1])
    outer = level(quantiles[4] - quantiles[0])
    looks = (
        (say("median of the worst"), INK, "-", 1.4),
        (say("the typical bad path"), VERMILION, "-", 1.1),
        (say("median of all paths"), MUTED, "-.", 1.0),
        (say("{inner} and {outer} bands", inner=inner, outer=outer), BLUE, "--", 0.7),
    )
    for k, (name, colour, line, width) in enumerate(looks):
        ax.plot([0.25 * k, 0.25 * k + 0.04], [0.5, 0.5], color=colour, linestyle=line, linewidth=width)
        ax.text(0.25 * k + 0.05, 0.5, safe(name), fontsize=SMALL, va="center")


def _description(result: Result, p: int, fan: NDArray[np.float64], bands: NDArray[np.float64]) -> str:
    at, last = level(float(result.curves["scenario_level"])), fan.shape[1] - 1
    middle = len(fan) // 2
    ends = ", ".join(
        f"{title(b, result.labels)} {number(fan[middle, last, k], 1)} %" for k, b in enumerate(result.buckets)
    )
    return (
        f"Given a loss of {result.products[p]} beyond VaR {at}, medians after {last} days: {ends}; "
        f"the product {number(bands[middle, last], 1)} %."
    )
