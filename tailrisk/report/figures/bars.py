"""VaR and ES of every product as bars with their intervals, absolute and excess side by side."""

import math

from matplotlib.axes import Axes

from ..estimate import Estimate
from ..folder import Result
from ..language import Say
from ..words import LOSS_PLACES, label, level, short, title
from .style import BLUE, INK, MUTED, PAPER, SMALL, VERMILION, axes, canvas
from .svg import safe, svg

ROW, LEFT = 0.42, 1.75
LEAST = 0.01
"""Per cent across, where every loss is the same."""


def bars(result: Result, measure: str = "terminal") -> str:
    """Hatched bar: VaR; solid bar: ES; at the headline level, with the number beside each."""
    measure = measure if measure in result.measures else result.measures[0]
    width = (7.2 - LEFT - 0.1) / len(result.views)
    at, height = level(result.headline), 1.05 + ROW * len(result.products)
    with canvas(height) as figure:
        _key(axes(figure, LEFT, 0.03, 0.1, height - 0.22), at, result.say)
        for k, view in enumerate(result.views):
            right = 0.1 + width * (len(result.views) - 1 - k)
            ax = axes(figure, LEFT + width * k + (0.12 if k else 0), 0.72, right, 0.2)
            _column(ax, result, view, measure)
            ax.tick_params(axis="y", labelleft=k == 0, length=0)
        words = "; ".join(_figures(result, product, measure) for product in result.products)
        return svg(figure, "bars", f"VaR and ES at {at} by product", f"{title(measure)}, % of NAV. {words}.")


def _column(ax: Axes, result: Result, view: str, measure: str) -> None:
    found = [result.row(product, view, measure, result.headline) for product in result.products]
    ends = [e.scaled(100) for row in found for e in (row.value_at_risk, row.expected_shortfall)]
    high = max(e.high if math.isfinite(e.high) else e.value for e in ends)
    low = min(0.0, *(e.low if math.isfinite(e.low) else e.value for e in ends))
    high = max(high, low + LEAST)
    for k, row in enumerate(found):
        base = len(found) - 1 - k
        _bar(ax, row.value_at_risk.scaled(100), base + 0.19, PAPER, BLUE, "//////", high - low)
        _bar(ax, row.expected_shortfall.scaled(100), base - 0.19, VERMILION, VERMILION, "", high - low)
    ax.axvline(0, color=MUTED, linewidth=0.6)
    ax.set_xlim(low, high + 0.2 * (high - low))
    ax.set_ylim(-0.55, len(found) - 0.45)
    names = [safe(short(label(result.section("products"), row.product), 28)) for row in reversed(found)]
    ax.set_yticks(range(len(names)), names)
    ax.grid(axis="x")
    ax.set_title(safe(result.say.name(f"{title(view)} loss".capitalize())))
    ax.set_xlabel(safe(result.say("% of starting NAV")))


def _bar(ax: Axes, size: Estimate, height: float, face: str, edge: str, hatch: str, span: float) -> None:
    ax.barh(height, size.value, 0.34, facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0.7)
    ends = [end for end in (size.low, size.high) if math.isfinite(end)]
    ax.plot([*ends, size.value], [height] * (len(ends) + 1), color=INK, linewidth=1.2)
    for end in ends:
        ax.plot([end, end], [height - 0.09, height + 0.09], color=INK, linewidth=1.0)
    beside = max(*ends, size.value, 0.0) + 0.015 * span
    ax.text(beside, height, size.text(LOSS_PLACES), fontsize=SMALL, va="center_baseline")


def _key(ax: Axes, at: str, say: Say) -> None:
    """Names the two bars, in one line."""
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    looks = ((0.0, f"VaR {at}", PAPER, BLUE, "//////"), (0.2, f"ES {at}", VERMILION, VERMILION, ""))
    for left, name, face, edge, hatch in looks:
        ax.barh(0.5, 0.06, 0.7, left, facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0.7)
        ax.text(left + 0.07, 0.5, name, fontsize=SMALL, va="center")
    ax.plot([0.4, 0.46], [0.5, 0.5], color=INK, linewidth=1.2)
    ax.text(0.47, 0.5, safe(say("interval")), fontsize=SMALL, va="center")


def _figures(result: Result, product: str, measure: str) -> str:
    parts = []
    for view in result.views:
        row = result.row(product, view, measure, result.headline)
        var, es = row.value_at_risk.scaled(100), row.expected_shortfall.scaled(100)
        parts.append(f"{view} VaR {var.text(LOSS_PLACES)}, ES {es.text(LOSS_PLACES)}")
    return f"{product}: {', '.join(parts)}"
