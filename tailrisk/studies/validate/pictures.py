"""The pictures of a validation: memory of size, quantiles by horizon, drawdowns; data on simulated bands."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...core.names import Names
from ...report.figures.style import BLUE, SMALL, VERMILION, WIDTH, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from .statistics import begun, by_role, correlations, drawdowns, sums

Array = NDArray[Any]

LAGS = 60
HORIZONS = (1, 2, 3, 5, 10, 20, 40, 60)
SHARES = (0.01, 0.99)
WINDOW = 250
LEFT, BETWEEN = 0.6, 0.45
"""Inches left of the first panel, and between two for the labels of the second's axis."""

Series = dict[str, tuple[Array, Array]]
"""Label of a series -> its data [day, 1] and its histories [day, history]."""


def pictures(data: Array, made: Array, names: Names, say: Say = IN_ENGLISH) -> dict[str, str]:
    """SVG by name, of log returns [day, bucket] and simulated ones [day, bucket, history] of a market."""
    large, *_ = watched = by_role(names)
    wanted = {names.label(large): large}
    wanted |= {f"{names.label(b)} less {names.label(large)}": f"{b}-{large}" for b in watched.spreads}
    series = {
        label: (begun(data[:, :, None], names.buckets, name), begun(made, names.buckets, name))
        for label, name in wanted.items()
    }
    return {
        "memory": _row(
            series, _memory, "Autocorrelation of size", (say("lag, days"), say("acf of |r|")), say
        ),
        "quantiles": _row(
            series,
            _quantiles,
            "Quantiles by horizon, 1 and 99 %",
            (say.word("days"), say("log change, %")),
            say,
        ),
        "drawdowns": _row(
            series, _drawdowns, "Drawdowns in 250 days", (say("quantile"), say("log drawdown, %")), say
        ),
    }


def _row(series: Series, draw: Any, title: str, labels: tuple[str, str], say: Say) -> str:
    """One panel a series; labels: of the axes across and up."""
    words = []
    with canvas(2.4) as figure:
        for i, (name, (data, made)) in enumerate(series.items()):
            ax = _panel(figure, i, len(series))
            words.append(f"{name}: {draw(ax, data, made)}")
            ax.set_title(safe(say.render(name)))
            ax.set_xlabel(safe(labels[0]))
            if not i:
                ax.set_ylabel(safe(labels[1]))
                _key(figure, ax, say)
        return svg(
            figure,
            title.split()[0].lower(),
            title,
            f"Data on the 95 % band of histories. {'; '.join(words)}.",
        )


def _panel(figure: Figure, i: int, count: int) -> Axes:
    """The i-th of `count` panels in a row, with room for its own axis labels."""
    width = (WIDTH - LEFT - 0.15 - BETWEEN * (count - 1)) / count
    left = LEFT + (width + BETWEEN) * i
    return axes(figure, left, 0.45, WIDTH - left - width, 0.5)


def _key(figure: Figure, ax: Axes, say: Say) -> None:
    """What line and band are, once, above every panel."""
    names = {"band": say("middle 95 % of histories"), "data": say("data")}
    handles, drawn = ax.get_legend_handles_labels()
    shown = [safe(names[one]) for one in drawn]
    figure.legend(handles, shown, loc="upper right", ncols=2, frameon=False, fontsize=SMALL, borderpad=0)


def _band(ax: Axes, x: Array, data: Array, made: Array) -> None:
    """Data [x, 1] as a line on the middle 95 % of histories [x, history]; a second pair has no label."""
    low, high = np.quantile(made, [0.025, 0.975], axis=1)
    said = ("", "") if ax.lines else ("band", "data")
    ax.fill_between(x, low, high, color=BLUE, alpha=0.25, linewidth=0, label=said[0])
    ax.plot(x, data[:, 0], color=VERMILION, linewidth=1.0, label=said[1])


def _memory(ax: Axes, data: Array, made: Array) -> str:
    sizes = [np.abs(r - r.mean(axis=0)) for r in (data, made)]
    one, many = (correlations(size, size, LAGS) for size in sizes)
    _band(ax, np.arange(1, LAGS + 1), one, many)
    return f"lag 20 {one[19, 0]:.2f} on {np.median(many[19]):.2f}"


def _quantiles(ax: Axes, data: Array, made: Array) -> str:
    words = []
    for share in SHARES:
        one, many = (
            np.stack([100 * np.quantile(sums(r, days), share, axis=0) for days in HORIZONS])
            for r in (data, made)
        )
        _band(ax, np.array(HORIZONS), one, many)
        words.append(f"{100 * share:g} % over 60 days {one[-1, 0]:.1f} on {np.median(many[-1]):.1f}")
    return ", ".join(words)


def _drawdowns(ax: Axes, data: Array, made: Array) -> str:
    shares = np.linspace(0.05, 0.95, 19)
    one, many = (100 * np.quantile(drawdowns(r, WINDOW), shares, axis=0) for r in (data, made))
    _band(ax, shares, one, many)
    return f"median {one[9, 0]:.1f} on {np.median(many[9]):.1f}"
