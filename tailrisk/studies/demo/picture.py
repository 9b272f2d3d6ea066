"""ES of every product without the crowd and with it, side by side, with intervals."""

import math

import pandas as pd
from matplotlib.axes import Axes

from ...report.estimate import Estimate
from ...report.figures.style import BLUE, INK, MUTED, PAPER, SMALL, VERMILION, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from ...report.words import LOSS_PLACES, level, short
from .tables import Row, records

ROW, LEFT, WIDE = 0.42, 1.75, 2.65
LOOKS = {"without": (PAPER, BLUE, "//////"), "with": (VERMILION, VERMILION, "")}
"""Side -> face, edge and hatch of its bar."""


def sides(losses: pd.DataFrame, say: Say = IN_ENGLISH) -> str:
    """Hatched bar: without; solid bar: with; a panel a view; losses: a row per view and product."""
    views, rows = list(dict.fromkeys(losses.view)), losses["product"].nunique()
    at, height = level(losses.level.iloc[0]), 1.05 + ROW * rows
    with canvas(height) as figure:
        _key(axes(figure, LEFT, 0.03, 0.1, height - 0.22), say)
        for k, view in enumerate(views):
            right = 0.1 + WIDE * (len(views) - 1 - k)
            ax = axes(figure, LEFT + WIDE * k + (0.12 if k else 0), 0.72, right, 0.2)
            _column(ax, losses[losses.view == view], say.name(f"{view} loss".capitalize()), at, say)
            if k == 0:
                _names(ax, losses[losses.view == view])
        words = "; ".join(
            f"{row['label']}, {row['view']}: {_figure(row, 'without')} without, {_figure(row, 'with')} with"
            for row in records(losses)
        )
        return svg(figure, "sides", f"ES at {at} without and with the crowd", f"% of starting NAV. {words}.")


def estimate(row: Row, stem: str) -> Estimate:
    """A figure of a row with its interval, in per cent."""
    value, low, high = (float(row[f"{stem}{end}"]) for end in ("", "_low", "_high"))
    open_low, open_high = (math.isnan(end) for end in (low, high))
    return Estimate(value, -math.inf if open_low else low, math.inf if open_high else high).scaled(100)


def _figure(row: Row, side: str) -> str:
    return f"{estimate(row, side).text(LOSS_PLACES)} %"


def _column(ax: Axes, rows: pd.DataFrame, title: str, at: str, say: Say) -> None:
    found = [{side: estimate(row, side) for side in LOOKS} for row in records(rows)]
    ends = [end for pair in found for one in pair.values() for end in (one.low, one.value, one.high)]
    finite = [end for end in ends if math.isfinite(end)]
    low, high = min(0.0, *finite), max(*finite, 0.01)
    for k, pair in enumerate(found):
        base = len(found) - 1 - k
        for side, up in (("without", 0.19), ("with", -0.19)):
            _bar(ax, pair[side], base + up, side, high - low)
    ax.axvline(0, color=MUTED, linewidth=0.6)
    ax.set_xlim(low, high + 0.2 * (high - low))
    ax.set_ylim(-0.55, len(found) - 0.45)
    ax.set_yticks([])
    ax.grid(axis="x")
    ax.set_title(safe(title))
    ax.set_xlabel(safe(say("ES {level}, % of starting NAV", level=at)))


def _names(ax: Axes, rows: pd.DataFrame) -> None:
    """Products' labels as texts of their own: those of ticks are laid out again when a figure is printed."""
    for k, row in enumerate(reversed(records(rows))):
        ax.text(
            -0.02, k, safe(short(row["label"], 28)), transform=ax.get_yaxis_transform(),
            ha="right", va="center", fontsize=SMALL,
        )  # fmt: skip


def _bar(ax: Axes, size: Estimate, height: float, side: str, span: float) -> None:
    face, edge, hatch = LOOKS[side]
    ax.barh(height, size.value, 0.34, facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0.7)
    ends = [end for end in (size.low, size.high) if math.isfinite(end)]
    ax.plot([*ends, size.value], [height] * (len(ends) + 1), color=INK, linewidth=1.2)
    beside = max(*ends, size.value, 0.0) + 0.015 * span
    ax.text(beside, height, size.text(LOSS_PLACES), fontsize=SMALL, va="center_baseline")


def _key(ax: Axes, say: Say) -> None:
    names = {"without": say("without the crowd"), "with": say("with the crowd, on the same paths")}
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    for left, (side, (face, edge, hatch)) in zip((0.0, 0.3), LOOKS.items(), strict=True):
        ax.barh(0.5, 0.06, 0.7, left, facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0.7)
        ax.text(left + 0.07, 0.5, safe(names[side]), fontsize=SMALL, va="center")
    ax.plot([0.75, 0.81], [0.5, 0.5], color=INK, linewidth=1.2)
    ax.text(0.82, 0.5, safe(say("interval")), fontsize=SMALL, va="center")
