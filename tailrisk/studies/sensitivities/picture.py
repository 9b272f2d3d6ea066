"""A tornado of effects on ES, and the shares of actors, with their intervals."""

from typing import Any

import numpy as np
import pandas as pd

from ...report.figures.style import BLUE, INK, MUTED, SMALL, VERMILION, WIDTH, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import Say
from .page import ALL, LETTER, NONE, ordered

MOST, ROW, LEFT = 15, 0.24, 2.9


def tornado(own: pd.DataFrame, product: str, facts: dict[str, Any]) -> str:
    """The largest effects of one product, the largest on top."""
    rows = ordered(own).head(MOST).sort_values("size", ascending=False, kind="stable").to_dict("records")
    label, level, say = facts["labels"][product], 100 * facts["level"], Say.of(facts)
    with canvas(0.75 + ROW * len(rows)) as figure:
        ax = axes(figure, LEFT, 0.45, 0.2, 0.1)
        for k, row in enumerate(rows):
            height = len(rows) - 1 - k
            up = row["effect"] >= 0
            ax.barh(
                height, row["effect"], 0.6, facecolor=VERMILION if up else BLUE, edgecolor=INK,
                hatch="" if up else "////", linewidth=0.4,
            )  # fmt: skip
            ax.plot([row["effect_low"], row["effect_high"]], [height, height], color=INK, linewidth=1.2)
        names = [
            f"{short(row['field'])}, {say.word(row['unit'])} ({LETTER[row['method']]})"
            for row in reversed(rows)
        ]
        ax.set_yticks(range(len(rows)), [safe(name) for name in names], fontsize=SMALL)
        ax.tick_params(axis="y", length=0)
        ax.axvline(0, color=MUTED, linewidth=0.6)
        ax.grid(axis="x")
        unit = say("change of ES {level} %, points of NAV, for the field's unit", level=f"{level:g}")
        ax.set_xlabel(safe(unit))
        words = "; ".join(
            f"{row['field']} {row['effect']:+.2g} ({row['effect_low']:+.2g} to {row['effect_high']:+.2g})"
            for row in rows
        )
        return svg(figure, f"tornado-{product}", f"What moves ES of {label}", words + ".")


def short(name: str) -> str:
    """A field's name without what all have in common."""
    if name.startswith(("products.", "accounts.")):
        return name.split(".", 2)[2]
    for front in ("crowd.market.", "crowd."):
        name = name.removeprefix(front)
    return name


def actors(split: pd.DataFrame, facts: dict[str, Any]) -> str:
    """Shares of every actor, a column a product."""
    names = [one for one in dict.fromkeys(split["actor"]) if one not in (NONE, ALL)]
    products, say = list(facts["labels"]), Say.of(facts)
    left = 2.1
    width = (WIDTH - left - 0.2) / len(products)
    with canvas(0.95 + 0.3 * len(names)) as figure:
        words = []
        for k, product in enumerate(products):
            right = 0.2 + width * (len(products) - 1 - k)
            ax = axes(figure, left + width * k + (0.1 if k else 0), 0.45, right, 0.3)
            own = split[split["product"] == product].set_index("actor").loc[names]
            heights = np.arange(len(names))[::-1]
            colours = [VERMILION if one >= 0 else BLUE for one in own["share"]]
            ax.barh(heights, own["share"], 0.6, color=colours, edgecolor=INK, linewidth=0.4)
            for height, low, high in zip(heights, own["share_low"], own["share_high"], strict=True):
                ax.plot([low, high], [height, height], color=INK, linewidth=1.2)
            ax.set_yticks(heights, [safe(say.word(one)) for one in names])
            ax.tick_params(axis="y", labelleft=k == 0, length=0)
            ax.axvline(0, color=MUTED, linewidth=0.6)
            ax.grid(axis="x")
            ax.set_title(safe(facts["labels"][product]))
            ax.set_xlabel(safe(say("points of ES")))
            words += [f"{product}, {name}: {own.loc[name, 'share']:+.2g}" for name in names]
        return svg(figure, "actors", "Shares of the actors in ES", "; ".join(words) + ".")
