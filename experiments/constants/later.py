"""2016 to 2023: today's point and the chosen one, and the targets of ordinary years that are still missed."""

from typing import Any

import pandas as pd

from .score import BLOCK, HORIZON, LEVELS, REACH, Difference, Scores, behind, between, criterion, likelier

AIMS = (
    ("z_5", "days in ten years with z of CSI 1000 less CSI 300 at or below -5", 2.5, 5.0),
    ("z_7", "at or below -7", 0.1, 0.8),
    ("falls_to_a_rise", "falls to a rise at 4", 2.0, 8.0),
    ("volatility", "volatility a year of CSI 1000 less CSI 300, median year, %", 14.0, 18.0),
    ("leverage_outside", "statistics of leverage outside (of 9; of 7 to 2015)", 0.0, 1.0),
    ("outside", "statistics outside, of 419", 0.0, 30.0),
)
"""Figure, what it is, and what is aimed at."""


def cells(scores: dict[str, Scores]) -> pd.DataFrame:
    """A row a horizon and level, the six together, log density: both points and their difference."""
    now, other = scores.values()
    rows = []
    for h, (days, mine, theirs) in enumerate(((1, now.one, other.one), (HORIZON, now.ten, other.ten))):
        reach = days + REACH if days == 1 else -(-(days + REACH) // now.every)
        for a, level in enumerate(LEVELS):
            gap = between(theirs[:, a], mine[:, a], reach)
            rows.append(
                {
                    **_row(
                        f"{days} d, {100 * float(level):g} %", mine[:, a].mean(), theirs[:, a].mean(), gap
                    ),
                    "coverage_today": int(now.passed[h, a]),
                    "coverage_chosen": int(other.passed[h, a]),
                    "rate_today": now.rate[h, a],
                    "rate_chosen": other.rate[h, a],
                }
            )
    rows.append(_row(f"all six, by {BLOCK} days", criterion(now), criterion(other), behind(other, now)))
    rows.append(_row("log density a day", now.height.mean(), other.height.mean(), likelier(other, now)))
    return pd.DataFrame(rows)


def _row(of: str, today: float, chosen: float, gap: Difference) -> dict[str, Any]:
    return {"of": of, "today": today, "chosen": chosen, "gap": gap.mean, "low": gap.low, "high": gap.high}


def targets(seen: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """A row a target [target]: what is aimed at, and what both points give, fitted to all days."""
    now, other = seen.values()
    return pd.DataFrame(
        [
            {"figure": name, "of": text, "low": low, "high": high, "today": now[name], "chosen": other[name]}
            for name, text, low, high in AIMS
        ]
    )
