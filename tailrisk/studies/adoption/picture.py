"""Curves over the share that follows, and over a manager's own assets."""

from typing import Any

import pandas as pd

from ...report.figures.scale import logarithmic
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
from ...report.language import Say

LOOKS = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"), (ORANGE, ":", "D"), (PURPLE, "-", "v"))
PANEL = (WIDTH - 0.9) / 2
HEIGHT, BELOW = 3.2, 0.75


def curves(worlds: pd.DataFrame, rows: pd.DataFrame, kind: str, facts: dict[str, Any]) -> str:
    """Left how often routs come, right what following saves of ES, by product."""
    say = Say.of(facts)
    with canvas(HEIGHT) as figure:
        ax = axes(figure, 0.6, BELOW, WIDTH - 0.6 - PANEL + 0.3, 0.3)
        share = 100 * worlds["share"]
        ax.fill_between(share, worlds["rout_low"], worlds["rout_high"], color=SKY, alpha=0.35, linewidth=0)
        ax.plot(share, worlds["rout"], color=BLUE, marker="o", markersize=3.5, linewidth=1.2)
        ax.set_ylim(bottom=0)
        ax.set_title(safe(say("P(rout), %")))
        ax.set_xlabel(safe(say("share that follows, %")))
        words = "; ".join(
            f"{100 * one['share']:.0f} %: {one['rout']:.3g} %" for one in worlds.to_dict("records")
        )
        right = axes(figure, 0.6 + PANEL + 0.2, BELOW, 0.1, 0.3)
        for (product, label), look in zip(facts["labels"].items(), LOOKS * 3, strict=False):
            own = rows[rows["product"] == product]
            _line(right, 100 * own["share"], own, "saves_es", label, look)
            said = ", ".join(f"{one['saves_es']:+.2g}" for one in own.to_dict("records"))
            words += f". {product} saves {said}"
        right.axhline(0, color=INK, linewidth=0.6)
        right.set_title(safe(say("saved by following, points of ES")))
        right.set_xlabel(safe(say("share that follows, %")))
        _legend(ax, right)
        return svg(
            figure, f"adoption-{kind}", f"{kind}: routs and savings by the share that follows", words + "."
        )


def _legend(ax: Any, drawn: Any) -> None:
    """Below the left panel, of what is drawn in either."""
    where = {"loc": "upper left", "bbox_to_anchor": (-0.1, -0.17), "ncols": 3}
    ax.legend(*drawn.get_legend_handles_labels(), frameon=False, fontsize=SMALL, **where)


def _line(
    ax: Any, x: pd.Series, own: pd.DataFrame, name: str, label: str, look: tuple[str, str, str]
) -> None:
    colour, line, mark = look
    value, low, high = (own[column] for column in (name, f"{name}_low", f"{name}_high"))
    ax.errorbar(
        x, value, yerr=[value - low, high - value], color=colour, linestyle=line, marker=mark,
        markersize=3.5, linewidth=1.2, elinewidth=0.8, label=safe(label),
    )  # fmt: skip


def capacity(table: pd.DataFrame, facts: dict[str, Any]) -> str:
    """Left net alpha, right ES of holders, against a manager's own assets."""
    say = Say.of(facts)
    with canvas(HEIGHT) as figure:
        left = axes(figure, 0.6, BELOW, WIDTH - 0.6 - PANEL + 0.3, 0.3)
        right = axes(figure, 0.6 + PANEL + 0.2, BELOW, 0.1, 0.3)
        words = []
        for (product, label), look in zip(facts["labels"].items(), LOOKS * 3, strict=False):
            own = table[table["product"] == product]
            left.plot(
                own["assets"], own["net_alpha"], color=look[0], linestyle=look[1], marker=look[2],
                markersize=3.5, label=safe(label),
            )  # fmt: skip
            _line(right, own["assets"], own, "es_hold", label, look)
            words.append(product + ": " + ", ".join(
                f"{one['assets']:g} bn {one['net_alpha']:.2g} %, ES {one['es_hold']:.3g}"
                for one in own.to_dict("records")
            ))  # fmt: skip
        left.axhline(0, color=MUTED, linewidth=0.6)
        titles = say("net alpha, % a year"), say("ES of a holder, % of NAV")
        for ax, title in zip((left, right), titles, strict=True):
            logarithmic(ax.xaxis, sorted(set(table["assets"])), "{:g}".format)
            ax.set_title(safe(title))
            ax.set_xlabel(safe(say("assets, billions")))
        _legend(left, left)
        return svg(figure, "capacity", "Net alpha and ES by a manager's own assets", "; ".join(words) + ".")
