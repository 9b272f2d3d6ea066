"""Pictures of a gauge: its chance by week with the falls that came, and what it gives beside what came."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.dates import date2num

from ...report.figures.scale import logarithmic
from ...report.figures.style import BLUE, GRID, INK, MUTED, SKY, SMALL, VERMILION, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from .scores import Interval

LEAST = 1e-3
"""Chance below which the picture is cut."""
TICKS = (0.001, 0.01, 0.1, 1.0)


def history(
    days: pd.DatetimeIndex,
    chance: Any,
    low: Any,
    high: Any,
    spells: pd.DataFrame,
    base: float,
    ahead: int,
    say: Say = IN_ENGLISH,
) -> str:
    """The gauge by week [week] with its band, the base rate, and each spell's first day with its depth.

    ahead: days that the gauge looks ahead.
    """
    with canvas(3.0) as figure:
        ax = axes(figure, 0.6, 0.35, 0.15, 0.45)
        when = date2num(days)
        ax.fill_between(when, np.maximum(low, LEAST), np.maximum(high, LEAST), color=SKY, alpha=0.4, lw=0)
        ax.plot(when, np.maximum(chance, LEAST), color=BLUE, linewidth=0.8)
        ax.axhline(base, color=MUTED, linewidth=0.7, linestyle=":")
        _percent(ax.yaxis)
        ax.set_ylim(LEAST, 1)
        words = []
        dated = zip(pd.DatetimeIndex(spells["begins"]), spells["fall"], strict=True)
        for number, (begins, fall) in enumerate(dated, 1):
            at = float(date2num(begins))
            ax.axvline(at, color=VERMILION, linewidth=0.8, linestyle="--")
            ax.text(at, 1.05, str(number), ha="center", va="bottom", fontsize=SMALL, color=INK)
            words.append(f"{number}: {begins:%Y-%m-%d}, {100 * fall:.0f} %")
        ax.xaxis_date()
        ax.set_ylabel(safe(say("chance")))
        ax.set_title(safe(_ahead(ahead, say)), pad=14)
        about = f"Dotted: base rate, {100 * base:.3g} %. Falls: {'; '.join(words) or 'none'}."
        return svg(figure, "history", _ahead(ahead, IN_ENGLISH), about)


def _ahead(days: int, say: Say) -> str:
    return say("Chance of a rout within {days} days, by week, from prices alone", days=days)


def reliability(curves: Mapping[str, Sequence[tuple[float, Interval]]], say: Say = IN_ENGLISH) -> str:
    """Part of the weeks with a rout against the mean chance given, in bins, by gauge."""
    colours, words = (BLUE, VERMILION), []
    names = {"prices": say("prices"), "futures": say("futures")}
    with canvas(2.8) as figure:
        ax = axes(figure, 0.7, 0.45, 2.4, 0.3)
        ax.plot([LEAST, 1], [LEAST, 1], color=GRID, linewidth=0.8)
        for k, (name, bins) in enumerate(curves.items()):
            given = np.array([chance for chance, _ in bins])
            came = np.array([[one.estimate, one.low, one.high] for _, one in bins])
            reach = np.abs(came[:, 1:] - came[:, :1]).T
            marker = ("o", "s")[k % 2]
            ax.errorbar(
                given,
                came[:, 0],
                yerr=reach,
                color=colours[k % 2],
                fmt=marker,
                ms=3,
                lw=0.8,
                label=safe(names.get(name, name)),
            )
            words.append(
                f"{name}: {100 * given[-1]:.3g} % given, {100 * came[-1, 0]:.3g} % came in the top bin"
            )
        _percent(ax.xaxis)
        _percent(ax.yaxis)
        ax.set_xlim(LEAST, 1)
        ax.set_ylim(LEAST, 1)
        ax.set_xlabel(safe(say("chance given")))
        ax.set_ylabel(safe(say("part that came")))
        ax.set_title(safe(_judged(say)))
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=SMALL)
        return svg(figure, "reliability", _judged(IN_ENGLISH), f"{'; '.join(words)}.")


def _judged(say: Say) -> str:
    return say("Chance given and what came, simulated years not learnt from")


def _percent(axis: Any) -> None:
    """A logarithmic axis of chances, its ticks in percent."""
    logarithmic(axis, TICKS, lambda one: f"{100 * one:g} %")
