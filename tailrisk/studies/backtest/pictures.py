"""The pictures of a backtest: losses beyond their forecasts over time, and coverage against nominal."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...report.figures.style import BLUE, GREEN, INK, MUTED, SMALL, VERMILION, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from .forecast import Forecasts, Plan

Array = NDArray[Any]

ROW = 0.16
"""Inches a model takes."""
LINES = (("normal_250", MUTED, "-"), ("garch_t", BLUE, "-"), ("", VERMILION, "-"))
"""Models whose VaR is drawn; the last is the ladder's own (headline)."""


def headline(plan: Plan) -> str:
    """The ladder's model that is drawn: memory if asked for, else most states, first kind of shocks."""
    return "memory" if plan.memory else f"{plan.shocks[0]}_k{max(plan.states)}"


def exceedances(
    plan: Plan, days: pd.DatetimeIndex, made: Forecasts, loss: dict[int, Array], say: Say = IN_ENGLISH
) -> str:
    """One-day losses of a spread with VaR at the highest level by three models; below, every model's hits."""
    target = next((i for i, aim in enumerate(plan.aims) if aim.name == plan.pictured), 0)
    level, horizon = len(plan.levels) - 1, plan.horizons[0]
    came = loss[horizon][:, target]
    known = np.isfinite(came)
    came, when = 100 * came[known], date2num(days[known])
    var = 100 * made.value_at_risk[:, 0, level, target][:, known]
    height = 2.6 + 0.5 + ROW * len(plan.models)
    name, shown = (_named(plan, target, one) for one in (IN_ENGLISH, say))
    with canvas(height) as figure:
        above = axes(figure, 1.1, 0.55 + ROW * len(plan.models), 0.1, 0.3)
        above.vlines(when, 0, came, color=INK, linewidth=0.4, label=safe(say("loss")))
        for model, colour, style in LINES:
            model = model or headline(plan)
            above.plot(
                when, var[plan.models.index(model)], color=colour, linestyle=style, linewidth=0.8, label=model
            )
        above.set_ylabel(safe(say("log loss and VaR, %")))
        above.set_title(safe(shown))
        above.legend(
            loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=4, frameon=False, fontsize=SMALL, borderpad=0
        )
        above.tick_params(labelbottom=False)
        below = axes(figure, 1.1, 0.4, 0.1, height - 0.45 - ROW * len(plan.models))
        words = _raster(below, plan, when, came > var)
        below.set_xlim(above.get_xlim())
        below.xaxis_date()
        expected = len(when) * (1 - float(plan.levels[level]))
        told = f"Of {len(when):,} days, {expected:.1f} would lie beyond a right VaR; by model: {words}."
        return svg(figure, "exceedances", f"Losses beyond VaR: {name}", told)


def _named(plan: Plan, target: int, say: Say) -> str:
    """The series, horizon and level of the picture."""
    return say(
        "{name}, {horizon} day, {level} %",
        name=say.render(plan.aims[target].label),
        horizon=plan.horizons[0],
        level=f"{100 * float(plan.levels[-1]):g}",
    )


def _raster(ax: Axes, plan: Plan, when: Array, hit: Array) -> str:
    """A row of ticks for each model, a tick a hit; returns the counts in words."""
    for row in range(len(plan.models)):
        ax.vlines(when[hit[row]], row + 0.15, row + 0.85, color=VERMILION, linewidth=0.7)
    counts = hit.sum(axis=1)
    ax.set_yticks(
        np.arange(len(plan.models)) + 0.5, [f"{m} {c}" for m, c in zip(plan.models, counts, strict=True)]
    )
    ax.set_ylim(len(plan.models), 0)
    return ", ".join(f"{model} {count}" for model, count in zip(plan.models, counts, strict=True))


def coverage(plan: Plan, table: pd.DataFrame, say: Say = IN_ENGLISH) -> str:
    """Rate of hits over nominal, by horizon and level: dots are targets, the bar the one pictured."""
    cells = [(h, float(level)) for h in plan.horizons for level in plan.levels]
    height = 0.9 + ROW * len(plan.models)
    width = 6.0 / len(cells)
    with canvas(height) as figure:
        for i, (horizon, level) in enumerate(cells):
            ax = axes(figure, 1.1 + width * i, 0.45, 0.1 + width * (len(cells) - 1 - i) + 0.08, 0.3)
            _panel(ax, plan, table[(table.horizon == horizon) & (table.level == level)], 1 - level)
            ax.set_title(safe(say("{horizon} d, {level} %", horizon=horizon, level=f"{100 * level:g}")))
            ax.tick_params(axis="y", labelleft=i == 0)
            ax.set_xlabel(safe(say("rate / nominal")))
        words = "; ".join(
            f"{model}, {horizon} d, {level:g}: {100 * own.rate.mean():.2f} %"
            for horizon, level in cells
            for model in plan.models
            for own in [table[(table.horizon == horizon) & (table.level == level) & (table.model == model)]]
        )
        told = "Dots are series, the large one with its interval; a rate of one is right. Mean over series: "
        return svg(figure, "coverage", "Rate of losses beyond VaR by model", f"{told}{words}.")


def _panel(ax: Axes, plan: Plan, table: pd.DataFrame, share: float) -> None:
    ax.axvline(1.0, color=GREEN, linewidth=0.8)
    for row, model in enumerate(plan.models):
        own = table[table.model == model]
        ax.plot(own.rate / share, np.full(len(own), row), ".", color=MUTED, markersize=2.5, alpha=0.6)
        one = own[own.target == plan.pictured] if (own.target == plan.pictured).any() else own[:1]
        ax.plot(
            [one.rate_low.iloc[0] / share, one.rate_high.iloc[0] / share],
            [row, row],
            color=BLUE,
            linewidth=0.9,
        )
        ax.plot(one.rate / share, [row], "o", color=BLUE, markersize=3)
    ax.set_yticks(range(len(plan.models)), plan.models)
    ax.set_ylim(len(plan.models) - 0.4, -0.6)
    ax.set_xlim(0, min(4.0, 1.05 * float((table.rate_high / share).quantile(0.98))))
    ax.xaxis.set_major_locator(MaxNLocator(3, integer=True, prune="upper"))
    ax.grid(axis="x")
