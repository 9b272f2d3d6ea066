"""The picture of a match: each bucket since the crowd was let go, on record and replayed."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ...calibrate.ladder import Array
from ...report.estimate import number
from ...report.figures.style import BLUE, INK, MUTED, SKY, SMALL, VERMILION, WIDTH, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say

COLUMNS, HIGH, BELOW = 2, 2.2, 0.35
"""Panels side by side, inches a row takes, and what the key takes."""
BAND = (0.05, 0.95)


def replay_picture(
    days: Sequence[str],
    record: Array,
    replays: Array,
    titles: Sequence[tuple[int, str]],
    say: Say = IN_ENGLISH,
) -> str:
    """SVG of cumulative returns; record [day, bucket], replays [member, day, bucket], the best first.

    titles: place and label of the buckets to show. What it says of itself tells where the record lies outside
    the band of the ensemble, and how far from the best set it ends.
    """
    rows, told = -(-len(titles) // COLUMNS), []
    with canvas(HIGH * rows + BELOW) as figure:
        for k, (bucket, title) in enumerate(titles):
            column, row = k % COLUMNS, k // COLUMNS
            left = 0.65 + 3.35 * column
            ax = axes(
                figure, left, BELOW + 0.5 + HIGH * (rows - 1 - row), WIDTH - left - 2.75, 0.3 + HIGH * row
            )
            told.append(f"{title}: {_panel(ax, days, record[:, bucket], replays[:, :, bucket])}")
            ax.set_title(safe(say.name(title)))
            if column == 0:
                ax.set_ylabel(safe(say("since the eve, %")))
            if k + COLUMNS >= len(titles):
                ax.set_xlabel(safe(say("day of the episode")))
        _key(axes(figure, 0.65, 0.02, 0.1, HIGH * rows + BELOW - 0.3), say)
        words = (
            "Cumulative return of each bucket: the record, the best set, and the 90 % band of the ensemble. "
        )
        return svg(figure, "match", "The replay beside the record", words + "; ".join(told) + ".")


def _panel(ax: Axes, days: Sequence[str], record: Array, replays: Array) -> str:
    """Draws one bucket; what the replay misses of it, in words."""
    when = np.arange(len(days))
    paths = 100 * (np.cumprod(1 + replays, axis=1) - 1)
    true = 100 * (np.cumprod(1 + record) - 1)
    low, high = np.quantile(paths, BAND, axis=0)
    ax.axhline(0, color=MUTED, linewidth=0.5)
    ax.fill_between(when, low, high, color=SKY, alpha=0.4, linewidth=0)
    ax.plot(when, paths[0], color=BLUE, linewidth=1.2, linestyle="--")
    ax.plot(when, true, color=VERMILION, linewidth=1.3)
    every = max(1, -(-len(days) // 6))
    ax.set_xticks(when[::every], [day[5:] for day in days[::every]])
    ax.set_xlim(0, max(len(days) - 1, 1))
    ax.grid(axis="y")
    outside = int(((true < low) | (true > high)).sum())
    return (
        f"the record is outside the band on {outside} of {len(days)} days, and ends "
        f"{number(float(true[-1] - paths[0, -1]), 1)} points from the best set"
    )


def _key(ax: Axes, say: Say) -> None:
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    looks = ((say("record"), VERMILION, "-", 1.3), (say("replay, best set"), BLUE, "--", 1.2))
    for k, (name, colour, line, width) in enumerate(looks):
        ax.plot([0.25 * k, 0.25 * k + 0.05], [0.5, 0.5], color=colour, linestyle=line, linewidth=width)
        ax.text(0.25 * k + 0.06, 0.5, safe(name), fontsize=SMALL, va="center", color=INK)
    ax.fill_between([0.5, 0.55], 0.15, 0.85, color=SKY, alpha=0.4, linewidth=0)
    ax.text(0.56, 0.5, safe(say("90 % of the ensemble")), fontsize=SMALL, va="center", color=INK)
