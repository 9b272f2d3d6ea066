"""Distribution of the standardised spread z on a log scale, beside the Gaussian density."""

import math
import re

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tailrisk.core.calendar import YEAR

from ..estimate import number
from ..folder import Result
from ..rows import EventRow
from ..words import count, in_words, short
from .style import BLUE, INK, MUTED, SMALL, VERMILION, axes, canvas
from .svg import safe, svg

SIGMAS = (3.0, 5.0, 7.0)
FLOOR = 1e-13
"""Lowest density drawn; the Gaussian at seven sigma is 9e-12."""
TICKS = {0: "1", 2: "10⁻²", 4: "10⁻⁴", 6: "10⁻⁶", 8: "10⁻⁸", 10: "10⁻¹⁰", 12: "10⁻¹²"}
PANELS, WIDEST = 3, 12.0
"""Most panels, and the widest z drawn; a wider axis would squeeze the counts above it together."""
HEIGHT = 3.45


def spread(result: Result) -> str:
    """One panel for each different z among the events, three at most, with the counts beyond 3, 5 and 7."""
    edges, counts = result.curves["z_edges"], result.curves["z_counts"]
    _, first = np.unique(counts, axis=0, return_index=True)
    shown = [(result.events[k], counts[k]) for k in sorted(first)[:PANELS]]
    with canvas(HEIGHT * len(shown)) as figure:
        for k, (event, found) in enumerate(shown):
            below = HEIGHT * (len(shown) - 1 - k)
            where = axes(figure, 0.95, 0.45 + below, 0.15, 0.95 + HEIGHT * k)
            _panel(where, result, event, edges, found)
        words = " ".join(_description(result, event, edges, found) for event, found in shown)
        return svg(figure, "spread", "Distribution of the standardised spread z", words)


