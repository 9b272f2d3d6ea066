"""The picture of who made a fall: an interval an actor, of falls and losses, beside others' estimates."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from ...report.figures.style import BLUE, INK, MUTED, SKY, SMALL, VERMILION, WIDTH, axes, canvas
from ...report.figures.svg import safe, svg

ELSEWHERE = (
    ("MSCI: small caps, 50 worst quant funds, 2024", 30.0),
    ("Bank of England: forced sales, gilts, 2022", 50.0),
)
"""Other people's estimates of other falls, percent of each."""
COLUMNS = ["best", "low", "high", "member_low", "member_high", "last_low", "last_high"]
ROW, LEFT, TOP, BELOW, GAP = 0.27, 1.85, 0.3, 0.85, 0.12
EDGE = 20.0
"""What the axis is a multiple of, percent."""
LEAST, UNDER = 60.0, 0.27
"""Percent the axis goes to; how far below an actor's row what is not there without it is drawn."""


def intervals_picture(table: pd.DataFrame, panels: Sequence[tuple[str, str, str]]) -> str:
    """SVG of least and largest shares [actor]; panels: what is divided, the window, and a title."""
    picked = [table[(table["what"] == what) & (table["window"] == window)] for what, window, _ in panels]
    actors = list(picked[0]["actor"])
    wide = (WIDTH - LEFT - 0.1 - GAP * (len(panels) - 1)) / len(panels)
    with canvas(TOP + BELOW + ROW * (len(actors) + len(ELSEWHERE))) as figure:
        for k, (rows, (_, _, title)) in enumerate(zip(picked, panels, strict=True)):
            left = LEFT + k * (wide + GAP)
            ax = axes(figure, left, BELOW, WIDTH - left - wide, TOP)
            _panel(ax, rows)
            ax.set_title(safe(title))
            ax.tick_params(axis="y", labelleft=k == 0)
        _key(axes(figure, LEFT, 0.05, 0.1, TOP + ROW * (len(actors) + len(ELSEWHERE)) + BELOW - 0.45))
        words = "; ".join(
            f"{title}: " + ", ".join(f"{r.actor} {r.low:.0f} to {r.high:.0f}" for r in rows.itertuples())
            for rows, (_, _, title) in zip(picked, panels, strict=True)
        )
        return svg(figure, "who", "Least and largest shares", f"Percent of each fall or loss. {words}.")


def _panel(ax: Axes, rows: pd.DataFrame) -> None:
    count = len(rows) + len(ELSEWHERE)
    low, high = (
        min(rows["low"].min(), rows["last_low"].min(), 0.0),
        max(rows["high"].max(), rows["last_high"].max(), LEAST),
    )
    for k, (best, *ends) in enumerate(rows[COLUMNS].to_numpy(float)):
        height = count - 1 - k
        ax.plot(ends[:2], [height] * 2, color=SKY, linewidth=5)
        ax.plot(ends[2:4], [height] * 2, color=BLUE, linewidth=2.2)
        ax.plot(ends[4:], [height - UNDER] * 2, color=MUTED, linewidth=1.0)
        ax.plot([best], [height], color=INK, marker="o", markersize=3.2, linestyle="")
    for k, (_, value) in enumerate(ELSEWHERE):
        ax.plot([value], [len(ELSEWHERE) - 1 - k], color=VERMILION, marker="D", markersize=4, linestyle="")
    names = [*rows["actor"], *(name for name, _ in ELSEWHERE)]
    ax.set_yticks(range(count), [safe(_short(name)) for name in reversed(names)])
    ax.set_ylim(-0.6, count - 0.4)
    ax.set_xlim(EDGE * (low // EDGE), EDGE * -(-high // EDGE))
    ax.axvline(0, color=MUTED, linewidth=0.6)
    ax.axhline(len(ELSEWHERE) - 0.5, color=MUTED, linewidth=0.5)
    ax.grid(axis="x")
    ax.set_xlabel("% of it")


def _short(name: str) -> str:
    """What stands before the colon of another's estimate; an actor's name whole."""
    return name.split(":")[0]


def _key(ax: Axes) -> None:
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    looks = (
        ("best crowd", INK, "o", 0.0),
        ("members", BLUE, "", 2.2),
        ("least to largest found", SKY, "", 5.0),
        ("not there without, alone", MUTED, "", 1.0),
        ("others, of other falls", VERMILION, "D", 0.0),
    )
    for k, (name, colour, marker, width) in enumerate(looks):
        left = 0.36 * (k % 3)
        height = 0.78 - 0.5 * (k // 3)
        line = "-" if width else ""
        places = [left, left + 0.04] if width else [left + 0.02]
        ax.plot(
            places,
            [height] * len(places),
            color=colour,
            marker=marker,
            markersize=4,
            linestyle=line,
            linewidth=width,
        )
        ax.text(left + 0.055, height, name, fontsize=SMALL, va="center", color=INK)
