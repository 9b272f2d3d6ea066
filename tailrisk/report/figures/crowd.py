"""The crowd's figure: how deep the fall, how deep the discount, how far the state came; and who bled."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from .. import crowd as words
from ..estimate import number
from ..folder import Result
from ..words import LOSS_PLACES, level, short
from .style import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, SMALL, VERMILION, axes, canvas
from .svg import safe, svg

LOOKS = ((GREEN, "o"), (BLUE, "s"), (ORANGE, "D"), (VERMILION, "^"))
"""Colour and mark of the highest stage of the state's ladder, none first."""
STAGES = ("the state stayed out", "stage 1", "stage 2", "stage 3")
ROW = 0.36


def crowd(result: Result) -> str:
    """Paths by worst three days, discount and stage, and below it the drawdown of every cohort."""
    below = 0.75 + ROW * len(result.cohorts)
    with canvas(3.75 + below) as figure:
        _map(axes(figure, 0.55, below + 0.5, 2.05, 0.25), result)
        _key(axes(figure, 5.3, below + 0.5, 0.05, 0.25), result)
        _cohorts(axes(figure, 1.75, 0.42, 1.35, 3.75 + 0.2), result)
        title = "Falls, discounts, the state's purchases and the cohorts' drawdowns"
        return svg(figure, "crowd", title, "; ".join(words.lines(result)) + ".")


def _map(ax: Axes, result: Result) -> None:
    """One mark a cell: its size the logarithm of the paths, its kind the commonest stage."""
    counts = result.curves["crowd_counts"]
    x, y = (100 * _middles(result.curves[f"crowd_{name}_edges"]) for name in ("loss", "discount"))
    total, stage = counts.sum(axis=0), counts.argmax(axis=0)
    for k, (colour, mark) in enumerate(LOOKS[: len(counts)]):
        here = (stage == k) & (total > 0)
        place = np.argwhere(here)
        ax.scatter(x[place[:, 0]], y[place[:, 1]], s=_size(total[here]), c=colour, marker=mark, linewidths=0)
    found = np.argwhere(total > 0)
    if len(found):
        (left, low), (right, high) = found.min(axis=0), found.max(axis=0)
        ax.set_xlim(x[left] - 3, x[right] + 3)
        ax.set_ylim(y[low] - 4, y[high] + 4)
    ax.set_title(safe(result.say("Every path")))
    ax.set_xlabel(safe(result.say("worst three days of the micro-caps, % lost")))
    watched = result.role("discount") or "futures"
    ax.set_ylabel(safe(result.say("largest discount of {future}, % a year", future=watched)))
    ax.grid()


def _key(ax: Axes, result: Result) -> None:
    """What the marks mean, with the share of paths of each."""
    counts = result.curves["crowd_counts"].sum(axis=(1, 2))
    share = 100 * counts / max(counts.sum(), 1)
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 10)
    ax.text(0, 9.6, "Commonest in the cell", fontweight="bold", va="center")
    for k, ((colour, mark), name) in enumerate(zip(LOOKS, STAGES, strict=True)):
        ax.scatter([0.05], [8.6 - k], s=42, c=colour, marker=mark, linewidths=0)
        seen = f", {number(share[k], 1)} %" if k < len(share) else ""
        ax.text(0.13, 8.6 - k, f"{name}{seen}", va="center", fontsize=SMALL)
    ax.text(0, 3.9, "Paths in the cell", fontweight="bold", va="center")
    for k, paths in enumerate((1, 100, 10_000)):
        ax.scatter([0.05], [2.9 - k], s=_size(np.array([paths])), c=MUTED, marker="o", linewidths=0)
        ax.text(0.13, 2.9 - k, f"{paths:,}", va="center", fontsize=SMALL)


def _cohorts(ax: Axes, result: Result) -> None:
    """ES of drawdown at the headline level, its mean within, and how often a broker called."""
    names = list(reversed(result.cohorts))
    labels: dict[int, str] = {}
    for k, name in enumerate(names):
        deep = result.of_crowd("drawdown", "expected_shortfall", name, result.headline)
        mean, called = (
            result.of_crowd("drawdown", "mean", name),
            result.of_crowd("called", "probability", name),
        )
        if deep is None or mean is None:
            continue
        es, middle = deep.estimate.scaled(100), mean.estimate.scaled(100)
        ax.barh(k, es.value, 0.56, facecolor=VERMILION, edgecolor=VERMILION, linewidth=0.7)
        ax.barh(k, middle.value, 0.56, facecolor=PAPER, edgecolor=VERMILION, hatch="//////", linewidth=0.7)
        ax.plot([es.low, es.high], [k, k], color=INK, linewidth=1.2)
        said = es.text(LOSS_PLACES)
        if called is not None and called.estimate.value > 0:
            said += f" (called {number(100 * called.estimate.value, 0)} %)"
        ax.text(max(es.value, es.high) + 1.5, k, said, fontsize=SMALL, va="center_baseline")
        labels[k] = safe(short(deep.label or name, 28))
    ax.set_yticks(list(labels), list(labels.values()))
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(0, 100)
    ax.set_ylim(-0.55, len(names) - 0.45)
    ax.grid(axis="x")
    ax.set_title(f"Drawdown at the end: mean (hatched) and ES {level(result.headline)} (solid)")
    ax.set_xlabel("% of net asset value at its peak")


def _size(paths: NDArray[np.float64]) -> NDArray[np.float64]:
    return 4.0 + 13.0 * np.log10(np.maximum(paths, 1.0))


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return (edges[:-1] + edges[1:]) / 2