def density(x: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """phi(x) = exp(-x^2 / 2) / sqrt(2 pi)"""
    return np.asarray(np.exp(-np.square(x) / 2) / math.sqrt(2 * math.pi))


def beyond(edges: NDArray[np.float64], counts: NDArray[np.float64], z: float) -> float | None:
    """Days at or beyond z on its own side of zero; None where z is not an edge of the histogram."""
    k = int(np.abs(edges - z).argmin())
    if abs(edges[k] - z) > 1e-9:
        return None
    return float(counts[:k].sum() if z < 0 else counts[k:].sum())


def gaussian_beyond(z: float) -> float:
    """P(Z > |z|) = erfc(|z| / sqrt 2) / 2"""
    return math.erfc(abs(z) / math.sqrt(2)) / 2


def _panel(
    ax: Axes, result: Result, event: EventRow, edges: NDArray[np.float64], counts: NDArray[np.float64]
) -> None:
    middle = (edges[1:] + edges[:-1]) / 2
    seen = counts / max(counts.sum(), 1) / np.diff(edges)
    seen[[0, -1]] = 0  # the end bins also hold what lies beyond them: counted above, not drawn
    limit = min(max(9.0, float(np.ceil(np.abs(middle[seen > 0]).max(initial=0.0)))), WIDEST)
    ax.set_yscale("log")
    _steps(ax, middle, seen)
    at = np.linspace(-limit, limit, 121)
    at = at[density(at) > FLOOR]
    ax.plot(at, density(at), color=VERMILION, linestyle="--", linewidth=1.3)
    ax.set_xlim(-limit, limit)
    ax.set_ylim(FLOOR, 3)
    ax.set_yticks([10.0**-k for k in TICKS], list(TICKS.values()))
    ax.minorticks_off()
    ax.grid(axis="y")
    ax.set_xlabel(safe(result.say("z, standard deviations of the trailing window")))
    ax.set_ylabel(safe(result.say("density, log scale")), labelpad=8)
    _strip(ax, edges, counts)
    _annotate(ax, -1.0 if event.threshold < 0 else 1.0, limit)
    say = result.say
    pair = re.split("[:：]", in_words(event.description, result.labels, say))[0]
    name = say("{pair}, window of {days} days", pair=pair, days=event.window)
    ax.text(-0.135, 1.41, safe(short(name, 88)), transform=ax.transAxes, fontweight="bold")
    outside = counts[np.abs(middle) > limit].sum()
    words = f"{count(outside)} days lie beyond ±{number(limit, 0)}" if outside else ""
    ax.text(0.995, 0.86, words, transform=ax.transAxes, ha="right", fontsize=SMALL, color=MUTED)


def _steps(ax: Axes, middle: NDArray[np.float64], seen: NDArray[np.float64]) -> None:
    """The histogram as steps, broken where no day fell; a day on its own is a dot."""
    drawn = np.where(seen > 0, seen, np.nan)
    ax.step(middle, drawn, where="mid", color=BLUE, linewidth=1.3)
    alone = np.zeros(len(seen), bool)
    alone[1:-1] = (seen[1:-1] > 0) & (seen[:-2] == 0) & (seen[2:] == 0)
    ax.plot(middle[alone], seen[alone], "o", markersize=1.8, color=BLUE)


def _strip(ax: Axes, edges: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
    """Above the axes: how many days lie beyond each mark, simulated and under the Gaussian."""
    across = ax.get_xaxis_transform()
    rows = ((1.27, "days beyond", INK), (1.155, "simulated", BLUE), (1.04, "Gaussian", VERMILION))
    for height, name, colour in rows:
        ax.text(-0.015, height, name, transform=ax.transAxes, ha="right", fontsize=SMALL, color=colour)
    for z in (*(-s for s in SIGMAS), *SIGMAS):
        ax.axvline(z, color=MUTED, linewidth=0.6, linestyle=":")
        found = beyond(edges, counts, z)
        cells = (
            f"{number(z, 0)}σ",
            "-" if found is None else _many(found),
            _few(counts.sum() * gaussian_beyond(z)),
        )
        for (height, _, colour), cell in zip(rows, cells, strict=True):
            ax.text(z, height, cell, transform=across, ha="center", fontsize=SMALL, color=colour)


def _many(days: float) -> str:
    return count(days) if days < 1e6 else f"{days / 1e6:.3g} M"


def _few(expected: float) -> str:
    return "<0.01" if expected < 0.01 else number(expected, 2) if expected < 1 else _many(round(expected))


def _annotate(ax: Axes, side: float, limit: float) -> None:
    """Where seven sigma lies under the Gaussian, on the event's side, and names for the two curves."""
    z = side * SIGMAS[-1]
    words = f"a Gaussian passes {number(z, 0)}σ\non {_never(z)}"
    ax.plot([z], density(z), "o", markersize=4, color=VERMILION)
    align = "left" if side < 0 else "right"
    ax.text(z - side * 0.05 * limit, 4e-12, words, ha=align, va="center", fontsize=SMALL)
    ax.text(-side * 4, 1e-7, "Gaussian", color=VERMILION, ha="center", fontsize=SMALL)
    ax.text(-side * 4.6, 2e-2, "simulated", color=BLUE, ha="center", fontsize=SMALL)


def _never(z: float) -> str:
    """One day in how many years a Gaussian falls beyond z."""
    years = 1 / (gaussian_beyond(z) * YEAR)
    return f"one day in {number(years / 1e9, 1)} billion years"


def _description(
    result: Result, event: EventRow, edges: NDArray[np.float64], counts: NDArray[np.float64]
) -> str:
    marks = []
    for z in (*(-s for s in SIGMAS), *SIGMAS):
        found = beyond(edges, counts, z)
        if found is not None:
            marks.append(
                f"{number(z, 0)}: {count(found)} (Gaussian {_few(counts.sum() * gaussian_beyond(z))})"
            )
    days = f"Of {count(counts.sum())} simulated days, beyond z ="
    return f"{in_words(event.description, result.labels)}. {days} {'; '.join(marks)}."
