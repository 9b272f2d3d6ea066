"""A liquidity study's folder for a reader: every way out with its intervals, and days to exit."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...record.publishing import markdown
from ...report.figures.style import BLUE, GREEN, MUTED, ORANGE, PURPLE, SKY, VERMILION, axes, canvas
from ...report.figures.svg import safe, svg
from ...report.language import IN_ENGLISH, Say
from .config import Terms

QUESTION = "What does it cost to get out, and how long does it take?"
HEADINGS = {
    "free": "The ways out",
    "restricted": "No selling in the first and last half hour",
    "hedged": "A future sold for every yuan still held, bought back as it is sold",
}
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, MUTED)


def summary(table: pd.DataFrame) -> str:
    """A few lines a book, for the terminal."""
    lines = []
    for (book, rules), part in _groups(table, "book", "rules"):
        best, fast = part.iloc[0], part.set_index("schedule").loc["POV"]
        lines.append(
            f"{book}, {rules}: {best.billions:.2f} bn; optimal cost {best.cost:.2f} %, ES {best.es:.2f} "
            f"±{best.es_half:.2f} %; days to exit at the cap {_days(fast)}"
        )
        others = ", ".join(f"{r.schedule} {r.objective:.2f}" for r in _rows(part))
        lines.append(f"  cost plus ES of the shortfall, %: {others}")
    return "\n".join(lines)


def page(terms: Terms, table: pd.DataFrame, paths: int, halved: Mapping[str, float], command: str) -> str:
    """README.md of the folder."""
    begin = "from the first day" if terms.paths.begin == "first day" else (
        f"from the morning after the first day with {100 * terms.paths.limits[0]:g} to "
        f"{100 * terms.paths.limits[1]:g} % of the stocks of {terms.paths.watched} at the lower limit"
    )  # fmt: skip
    lines = [
        f"# {QUESTION}",
        "",
        f"{paths:,} paths of `{terms.paths.config}` with its crowd, {begin}; the optimum is made on "
        f"{min(terms.paths.scenarios, paths // 2):,} of them and all are judged on the others. Deadline "
        f"{terms.deadline} days, participation {100 * terms.rules.participation:g} %, ES at "
        f"{100 * terms.level:g} %. Per cent of the book; what is unsold at the deadline gives up "
        f"{100 * terms.costs.unsold:g} %. `objective` is mean cost plus {terms.aversion:g} times the ES of "
        "the shortfall. After ± half a 95 % interval. `immediate` takes all that trades, not the cap. "
        "Days: 10, 50 and 90 % quantiles, going on after the deadline; beside them the paths not out within "
        "Basel's fixed horizons of 10 days for large and 20 for small capitalisations (MAR33). The tail is "
        "days at the lower limit in a row: prices fall by more than half before the deadline on "
        + ", ".join(f"{value:.1f} % of the paths in {bucket}" for bucket, value in halved.items())
        + ". The optimum (optimum.csv) may wait with a part of the book where prices of the tail's paths "
        "recover before the deadline; how fast one could be out is POV's line.",
        "",
    ]
    for (rules,), part in _groups(table, "rules"):
        shown = part if rules == "free" else part[part["schedule"].isin(["optimal", "POV"])]
        lines += [f"## {HEADINGS[rules]}", "", _table(shown, terms.paths.window), ""]
    for rules in ("restricted", "hedged"):
        if (table["rules"] == rules).any():
            lines += [
                f"### What it costs to be {rules}",
                "",
                _difference(table, rules, terms.paths.window),
                "",
            ]
    lines += ["![exits](exits.svg)", "", f"Made by `{command}`.", ""]
    return "\n".join(lines)


def picture(exits: pd.DataFrame, say: Say = IN_ENGLISH) -> str:
    """The fraction of paths that are out by each day, a line a book; dashes with the restriction."""
    books = list(dict.fromkeys(exits["book"]))
    with canvas(3.4) as figure:
        ax = axes(figure, 0.6, 0.5, 2.3, 0.2)
        words = []
        for k, book in enumerate(books):
            mine = exits[(exits["book"] == book) & (exits["rules"] != "hedged")]
            for (rules,), part in _groups(mine, "rules"):
                line = "-" if rules == "free" else "--"
                label = safe(book) if rules == "free" else None
                ax.plot(part["day"], 100 * part["out"], line, color=COLOURS[k % len(COLOURS)], label=label)
                words.append(f"{book}, {rules}: {100 * part['out'].iloc[-1]:.0f} % by the last day")
        for horizon in (10, 20):
            ax.axvline(horizon, color=MUTED, linewidth=0.8, linestyle=":")
        ax.set_xlabel(safe(say("trading days at the cap; dashes: restricted; dotted: Basel's 10 and 20")))
        ax.set_ylabel(safe(say("% of paths out")))
        ax.set_ylim(0, 101)
        ax.set_xlim(1, int(exits["day"].max()))
        ax.grid(axis="y")
        ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
        return svg(figure, "exits", "Days to exit", "; ".join(words) + ".")


def _table(table: pd.DataFrame, window: int) -> str:
    rows = [
        {
            "book": r.book,
            "bn": f"{r.billions:.1f}",
            "schedule": r.schedule,
            "cost": f"{r.cost:.2f} ±{r.cost_half:.2f}",
            "mean loss": f"{r.mean_loss:.2f} ±{r.mean_half:.2f}",
            "ES of loss": f"{r.es:.2f} ±{r.es_half:.2f}",
            "ES 90 %": f"{r.es_90:.2f}",
            "objective": f"{r.objective:.2f} ±{r.objective_half:.2f}",
            "unsold": f"{r.unsold:.1f}",
            "days": _days(r, window),
            "over 10": f"{r.beyond_10:.0f}",
            "over 20": f"{r.beyond_20:.0f}",
        }
        for r in _rows(table)
    ]
    return markdown(pd.DataFrame(rows))


def _difference(table: pd.DataFrame, rules: str, window: int) -> str:
    best = table[table["schedule"] == "optimal"].set_index(["book", "rules"])
    fast = table[table["schedule"] == "POV"].set_index(["book", "rules"])["days_50"]
    rows = []
    for book in dict.fromkeys(table["book"]):
        days = " to ".join(_day(fast[book, rule], window) for rule in ("free", rules))
        free, bound = best.loc[(book, "free")], best.loc[(book, rules)]
        rows.append(
            {
                "book": book,
                "cost": f"{bound.cost - free.cost:+.2f}",
                "ES of loss": f"{bound.es - free.es:+.2f}",
                "ES 90 %": f"{bound.es_90 - free.es_90:+.2f}",
                "objective": f"{bound.objective - free.objective:+.2f}",
                "unsold": f"{bound.unsold - free.unsold:+.1f}",
                "median days at the cap": days,
            }
        )
    return markdown(pd.DataFrame(rows))


def _days(row: Any, window: int = 240) -> str:
    return " / ".join(_day(getattr(row, f"days_{q}"), window) for q in (10, 50, 90))


def _day(value: float, window: int) -> str:
    return f"over {window}" if value > window else f"{value:.0f}"


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples())


def _groups(frame: pd.DataFrame, *columns: str) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Parts of a frame by the values of some columns, in the order they come."""
    return [(tuple(key), part) for key, part in frame.groupby(list(columns), sort=False)]
