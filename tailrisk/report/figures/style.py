"""How figures look: Okabe-Ito colours that follow the page's light or dark theme, type, widths."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1b1e23", "#5c636e", "#d9dce1", "#ffffff"
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE = "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7"
"""Okabe & Ito (2008), less yellow and black; every use also differs by line, marker or label."""

THEME = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    PAPER: "paper",
    BLUE: "blue",
    SKY: "sky",
    GREEN: "green",
    ORANGE: "orange",
    VERMILION: "vermilion",
    PURPLE: "purple",
}
"""Colour drawn -> the page's CSS variable that replaces it."""

WIDTH = 7.2
"""Inches; a page shows it at one and a half times or less, a phone scrolls it."""
SMALL, NORMAL = 7.5, 8.5
"""Type in points."""

RULES: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tailrisk",
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": NORMAL,
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 4,
    "ytick.major.pad": 4,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "text.color": INK,
    "text.parse_math": False,
    "lines.solid_capstyle": "butt",
    "hatch.linewidth": 0.7,
}


@contextmanager
def canvas(height: float) -> Iterator[Figure]:
    """A transparent figure of the common width under the report's rules, whatever the reader's own are."""
    with matplotlib.style.context(["default", RULES]):
        yield Figure(figsize=(WIDTH, height), facecolor="none")


def axes(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes at distances in inches from the figure's left, bottom, right and top edges."""
    width, height = figure.get_size_inches()
    box = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    return figure.add_axes(box)
