"""Which point the years to 2015 prefer. Nothing here has seen a later day."""

import pandas as pd

from .score import Scores, behind, criterion, likelier
from .variants import NOW, Variant, together

SLACK = 10
"""Statistics that a point may have outside beyond today's: few histories count with as much noise."""
SURE = 1.0
"""Standard errors by which a point must be ahead of today's to be put together with others."""


def table(scores: dict[Variant, Scores], pasts: dict[Variant, dict]) -> pd.DataFrame:
    """A row a point [point]: its six scores, the difference from today's, log likelihood, its histories."""
    now = scores[NOW]
    rows = []
    for one, own in scores.items():
        gap, height = behind(own, now), likelier(own, now)
        cells = {
            f"{h}d_{level}": value
            for h, part in ((1, own.one), (10, own.ten))
            for level, value in zip(("95", "97.5", "99"), part.mean(axis=0), strict=True)
        }
        rows.append(
            {
                "point": one.name,
                "of": one.of,
                "candidate": one is not NOW and not one.control,
                **cells,
                "criterion": criterion(own),
                "gap": gap.mean,
                "gap_low": gap.low,
                "gap_high": gap.high,
                "log_density": own.height.mean(),
                "density_gap": height.mean,
                "density_low": height.low,
                "density_high": height.high,
                "coverage_1d": int(own.passed[0].min()),
                "coverage_10d": int(own.passed[1].min()),
                "targets": own.targets,
                **pasts[one],
            }
        )
    return pd.DataFrame(rows)


def ahead(rows: pd.DataFrame) -> list[str]:
    """Of each constant the best point, where it is SURE errors ahead and its histories are no worse."""
    now = rows[rows.point == NOW.name].iloc[0]
    error = (rows.gap_high - rows.gap_low) / (2 * 1.96)
    sound = (rows.outside <= now.outside + SLACK) & (rows.gap < -SURE * error)
    best = rows[sound & rows.candidate].sort_values("criterion").drop_duplicates("of")
    return list(best.point)


def combined(rows: pd.DataFrame, points: dict[str, Variant]) -> Variant | None:
    """The points that are ahead, together; None where there are not two."""
    names = ahead(rows)
    return together(tuple(points[name] for name in names)) if len(names) > 1 else None


def chosen(rows: pd.DataFrame) -> str:
    """The point of the lowest criterion but today's, of those whose histories are no worse."""
    now = rows[rows.point == NOW.name].iloc[0]
    sound = rows[(rows.outside <= now.outside + SLACK) & rows.candidate & rows.gap_low.notna()]
    return str(sound.sort_values("criterion").point.iloc[0])


def preferred(rows: pd.DataFrame) -> dict[str, str]:
    """Of each constant the point with the lowest criterion, today's among them."""
    now = rows[rows.point == NOW.name].criterion.iloc[0]
    found = {}
    for of, own in rows[rows.candidate].groupby("of", sort=False):
        best = own.loc[own.criterion.idxmin()]
        found[str(of)] = str(best.point) if best.criterion < now else NOW.name
    return found
