"""Regime occupancy: the share of paths in each regime on each day of the horizon."""

import numpy as np
from numpy.typing import NDArray

from ..estimate import number
from ..folder import Result
from .style import BLUE, GREEN, ORANGE, SMALL, VERMILION, axes, canvas
from .svg import safe, svg

LOOKS = ((BLUE, "-"), (GREEN, "--"), (ORANGE, "-."), (VERMILION, (0, (1, 1))))
"""Colour and line of each regime, calm to crisis."""
MARKS = "osD^"


def regimes(result: Result) -> str:
    """One line a regime, named at its end; regimes are ordered from calm to crisis by volatility."""
    share = 100 * result.curves["regime_share"]
    days = np.arange(1, len(share) + 1)
    names = regime_names(share.shape[1])
    with canvas(2.7) as figure:
        ax = axes(figure, 0.55, 0.45, 1.35, 0.15)
        heights = _apart(share[-1], room=6.5)
        for k, name in enumerate(names):
            colour, line = LOOKS[k % len(LOOKS)]
            every = max(1, len(days) // 6)
            ax.plot(
                days, share[:, k], color=colour, linestyle=line, linewidth=1.5,
                marker=MARKS[k % len(MARKS)], markersize=3.5, markevery=(k * every // len(names), every),
            )  # fmt: skip
            said = safe(result.say.name(name))
            ax.annotate(
                f"{said}: {number(share[-1, k], 1)} %", (1, heights[k]), xytext=(6, 0), va="center",
                xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=SMALL,
            )  # fmt: skip
        ax.set_ylim(0, 100)
        ax.set_xlim(1, max(len(days), 2))
        ax.grid(axis="y")
        ax.set_ylabel(safe(result.say("paths in the regime, %")))
        ax.set_xlabel(safe(result.say("trading day")))
        return svg(figure, "regimes", "Regime occupancy over the horizon", _description(names, share))


def regime_names(states: int) -> list[str]:
    """`calm`, `regime 2`, .. `crisis`."""
    if states == 1:
        return ["the only regime"]
    return ["calm", *(f"regime {k}" for k in range(2, states)), "crisis"]


def _apart(heights: NDArray[np.float64], room: float) -> NDArray[np.float64]:
    """Heights of labels, moved up or down just enough to be `room` apart and inside 0 to 100."""
    order = np.argsort(heights, kind="stable")
    placed = heights[order].copy()
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + room)
    ceiling = 100.0
    for k in range(len(placed) - 1, -1, -1):
        placed[k] = min(placed[k], ceiling)
        ceiling = placed[k] - room
    found = np.empty_like(placed)
    found[order] = placed
    return found


def _description(names: list[str], share: NDArray[np.float64]) -> str:
    parts = [
        f"{name}: {number(share[0, k], 1)} % on day 1, {number(share[-1, k], 1)} % on day {len(share)}"
        for k, name in enumerate(names)
    ]
    return "Share of paths in each regime. " + "; ".join(parts) + "."
