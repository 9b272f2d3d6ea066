"""A replay's folder for a reader: what was reported beside it, in README.md, and a picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...core import disk
from ...report.language import Say

SHOWN = ("size", "basis", "financing", "interest", "cost", "forced", "fees", "broker")
COLUMNS = 3


def write(folder: str | Path) -> Path:
    """Write README.md, report.html and the picture into a replay's folder; the same gives the same bytes."""
    from ...report import study
    from ...report.figures.prints import BOTH, printing

    place = Path(folder)
    with printing(place, BOTH, {"replay": "paths"}):
        disk.write(place / "paths.svg", picture(place))
    disk.write(place / "README.md", page(place))
    study.write(place)
    return place / "README.md"


def page(folder: Path) -> str:
    """The README: reported figures beside the replay's, then the P&L of each window by line."""
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    reported, windows = pd.read_csv(folder / "reported.csv"), pd.read_csv(folder / "windows.csv")
    said = record["replay"]
    lines = [f"# {record['question']}", ""]
    lines += [
        f"Prices as they were from {said['first']} to {said['last']}; {said['funds']} funds of each product, "
        "its own book and others drawn around it. Per cent. A book is held unless broker, lines or investors "
        "force it. The picture is paths.svg; every day and line is in daily.csv.",
        "",
    ]
    if len(reported):
        lines += _reported(reported)
    for name, rows in windows.groupby("window", sort=False):
        lines += [f"## {name}", "", *_window(rows), ""]
    return "\n".join([*lines, f"Made by `{record['command']}`.", ""])


