"""The modal path of every way: buckets and the product, a panel a way."""

import numpy as np
import pandas as pd

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

COLOURS = (MUTED, SKY, GREEN, ORANGE, VERMILION, PURPLE)
STYLES = ("-", "--", "-.", ":")


def modal(curves: pd.DataFrame, buckets: tuple[str, ...], titles: list[str], key: str, title: str) -> str:
    """Returns so far of the path nearest each way's mean, in percent; curves of one case."""
    paths = curves[curves["kind"] == "modal"]
    ways = list(dict.fromkeys(paths["way"]))
    width = (WIDTH - 0.75) / len(ways)
    low = 100 * min(0.0, float(paths[list(buckets)].min().min()))
    high = 100 * max(0.02, float(paths[list(buckets)].max().max()))
    if "nav" in paths and paths["nav"].notna().any():
        low, high = min(low, 100 * (paths["nav"].min() - 1)), max(high, 100 * (paths["nav"].max() - 1))
    with canvas(3.0) as figure:
        words = []
        for k, way in enumerate(ways):
            own = paths[paths["way"] == way]
            ax = axes(figure, 0.6 + width * k, 0.75, WIDTH - 0.6 - width * (k + 1) + 0.1, 0.3)
            day = np.append(0, own["day"])
            for b, name in enumerate(buckets):
                line = 100 * np.append(0.0, own[name])
                style = STYLES[b // len(COLOURS) % len(STYLES)]
                colour = COLOURS[b % len(COLOURS)]
                ax.plot(day, line, style, color=colour, linewidth=1.0, label=safe(name))
            if "nav" in own and own["nav"].notna().all():
                ax.plot(
                    day, 100 * (np.append(1.0, own["nav"]) - 1), color=INK, linewidth=1.6, label="product"
                )
            ax.axhline(0, color=BLUE, linewidth=0.4)
            ax.set_ylim(low - 1, high + 1)
            ax.set_title(safe(titles[k]))
            ax.set_xlabel("trading day")
            ax.tick_params(labelleft=k == 0)
            if k == 0:
                ax.set_ylabel("return so far, %")
                ax.legend(
                    loc="upper left", bbox_to_anchor=(0.0, -0.2), ncols=6, frameon=False, fontsize=SMALL
                )
            ends = ", ".join(f"{name} {100 * own[name].iloc[-1]:.1f} %" for name in buckets)
            words.append(f"{titles[k]}: {ends}")
        return svg(figure, key, title, "The path nearest each way's mean. " + "; ".join(words) + ".")
