"""The modal path of every way: buckets and the product, a panel a way."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ...report.figures.style import (
    BLUE,
    GREEN,
    INK,
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

COLOURS = (MUTED, SKY, GREEN, ORANGE, VERMILION, PURPLE)
STYLES = ("-", "--", "-.", ":")


def modal(
    curves: pd.DataFrame,
    buckets: tuple[str, ...],
    chances: Sequence[tuple[int, float]],
    key: str,
    title: str,
    say: Say = IN_ENGLISH,
) -> str:
    """Returns so far of the path nearest each way's mean, in percent; curves of one case.

    chances: number and probability of each way, in the order of the curves.
    """
    titles, shown = (_titles(chances, one) for one in (IN_ENGLISH, say))
    paths = curves[curves["kind"] == "modal"]
    ways = list(dict.fromkeys(paths["way"]))
    width = (WIDTH - 0.75) / len(ways)
    low, high = _ends(paths, buckets)
    with canvas(3.0) as figure:
        words = []
        for k, way in enumerate(ways):
            own = paths[paths["way"] == way]
            ax = axes(figure, 0.6 + width * k, 0.75, WIDTH - 0.6 - width * (k + 1) + 0.1, 0.3)
            _panel(ax, own, buckets, say)
            ax.set_ylim(low - 1, high + 1)
            ax.set_title(safe(shown[k]))
            ax.tick_params(labelleft=k == 0)
            if k == 0:
                ax.set_ylabel(safe(say("return so far, %")))
                ax.legend(
                    loc="upper left", bbox_to_anchor=(0.0, -0.2), ncols=6, frameon=False, fontsize=SMALL
                )
            ends = ", ".join(f"{name} {100 * own[name].iloc[-1]:.1f} %" for name in buckets)
            words.append(f"{titles[k]}: {ends}")
        return svg(figure, key, title, "The path nearest each way's mean. " + "; ".join(words) + ".")


def _ends(paths: pd.DataFrame, buckets: tuple[str, ...]) -> tuple[float, float]:
    """Lowest and highest return of any bucket and of the product, in percent."""
    low = 100 * min(0.0, float(paths[list(buckets)].min().min()))
    high = 100 * max(0.02, float(paths[list(buckets)].max().max()))
    if "nav" in paths and paths["nav"].notna().any():
        low, high = min(low, 100 * (paths["nav"].min() - 1)), max(high, 100 * (paths["nav"].max() - 1))
    return low, high


def _panel(ax: Axes, own: pd.DataFrame, buckets: tuple[str, ...], say: Say) -> None:
    """One way: every bucket, and the product where it is known."""
    day = np.append(0, own["day"])
    for b, name in enumerate(buckets):
        line = 100 * np.append(0.0, own[name])
        style = STYLES[b // len(COLOURS) % len(STYLES)]
        colour = COLOURS[b % len(COLOURS)]
        ax.plot(day, line, style, color=colour, linewidth=1.0, label=safe(name))
    if "nav" in own and own["nav"].notna().all():
        nav = 100 * (np.append(1.0, own["nav"]) - 1)
        ax.plot(day, nav, color=INK, linewidth=1.6, label=safe(say("product")))
    ax.axhline(0, color=BLUE, linewidth=0.4)
    ax.set_xlabel(safe(say("trading day")))


def _titles(chances: Sequence[tuple[int, float]], say: Say) -> list[str]:
    return [say("way {number}: {chance} %", number=way, chance=f"{100 * p:.3g}") for way, p in chances]