def _reported(reported: pd.DataFrame) -> list[str]:
    """The comparison as a Markdown table."""
    agree = int((reported["agrees"] != "no").sum())
    lines = [
        f"Of {len(reported)} reported figures {agree} are met, by the product's own book or by its funds "
        "from the 10 % to the 90 % quantile.",
        "",
        "| product | measure | from | to | reported | replay | funds 10 to 90 % | met | source |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in reported.to_dict("records"):
        low, high = row["reported_low"], row["reported_high"]
        said = _percent(low) if low == high else f"{_percent(low)} to {_percent(high)}"
        funds = f"{_percent(row['funds_10'])} to {_percent(row['funds_90'])}"
        cells = [row["product"], row["measure"], row["from"], row["to"], said, _percent(row["replay"]), funds]
        lines.append("| " + " | ".join([*cells, row["agrees"], f"{row['source']} [{row['grade']}]"]) + " |")
    return [*lines, ""]


def _window(rows: pd.DataFrame) -> list[str]:
    """One window's returns and lines; a column of nothing but zeros is left out."""
    kept = [name for name in ("benchmark", *SHOWN) if (rows[name].abs() >= 5e-5).any()]
    lines = [
        "| product | NAV | excess | " + " | ".join(kept) + " |",
        "|---" * (3 + len(kept)) + "|",
    ]
    for row in rows.to_dict("records"):
        cells = [_percent(row[name]) for name in ("nav", "excess", *kept)]
        lines.append(f"| {row['product']} | " + " | ".join(cells) + " |")
    return lines


def _percent(value: Any) -> str:
    return "wiped out" if pd.isna(value) else f"{100 * float(value):.1f}"


HIGH, BELOW = 1.95, 0.4
"""Inches a row of panels takes, and what the key takes."""


def picture(folder: Path) -> str:
    """NAV of every product, its funds' 10 to 90 % band, its benchmark, and what was reported.

    What it says of itself tells the end of every product, and which reported figures lie outside the band.
    """
    from ...report.figures.style import WIDTH, axes, canvas
    from ...report.figures.svg import safe, svg

    daily, reported = pd.read_csv(folder / "daily.csv"), pd.read_csv(folder / "reported.csv")
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    labels, say = record.get("labels", {}), Say.of(record)
    products = list(dict.fromkeys(daily["product"]))
    rows = -(-len(products) // COLUMNS)
    ends: list[str] = []
    with canvas(HIGH * rows + BELOW) as figure:
        for k, product in enumerate(products):
            mine = daily[daily["product"] == product]
            column, row = k % COLUMNS, k // COLUMNS
            left = 0.62 + 2.22 * column
            ax = axes(
                figure, left, BELOW + 0.35 + HIGH * (rows - 1 - row), WIDTH - left - 1.9, 0.3 + HIGH * row
            )
            _panel(ax, mine, reported[reported["product"] == product], str(labels.get(product, product)))
            if column == 0:
                ax.set_ylabel(safe(say("since the eve, %")))
            ends.append(f"{product} {_percent(mine['nav'].iloc[-1] - 1)} %")
        _key(axes(figure, 0.62, 0.02, 0.1, HIGH * rows + BELOW - 0.3), say)
        words = (
            "NAV since the eve, the 10 to 90 % band of the funds around the book, the benchmark, and bars "
            f"for figures that were reported. {_missed(reported)} At the end: {', '.join(ends)}."
        )
        return svg(figure, "replay", "Every product on the realised path", words)


def _missed(reported: pd.DataFrame) -> str:
    """Which reported figures neither the book nor its funds meet."""
    missed = reported[reported["agrees"] == "no"]
    if not len(reported):
        return "No figure was reported."
    if missed.empty:
        return f"All {len(reported)} reported figures are met."
    told = [
        f"{row['product']} from {row['from']} to {row['to']}: {_percent(row['reported_low'])} to "
        f"{_percent(row['reported_high'])} % reported, {_percent(row['replay'])} % replayed"
        for row in missed.to_dict("records")
    ]
    return f"Missed are {len(missed)} of {len(reported)} reported figures: {'; '.join(told)}."


def _panel(ax: Any, mine: pd.DataFrame, reported: pd.DataFrame, label: str) -> None:
    from ...report.figures.style import BLUE, INK, MUTED, VERMILION
    from ...report.figures.svg import safe
    from ...report.words import short

    days = np.arange(len(mine))
    columns = {name: 100 * (mine[name] - 1) for name in ("nav", "nav_10", "nav_90", "benchmark_nav")}
    ax.fill_between(days, columns["nav_10"], columns["nav_90"], color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(days, columns["nav"], color=INK, linewidth=1.3)
    ax.plot(days, columns["benchmark_nav"], color=MUTED, linewidth=0.8, linestyle="--")
    ax.axhline(0, color=MUTED, linewidth=0.5)
    dates = list(mine["date"])
    for said in reported[(reported["measure"] == "nav") & (reported["from"] == dates[0])].to_dict("records"):
        at = dates.index(said["to"])
        low, high = 100 * said["reported_low"], 100 * said["reported_high"]
        look = {"color": VERMILION, "linewidth": 2.5, "solid_capstyle": "butt"}
        ax.plot([at, at], [low, high], marker="_", markersize=5, **look)
    ticks = sorted({0, len(days) // 2, len(days) - 1})
    ax.set_xticks(ticks, [dates[t][5:] for t in ticks])
    for tick, side in zip(
        (ax.get_xticklabels()[0], ax.get_xticklabels()[-1]), ("left", "right"), strict=True
    ):
        tick.set_ha(side)  # within its own panel
    ax.set_xlim(0, max(len(days) - 1, 1))
    ax.grid(axis="y")
    ax.set_title(safe(short(label, 30)))


def _key(ax: Any, say: Say) -> None:
    """What the lines mean, in one line."""
    from ...report.figures.style import BLUE, INK, MUTED, SMALL, VERMILION
    from ...report.figures.svg import safe

    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.plot([0, 0.04], [0.5, 0.5], color=INK, linewidth=1.3)
    ax.fill_between([0.2, 0.24], 0.15, 0.85, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot([0.52, 0.56], [0.5, 0.5], color=MUTED, linewidth=0.8, linestyle="--")
    ax.plot([0.74, 0.74], [0.1, 0.9], color=VERMILION, linewidth=2.5, solid_capstyle="butt")
    names = (say("the product"), say("funds, 10 to 90 %"), say("benchmark"), say("reported"))
    for left, name in zip((0.05, 0.25, 0.57, 0.76), names, strict=True):
        ax.text(left, 0.5, safe(name), fontsize=SMALL, va="center")
