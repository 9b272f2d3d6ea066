"""Loss distributions by product, absolute and excess side by side, with VaR and ES marked."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..estimate import Estimate
from ..folder import Result
from ..words import LOSS_PLACES, label, level, short, title
from .style import BLUE, GRID, MUTED, PAPER, SKY, SMALL, VERMILION, axes, canvas
from .svg import safe, svg

ROW, LEFT = 0.5, 1.75
"""Inches a product takes, and what its name takes."""
POINTS = 48
"""Most points of one outline; finer histograms are merged."""
MARKS = "osD^v"


def losses(result: Result, measure: str = "terminal") -> str:
    """A ridge a product (height: log of the number of paths) over a lane with VaR and ES at every level."""
    measure = measure if measure in result.measures else result.measures[0]
    height = 1.05 + ROW * len(result.products)
    width = (7.2 - LEFT - 0.15) / len(result.views)
    with canvas(height) as figure:
        for k, view in enumerate(result.views):
            right = 0.1 + width * (len(result.views) - 1 - k)
            ax = axes(figure, LEFT + width * k + (0.12 if k else 0), 0.85, right, 0.2)
            _column(ax, result, view, measure)
            ax.tick_params(axis="y", labelleft=k == 0, length=0)
        _key(axes(figure, LEFT, 0.05, 0.1, height - 0.4), result.levels)
        return svg(figure, "losses", f"{title(measure)} by product", _description(result, measure))


def _column(ax: Axes, result: Result, view: str, measure: str) -> None:
    edges = 100 * result.curves["loss_edges"]
    counts = result.losses(view, measure)
    low, high = _limits(result, view, measure, edges, counts)
    tallest = np.log10(1 + counts.max())
    ax.set_xlim(low, high)
    for base, found in enumerate(reversed(counts)):
        x, y = _outline(edges, found, low, high)
        y = base + 0.62 * y / max(tallest, 1e-9)
        ax.fill(x, y, facecolor=SKY, alpha=0.45, edgecolor=BLUE, linewidth=0.7)
        ax.axhline(base, color=GRID, linewidth=0.6)
    for j, at in enumerate(result.levels):
        rows, marker = [result.row(p, view, measure, at) for p in reversed(result.products)], MARKS[j % 5]
        _marks(ax, [row.value_at_risk.scaled(100) for row in rows], -0.11, marker, BLUE, PAPER)
        _marks(ax, [row.expected_shortfall.scaled(100) for row in rows], -0.25, marker, VERMILION, VERMILION)
    ax.axvline(0, color=MUTED, linewidth=0.6)
    ax.set_ylim(-0.42, len(result.products) - 0.3)
    names = [safe(short(label(result.section("products"), name), 28)) for name in reversed(result.products)]
    ax.set_yticks(range(len(names)), names)
    ax.grid(axis="x")
    ax.set_title(safe(result.say.name(f"{title(view)} loss".capitalize())))
    ax.set_xlabel(safe(result.say("loss, % of starting NAV")))


def _limits(
    result: Result, view: str, measure: str, edges: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[float, float]:
    """From the gain one path in a hundred exceeds, at most half the way to the right, to the largest ES."""
    found = [
        result.row(product, view, measure, at).expected_shortfall
        for product in result.products
        for at in result.levels
    ]
    worst = 100 * max(e.high if np.isfinite(e.high) else e.value for e in found)
    shares = np.cumsum(counts, axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    best = min(float(edges[int((share < 0.01).sum())]) for share in shares)
    best = max(best, -0.5 * abs(worst))
    room = 0.04 * max(worst - best, 1e-6)
    return best - room, worst + room


def _outline(
    edges: NDArray[np.float64], counts: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A closed outline: log10(1 + paths) over the middle of each merged bin, inside the limits."""
    inside = np.flatnonzero((edges[:-1] >= max(low, edges[1])) & (edges[:-1] < high) & (counts > 0))
    if not len(inside):
        return np.empty(0), np.empty(0)
    span = np.arange(inside[0], inside[-1] + 1)
    groups = np.array_split(span, min(POINTS, len(span)))
    x = np.array([(edges[g[0]] + edges[g[-1] + 1]) / 2 for g in groups])
    y = np.array([np.log10(1 + counts[g].mean()) for g in groups])
    return np.concatenate([x[:1], x, x[-1:]]), np.concatenate([[0.0], y, [0.0]])


def _marks(ax: Axes, found: list[Estimate], lane: float, marker: str, edge: str, face: str) -> None:
    """One statistic at one level, a mark with its interval in the lane below each product's ridge."""
    heights, (left, right) = [k + lane for k in range(len(found))], ax.get_xlim()
    lows, highs = [max(e.low, left) for e in found], [min(e.high, right) for e in found]
    ax.hlines(heights, lows, highs, color=edge, linewidth=1.6)
    ax.plot([e.value for e in found], heights, marker, markersize=3.6, color=edge, markerfacecolor=face)


def _key(ax: Axes, levels: tuple[float, ...]) -> None:
    """What the marks mean, in one line."""
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    step = 0.5 / max(len(levels), 3)
    for start, name, edge, face in ((0.0, "VaR", BLUE, PAPER), (0.5, "ES", VERMILION, VERMILION)):
        ax.text(start, 0.3, name, fontsize=SMALL, fontweight="bold", color=edge, va="center")
        for j, at in enumerate(levels):
            x = start + 0.09 + j * step * 0.8
            ax.plot([x], [0.3], MARKS[j % 5], markersize=4, color=edge, markerfacecolor=face)
            ax.text(x + 0.015, 0.3, level(at), fontsize=SMALL, va="center")


def _description(result: Result, measure: str) -> str:
    parts = []
    for product in result.products:
        for view in result.views:
            row = result.row(product, view, measure, result.headline)
            var, es = row.value_at_risk.scaled(100), row.expected_shortfall.scaled(100)
            parts.append(
                f"{product} {view}: VaR {var.text(LOSS_PLACES)} ({var.interval(LOSS_PLACES)}), "
                f"ES {es.text(LOSS_PLACES)} ({es.interval(LOSS_PLACES)})"
            )
    return f"{title(measure)}, % of starting NAV, at {level(result.headline)}. " + "; ".join(parts) + "."
