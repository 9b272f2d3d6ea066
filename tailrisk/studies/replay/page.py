"""A replay's folder for a reader: what was reported beside it, in README.md, and a picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...core import disk
from ...report.words import title

SHOWN = ("size", "basis", "financing", "interest", "cost", "forced", "fees", "broker")
COLUMNS = 3


def write(folder: str | Path) -> Path:
    """Write README.md and paths.svg into a replay's folder; the same folder gives the same bytes."""
    place = Path(folder)
    disk.write(place / "paths.svg", picture(place))
    disk.write(place / "README.md", page(place))
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


def picture(folder: Path) -> str:
    """NAV of every product, its funds' 10 to 90 % band, its benchmark, and what was reported."""
    from ...report.figures.style import canvas
    from ...report.figures.svg import svg

    daily, reported = pd.read_csv(folder / "daily.csv"), pd.read_csv(folder / "reported.csv")
    products = list(dict.fromkeys(daily["product"]))
    rows = -(-len(products) // COLUMNS)
    ends: list[str] = []
    with canvas(1.75 * rows + 0.5) as figure:
        for k, product in enumerate(products):
            mine = daily[daily["product"] == product]
            _panel(figure, (k % COLUMNS, k // COLUMNS, rows), mine, reported[reported["product"] == product])
            ends.append(f"{product}: {_percent(mine['nav'].iloc[-1] - 1)} %.")
        words = (
            "NAV from the eve, band the funds' 10 to 90 %, dashes the benchmark, bars the reported range. "
        )
        return svg(
            figure, "replay", "Every product on the realised path", words + "At the end: " + " ".join(ends)
        )


def _panel(figure: Any, place: tuple[int, int, int], mine: pd.DataFrame, reported: pd.DataFrame) -> None:
    from ...report.figures.style import BLUE, INK, MUTED, VERMILION, WIDTH, axes

    column, row, rows = place
    left = 0.5 + 2.25 * column
    ax = axes(figure, left, 0.35 + 1.75 * (rows - 1 - row), WIDTH - left - 1.95, 0.3 + 1.75 * row)
    days = np.arange(len(mine))
    ax.fill_between(days, 100 * mine["nav_10"], 100 * mine["nav_90"], color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(days, 100 * mine["nav"], color=INK, linewidth=1.3)
    ax.plot(days, 100 * mine["benchmark_nav"], color=MUTED, linewidth=0.8, linestyle="--")
    dates = list(mine["date"])
    for said in reported[(reported["measure"] == "nav") & (reported["from"] == dates[0])].to_dict("records"):
        at = dates.index(said["to"])
        low, high = 100 * (1 + said["reported_low"]), 100 * (1 + said["reported_high"])
        ax.plot(
            [at, at],
            [low, high],
            color=VERMILION,
            linewidth=2.5,
            solid_capstyle="butt",
            marker="_",
            markersize=5,
        )
    ticks = [0, len(days) // 2, len(days) - 1]
    ax.set_xticks(ticks, [dates[t][5:] for t in ticks])
    ax.set_xlim(0, len(days) - 1)
    ax.grid(axis="y")
    ax.set_title(title(str(mine["product"].iloc[0]), {}))
