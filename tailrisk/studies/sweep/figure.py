"""Expected shortfall over the cells of a sweep: the first key along, one line a combination of the others."""

import math
from typing import Any

from matplotlib.axes import Axes

from ...report.figures.style import (
    BLUE,
    GREEN,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILION,
    WIDTH,
    axes,
    canvas,
)
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from ...report.words import LOSS_PLACES, short
from .page import Grid, heading

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
MARKS = ("o", "s", "D", "^", "v", "P")
LINES = ("-", "--", ":", "-.")
ACROSS, PANEL = 3, 1.75
TICKS = 8
"""Most values named along."""
LEGEND = 12
"""Most lines named in the key."""


def sweep(grid: Grid, say: Say = IN_ENGLISH) -> str:
    """A panel a product, three across, and a key of the lines below."""
    down = math.ceil(len(grid.products) / ACROSS)
    lines = _lines(grid)
    key = 0.3 + 0.2 * min(len(lines), LEGEND + 1) if len(grid.keys) > 1 else 0.1
    height = key + 0.45 + (PANEL + 0.25) * down
    with canvas(height) as figure:
        for k, product in enumerate(grid.products):
            column, row = k % ACROSS, k // ACROSS
            left = 0.5 + 2.3 * column
            top = 0.25 + (PANEL + 0.25) * row
            ax = axes(figure, left, height - top - PANEL + 0.3, WIDTH - left - 1.95, top)
            _panel(ax, grid, product, lines)
            if row == down - 1 or k + ACROSS >= len(grid.products):
                ax.set_xlabel(safe(short(grid.keys[0], 30)))
        if len(grid.keys) > 1:
            _key(axes(figure, 0.5, 0.05, 0.1, height - key), grid, list(lines), say)
        return svg(figure, "sweep", "Expected shortfall over the cells of the sweep", _description(grid))


def _lines(grid: Grid) -> dict[tuple[str, ...], dict[str, str]]:
    """Combination of the other keys -> value of the first key -> cell."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for cell, settings in grid.cells.items():
        found.setdefault(tuple(settings[1:]), {})[settings[0]] = cell
    return found


def _panel(ax: Axes, grid: Grid, product: str, lines: dict[tuple[str, ...], dict[str, str]]) -> None:
    values = list(dict.fromkeys(settings[0] for settings in grid.cells.values()))
    for j, cells in enumerate(lines.values()):
        look, aside = _look(j), _aside(j, len(lines))
        rows = [(k, grid.row(cells[v], product)) for k, v in enumerate(values) if v in cells]
        found = [(k + aside, row.expected_shortfall.scaled(100)) for k, row in rows if row is not None]
        xs, ys = [x for x, _ in found], [es.value for _, es in found]
        ax.plot(xs, ys, markersize=3.6, linewidth=1.1, **look)
        for x, es in found:
            if math.isfinite(es.low) and math.isfinite(es.high):
                ax.plot([x, x], [es.low, es.high], color=look["color"], linewidth=1.0)
    ax.set_xlim(-0.35, len(values) - 0.65)
    ticks = range(0, len(values), math.ceil(len(values) / TICKS))
    ax.set_xticks(ticks, [safe(short(values[k], 12)) for k in ticks])
    ax.grid(axis="y")
    ax.margins(y=0.15)
    ax.set_title(safe(short(product, 26)))


def _look(line: int) -> dict[str, Any]:
    return {
        "color": COLOURS[line % len(COLOURS)],
        "marker": MARKS[line % len(MARKS)],
        "linestyle": LINES[line % len(LINES)],
    }


def _aside(line: int, lines: int) -> float:
    """So that intervals of several lines stand beside each other."""
    return 0.0 if lines == 1 else 0.16 * (line / (lines - 1) - 0.5)


def _key(ax: Axes, grid: Grid, lines: list[tuple[str, ...]], say: Say) -> None:
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    shown = lines[:LEGEND]
    ax.set_ylim(-len(shown) - 0.5, 0.8)
    ax.text(0, 0.2, safe(short(", ".join(grid.keys[1:]), 80)), fontweight="bold", va="center")
    for j, settings in enumerate(shown):
        y = -j - 0.8
        ax.plot([0, 0.03, 0.06], [y] * 3, markersize=3.6, markevery=[1], **_look(j))
        ax.text(0.08, y, safe(short(", ".join(settings), 90)), fontsize=SMALL, va="center")
    if len(lines) > LEGEND:
        more = say("and {more} more", more=len(lines) - LEGEND)
        ax.text(0.5, 0.2, safe(more), fontsize=SMALL, color=MUTED, va="center")


def _description(grid: Grid) -> str:
    parts = []
    for cell, settings in grid.cells.items():
        rows = [(product, grid.row(cell, product)) for product in grid.products]
        said = ", ".join(
            f"{p} {r.expected_shortfall.scaled(100).text(LOSS_PLACES)}" for p, r in rows if r is not None
        )
        parts.append(f"{', '.join(settings)}: {said}")
    return f"ES, {heading(grid)}. " + "; ".join(parts) + "."
