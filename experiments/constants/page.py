"""The page of the search, from its tables alone."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tailrisk.record.publishing import markdown

from .choose import preferred
from .later import AIMS
from .variants import NOW

PAGE = """# Which constants of the process with memory do the years to 2015 prefer, and does it hold later?

{answer}

Constants are what is set before a fit: the share of a spread's trend that goes on (kappa), the floor under
the long run's weight, the decays of the mean squares, of the common variance and of the trend, the cap of a
day's volatility, the number of regimes of the residuals, the most degrees of freedom, whether residuals are
drawn as rows (of the fitted law itself, which shows what drawing singly costs; with Pareto tails by factor
and side; with a skewed regime of shocks), and the price limit of histories. Each is moved alone; what is
ahead by a standard error, with no more than ten statistics further outside, is tried together.

## To 2015: where points are chosen

Four buckets (CSI 2000 has no closes before 2014) and {targets} series; fits on the days before January 2009
and before January 2012, forecasts of every day to December 2015 and of ten days from every tenth. `score`
is the mean of six Fissler-Ziegel scores (1 and 10 days; 95, 97.5 and 99 %; lower is better), `gap` its
difference from today's by Diebold and Mariano over blocks of 20 days, with a 95 % interval; `density` the
same of the log density a day (higher is better). `outside` counts statistics beyond their band of
{histories} histories of a fit to all days to 2015; coverage the fewest series passed at a level, one and
ten days ahead.

{early}

Preferred of each constant: {preferred}.

## 2016 to 2023: judged once

Today's point and `{chosen}`, as `tailrisk backtest` has it: five buckets, 16 series, fitted again every year.

{judged}

## The targets that are missed

Histories of a fit to all days to 2023, today's point and the chosen one:

{aims}

And what every point does to them, of fits to 2015; data of the same days first.

{frontier}

Made by `{command}`; every figure is in table.csv, judged.csv, targets.csv and frontier.csv.
"""


def page(tables: Mapping[str, pd.DataFrame], facts: Mapping[str, Any]) -> str:
    """Markdown; every number is of the tables table, judged, targets and frontier."""
    rows = tables["table"]
    best = preferred(rows)
    return PAGE.format(
        answer=answer(tables, str(facts["chosen"])),
        targets=int(rows.targets.iloc[0]),
        histories=facts["histories"],
        early=early(rows),
        preferred="; ".join(f"{of}: {name.removeprefix(of).strip()}" for of, name in best.items()),
        chosen=facts["chosen"],
        judged=judged(tables["judged"]),
        aims=aims(tables["targets"]),
        frontier=frontier(tables["frontier"]),
        command=facts["command"],
    )


def answer(tables: Mapping[str, pd.DataFrame], chosen: str) -> str:
    """What the early years prefer, by how much, and what became of it."""
    rows, late = tables["table"], tables["judged"].set_index("of")
    own = rows[rows.point == chosen].iloc[0]
    sure = rows[rows.candidate & (rows.gap_high < 0)]
    whole = late[late.index.str.startswith("all six")].iloc[0]
    said = [
        f"To 2015 the best of {int(rows.candidate.sum())} points is **{chosen}**: its score is"
        f" {own.gap:+.4f} ({own.gap_low:+.4f} to {own.gap_high:+.4f}) from today's.",
        f"{'No point is' if sure.empty else f'{len(sure)} are'} better than today's beyond the interval"
        " (of so many, chance alone makes one look so).",
        f"From 2016 to 2023 the chosen point's is {whole.gap:+.4f} ({whole.low:+.4f} to {whole.high:+.4f}):"
        f" **{verdict(whole.low, whole.high)}**.",
    ]
    return " ".join(said)


def verdict(low: float, high: float) -> str:
    """In words, of the interval of a difference in score."""
    if high < 0:
        return "it holds later"
    return "it is worse later" if low > 0 else "later the two cannot be told apart"


def early(rows: pd.DataFrame) -> str:
    """The search, best first."""
    lines = [
        {
            "point": row.point,
            "score": f"{row.criterion:.4f}",
            "gap": _interval(row.gap, row.gap_low, row.gap_high, 4),
            "density": _interval(row.density_gap, row.density_low, row.density_high, 4),
            "outside": f"{row.outside} of {row.statistics}",
            "coverage": f"{row.coverage_1d}, {row.coverage_10d} of {row.targets}",
        }
        for row in rows.sort_values("criterion").itertuples()
    ]
    return markdown(pd.DataFrame(lines))


def judged(rows: pd.DataFrame) -> str:
    """Both points side by side."""
    lines = [
        {
            "": row.of,
            NOW.name: f"{row.today:.4f}",
            "chosen": f"{row.chosen:.4f}",
            "difference": _interval(row.gap, row.low, row.high, 4),
            "coverage of 16": ""
            if pd.isna(row.coverage_today)
            else f"{row.coverage_today:.0f}, {row.coverage_chosen:.0f}",
            "beyond VaR, %": ""
            if pd.isna(row.rate_today)
            else f"{100 * row.rate_today:.2f}, {100 * row.rate_chosen:.2f}",
        }
        for row in rows.itertuples()
    ]
    return markdown(pd.DataFrame(lines))


def aims(rows: pd.DataFrame) -> str:
    """What is aimed at beside what both points give."""
    lines = [
        {
            "target": row.of,
            "aimed at": f"{row.low:g} to {row.high:g}",
            NOW.name: _mark(row.today, row.low, row.high),
            "chosen": _mark(row.chosen, row.low, row.high),
        }
        for row in rows.itertuples()
    ]
    return markdown(pd.DataFrame(lines))


def frontier(rows: pd.DataFrame) -> str:
    """The missed targets of every point."""
    heads = {name: text for name, text, *_ in AIMS if name != "outside"}
    lines = [
        {"point": row["point"]}
        | {heads[name]: "" if pd.isna(row[name]) else f"{row[name]:.3g}" for name in heads}
        | {"nu": "" if pd.isna(row["nu"]) else f"{row['nu']:.3g}"}
        for _, row in rows.iterrows()
    ]
    return markdown(pd.DataFrame(lines))


def _mark(value: float, low: float, high: float) -> str:
    return f"{value:.3g}" if low <= value <= high else f"{value:.3g} **missed**"


def _interval(middle: float, low: float, high: float, places: int) -> str:
    if pd.isna(middle):
        return ""
    if pd.isna(low):
        return f"{middle:+.{places}f}"
    return f"{middle:+.{places}f} ({low:+.{places}f} to {high:+.{places}f})"
